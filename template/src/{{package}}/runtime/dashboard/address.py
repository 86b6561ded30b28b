"""The dashboard's addresses: where a page is, and what a list is searched for."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException

from ..job import Job, State
from ..queue.overview import Filter

BASE = "/_jobs"
ALL = "all"
"""In place of a state: the list of the jobs in all of them."""

Query = Mapping[str, str]
"""What stands behind the `?` of an address."""


def list_path(state: str) -> str:
    """Return the path of a list."""
    return f"{BASE}/list/{state}"


def job_path(job: Job) -> str:
    """Return the path of a job's page."""
    return f"{BASE}/job/{job.id}"


def queue_path(queue: str) -> str:
    """Return the path of a queue's buttons."""
    return f"{BASE}/queues/{quote(queue, safe='')}"


def read_search(query: Query, state: str) -> Filter:
    """Return which jobs a list's address means. Raises HTTPException 404 if there is no such."""
    if state not in {ALL, *State}:
        raise HTTPException(404)
    texts = {key: query.get(key, "").strip() for key in ("name", "error", "queue")}
    return Filter(state=None if state == ALL else State(state), **texts)


def write_search(wanted: Filter, after: str | None = None) -> str:
    """Return the query of a list's address, from behind `after` if it is given."""
    texts = {"name": wanted.name, "error": wanted.error, "queue": wanted.queue, "after": after}
    query = urlencode({key: text for key, text in texts.items() if text})
    return f"?{query}" if query else ""
