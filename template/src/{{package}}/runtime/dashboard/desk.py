"""What each page of the dashboard shows, and what its buttons do."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from starlette.exceptions import HTTPException

from ..cron import next_tick
from ..env import Services
from ..job import FINAL, Job, State, split_id
from ..operating import act_on_all, visible_params, workers
from ..queue.overview import Action, Filter
from ..web.pages import Pages
from . import words
from .charts import MINUTES, charts

T = TypeVar("T")

BASE = "/_jobs"
PAGE = 50
"""Jobs of one page."""

ALL_WITHIN = 2.0
"""Seconds for which one button works through a list; then it says that there are more."""

SHARE = 50
"""A figure that took a while is shown again for this many times as long, so that an open page takes
little of the machine from the jobs."""

NAMES = {
    Action.RETRY: ("Retry", "made ready again"),
    Action.CANCEL: ("Cancel", "cancelled or asked to stop"),
    Action.DISCARD: ("Discard", "discarded"),
    Action.RUN: ("Run now", "made ready"),
}
ACTIONS = {
    State.SCHEDULED: (Action.RUN, Action.CANCEL),
    State.READY: (Action.CANCEL,),
    State.RUNNING: (Action.CANCEL,),
    State.COMPLETED: (Action.DISCARD,),
    State.FAILED: (Action.RETRY, Action.DISCARD),
    State.CANCELLED: (Action.RETRY, Action.DISCARD),
}
TABS = (
    (BASE, "Overview"),
    *((f"{BASE}/list/{state}", state.capitalize()) for state in State),
    (f"{BASE}/recurring", "Recurring"),
    (f"{BASE}/workers", "Workers"),
)


class Recurring(msgspec.Struct, frozen=True):
    """A line of the table of recurring jobs."""

    name: str
    cron: str
    zone: str
    last: float | None
    next: float | None


class Redirect(Exception):  # noqa: N818 - it is an answer
    """The answer is another page."""


class Desk:
    """Renders the pages, and acts. Its methods are called in threads."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._queue = services.jobs.queue
        self._pages = pages
        self._kept: dict[str, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def overview(self, query: dict[str, str]) -> str:
        """Return the first page: counts, charts, queues."""
        minute = int(self._services.clock() // 60)
        counts = self._keep("counts", self._queue.counts)
        tallies = self._keep("tallies", partial(self._queue.tallies, minute - MINUTES))
        return self._render(
            "overview.html",
            query,
            counts=list(counts.items()),
            charts=charts(tallies, minute),
            depths=self._depths(),
            removed=self._queue.removed(),
            queue_path=lambda name: f"{BASE}/queues/{quote(name, safe='')}",
        )

    def list_(self, query: dict[str, str], state: str) -> str:
        """Return a page of the jobs in one state."""
        wanted = _filter(query, state)
        if (text := wanted.name.strip()) and split_id(text):
            raise Redirect(f"{BASE}/job/{text}")
        page = self._queue.page(wanted, after=query.get("after"), limit=PAGE)
        search = _search(wanted)
        rest = {**search, "after": page.after} if page.after else None
        here = f"{BASE}/list/{state}"
        column, told = _COLUMNS[State(state)]
        return self._render(
            "list.html",
            query,
            here=here,
            state=state,
            wanted=wanted,
            page=page,
            query=_encoded(search),
            first="after" in query,
            next=here + _encoded(rest) if rest else None,
            bulk=[(action, NAMES[action][0]) for action in ACTIONS[State(state)]],
            when=column,
            told=told,
            moment=lambda job: _moment(job, State(state)),
            back=_encoded(search | ({"after": query["after"]} if "after" in query else {})),
        )

    def job(self, query: dict[str, str], job_id: str) -> str:
        """Return the page of one job."""
        job = self._job(job_id)
        owner = next((each for each in self._queue.peers() if each.id == job.claimed_by), None)
        return self._render(
            "job.html",
            query,
            here=_path(job),
            job=job,
            params=visible_params(job),
            worker=owner and f"process {owner.pid} on {owner.host}",
        )

    def recurring(self, query: dict[str, str]) -> str:
        """Return the table of recurring jobs."""
        ticks, now = self._queue.ticks(), self._services.clock()
        lines = []
        for each in self._services.jobs:
            if (cron := each.options.cron) is not None:
                zone = each.options.timezone
                noted, last = ticks.get(each.name, ("", None))
                due = next_tick(cron, zone, now)
                known = last if noted == f"{cron} {zone}" else None
                lines.append(Recurring(each.name, cron, zone, known, due))
        here = f"{BASE}/recurring"
        return self._render("recurring.html", query, here=here, recurring=lines)

    def workers(self, query: dict[str, str]) -> str:
        """Return the page of worker processes and what each is doing."""
        return self._render(
            "workers.html", query, here=f"{BASE}/workers", workers=workers(self._queue)
        )

    def act(self, job_id: str, action: str) -> dict[str, object]:
        """Do this to one job; return what the next page is to tell."""
        job = self._job(job_id)
        return {"did": action, "count": self._queue.act(_action(action), [job.id])}

    def act_on_all(self, query: dict[str, str], state: str, action: str) -> dict[str, object]:
        """Do this to all jobs of a list; return what the next page is to tell."""
        wanted, chosen = _filter(query, state), _action(action)
        if chosen not in ACTIONS[State(state)]:
            raise HTTPException(404)
        count, reached = act_on_all(self._queue, chosen, wanted, seconds=ALL_WITHIN)
        return {"did": action, "count": count, "more": int(not reached)}

    def pause(self, queue: str, verb: str) -> dict[str, object]:
        """Pause or resume a queue."""
        if verb not in {"pause", "resume"}:
            raise HTTPException(404)
        (self._queue.pause if verb == "pause" else self._queue.resume)(queue)
        return {"did": verb}

    def run_recurring(self, name: str) -> str:
        """Schedule a recurring job now; return the path of the new job's page."""
        if name not in self._services.jobs:
            raise HTTPException(404)
        return f"{BASE}/job/{self._services.job(name).schedule()}"

    def _depths(self) -> list[Any]:
        known = {each.queue: each for each in self._keep("depths", self._queue.depths)}
        return [known[queue] for queue in sorted(known)]

    def _job(self, job_id: str) -> Job:
        if (job := self._queue.get(job_id)) is None:
            raise HTTPException(404, "There is no such job (any more).")
        return job

    def _render(self, template: str, asked: dict[str, str], **data: object) -> str:
        here = data.setdefault("here", BASE)
        back = data.pop("back", "")
        return self._pages.render(
            template,
            base=BASE,
            tabs=TABS,
            words=words,
            now=self._services.clock(),
            message=_message(asked),
            here_now=f"{here}{back}",
            job_path=_path,
            actions_of=lambda job: [(each, NAMES[each][0]) for each in ACTIONS[job.state]],
            **data,
        )

    def _keep(self, name: str, look: Callable[[], T]) -> T:
        """Return what `look` does, or did a moment ago."""
        with self._lock:
            good_until, value = self._kept.get(name, (0.0, None))
            began = time.monotonic()
            if began >= good_until:
                value = look()
                ended = time.monotonic()
                self._kept[name] = (ended + SHARE * (ended - began), value)
            kept: T = value
            return kept


_COLUMNS = {
    State.SCHEDULED: ("Due", "Last error"),
    State.READY: ("Due", "Last error"),
    State.RUNNING: ("Started", "Progress"),
    State.COMPLETED: ("Ended", "Took"),
    State.FAILED: ("Ended", "Error"),
    State.CANCELLED: ("Ended", "Reason"),
}


def _moment(job: Job, state: State) -> float | None:
    if state in FINAL:
        return job.finished_at
    return job.started_at if state is State.RUNNING else job.run_at


def _filter(query: dict[str, str], state: str) -> Filter:
    if state not in list(State):
        raise HTTPException(404)
    texts = {key: query.get(key, "").strip() for key in ("name", "error", "queue")}
    return Filter(state=State(state), **texts)


def _search(wanted: Filter) -> dict[str, str]:
    texts = {"name": wanted.name, "error": wanted.error, "queue": wanted.queue}
    return {key: text for key, text in texts.items() if text}


def _encoded(query: dict[str, str]) -> str:
    return f"?{urlencode(query)}" if query else ""


def _path(job: Job) -> str:
    return f"{BASE}/job/{job.id}"


def _action(word: str) -> Action:
    try:
        return Action(word)
    except ValueError:
        raise HTTPException(404) from None


def _message(query: dict[str, str]) -> str:
    """Return what was done, told by the words that a redirect has: no other text gets in here."""
    did, count = query.get("did", ""), query.get("count", "")
    if did in {"pause", "resume"}:
        return f"The queue was {did}d."
    if did not in list(Action) or not (count.isdecimal() and len(count) < 12):
        return ""
    if count == "0":
        return "Nothing was changed: it was too late for that."
    jobs = "1 job was" if count == "1" else f"{words.number(int(count))} jobs were"
    more = " There are more: do it again." if query.get("more") == "1" else ""
    return f"{jobs} {NAMES[Action(did)][1]}.{more}"
