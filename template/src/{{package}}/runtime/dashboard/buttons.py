"""What the buttons of the dashboard do, and how the next page tells of it."""

from starlette.exceptions import HTTPException

from ..env import Services
from ..job import State
from ..operating import DEEDS, act_on_all
from ..queue.overview import Action
from . import words
from .address import BASE, Query, read_search

ALL_WITHIN = 2.0
"""Seconds for which one button works through a list; then it says that there are more."""


def buttons(state: State | None) -> list[tuple[Action, str]]:
    """Return the actions for jobs in this state, with the words on their buttons."""
    return [(action, deed.button) for action, deed in DEEDS.items() if state in deed.states]


class Buttons:
    """Acts, and returns what the next page is to tell, or its path. It is called in threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._queue = services.jobs.queue

    def act(self, _: Query, job_id: str, action: str) -> dict[str, object]:
        """Do this to one job."""
        chosen = _action(action)
        if self._queue.get(job_id) is None:
            raise HTTPException(404, "There is no such job (any more).")
        return {"did": action, "count": self._queue.act(chosen, [job_id])}

    def act_on_all(self, query: Query, state: str, action: str) -> dict[str, object]:
        """Do this to all jobs of a list."""
        wanted, chosen = read_search(query, state), _action(action)
        if wanted.state not in DEEDS[chosen].states:
            raise HTTPException(404)
        count, reached = act_on_all(self._queue, chosen, wanted, seconds=ALL_WITHIN)
        return {"did": action, "count": count, "more": int(not reached)}

    def pause(self, _: Query, queue: str, verb: str) -> dict[str, object]:
        """Pause or resume a queue."""
        if verb not in {"pause", "resume"}:
            raise HTTPException(404)
        (self._queue.pause if verb == "pause" else self._queue.resume)(queue)
        return {"did": verb}

    def run_recurring(self, query: Query) -> str:
        """Schedule a recurring job now; return the path of the new job's page."""
        name = query.get("name", "")
        if name not in self._services.jobs:
            raise HTTPException(404)
        return f"{BASE}/job/{self._services.job(name).schedule()}"


def _action(word: str) -> Action:
    try:
        return Action(word)
    except ValueError:
        raise HTTPException(404) from None


def message(query: Query) -> str:
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
    done = DEEDS[Action(did)].done + (" or asked to stop" if did == Action.CANCEL else "")
    return f"{jobs} {done}.{more}"
