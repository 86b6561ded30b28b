"""What each page of the dashboard shows."""

from functools import partial

from starlette.exceptions import HTTPException

from ..env import Services
from ..job import FINAL, Job, State, split_id
from ..operating import recurring, visible_params, workers
from ..queue.overview import MINUTES_KEPT
from ..web.pages import Pages
from . import words
from .address import ALL, BASE, Query, job_path, list_path, queue_path, read_search, write_search
from .buttons import buttons, message
from .charts import charts
from .figures import Figures

PAGE = 50
"""Jobs of one page."""

TABS = (
    (BASE, "Overview"),
    (list_path(ALL), "Jobs"),
    (f"{BASE}/recurring", "Recurring"),
    (f"{BASE}/workers", "Workers"),
)
COLUMNS = {
    None: ("Created", "Notes"),
    State.SCHEDULED: ("Due", "Last error"),
    State.READY: ("Due", "Last error"),
    State.RUNNING: ("Started", "Progress"),
    State.COMPLETED: ("Ended", "Run time"),
    State.FAILED: ("Ended", "Error"),
    State.CANCELLED: ("Ended", "Reason"),
}
"""What the columns of a list are called that tell of a moment and of how it went."""


class Redirect(Exception):  # noqa: N818 - it is an answer
    """The answer is another page."""


class Desk:
    """Renders the pages. Its methods are called in threads."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self._services = services
        self._queue = services.jobs.queue
        self._pages = pages
        self._figures = Figures()

    def overview(self, query: Query) -> str:
        """Return the first page: counts, charts, queues."""
        minute = int(self._services.clock() // 60)
        since = minute - MINUTES_KEPT + 1
        minutes = self._figures.get("minutes", partial(self._queue.minutes, since))
        overview = self._figures.get("overview", self._queue.overview)
        return self._render(
            "overview.html",
            query,
            tab="Overview",
            counts=list(overview.counts.items()),
            charts=charts(minutes, minute),
            depths=overview.depths,
            removed=self._queue.removed(),
            queue_path=queue_path,
        )

    def list_(self, query: Query, state: str) -> str:
        """Return a page of the jobs in one state, or in all."""
        wanted = read_search(query, state)
        if split_id(wanted.name):
            raise Redirect(f"{BASE}/job/{wanted.name}")
        after = query.get("after")
        page = self._queue.page(wanted, after=after, limit=PAGE)
        here = list_path(state)
        when, told = COLUMNS[wanted.state]
        return self._render(
            "list.html",
            query,
            tab="Jobs",
            here=here,
            back=write_search(wanted, after),
            lists=[(ALL, None), *self._figures.get("counts", self._queue.counts).items()],
            state=state,
            wanted=wanted,
            page=page,
            query=write_search(wanted),
            first=after is not None,
            next=here + write_search(wanted, page.after) if page.after else None,
            bulk=buttons(wanted.state),
            when=when,
            told=told,
            moment=partial(_moment, wanted.state),
        )

    def job(self, query: Query, job_id: str) -> str:
        """Return the page of one job."""
        if (job := self._queue.get(job_id)) is None:
            raise HTTPException(404, "There is no such job (any more).")
        owner = next((each for each in self._queue.peers() if each.id == job.claimed_by), None)
        return self._render(
            "job.html",
            query,
            tab="Jobs",
            here=job_path(job),
            job=job,
            params=visible_params(job),
            worker=owner and f"process {owner.pid} on {owner.host}",
        )

    def recurring(self, query: Query) -> str:
        """Return the table of recurring jobs."""
        here, found = f"{BASE}/recurring", recurring(self._services.jobs, self._services.clock())
        return self._render("recurring.html", query, tab="Recurring", here=here, recurring=found)

    def workers(self, query: Query) -> str:
        """Return the page of worker processes and what each is doing."""
        here, found = f"{BASE}/workers", workers(self._queue)
        return self._render("workers.html", query, tab="Workers", here=here, workers=found)

    def _render(
        self,
        template: str,
        asked: Query,
        *,
        tab: str,
        here: str = BASE,
        back: str = "",
        **data: object,
    ) -> str:
        return self._pages.render(
            template,
            base=BASE,
            tabs=TABS,
            tab=tab,
            here=here,
            here_now=f"{here}{back}",
            words=words,
            now=self._services.clock(),
            message=message(asked),
            job_path=job_path,
            actions_of=lambda job: buttons(job.state),
            **data,
        )


def _moment(state: State | None, job: Job) -> float | None:
    if state is None:
        return job.created_at
    if state in FINAL:
        return job.finished_at
    return job.started_at if state is State.RUNNING else job.run_at
