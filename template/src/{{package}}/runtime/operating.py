"""What the dashboard and the commands do with jobs, so that both do it alike."""

import json
import math
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from .cron import next_tick
from .errors import InvalidParamsError
from .job import FINAL, Job, State
from .jobs import Jobs
from .queue.overview import Action, Filter
from .queue.protocol import Inspector, Peer
from .settings import sounds_secret

AT_ONCE = 500
"""Jobs of one transaction: some milliseconds, for which others wait."""

MOST_RUNNING = 1000
"""Running jobs that are told of."""

HIDDEN = "(hidden)"


class Deed(NamedTuple):
    """What an action is called, what it has done, and for jobs in which states it is."""

    button: str
    done: str
    states: tuple[State, ...]


DEEDS = {
    Action.RUN: Deed("Run now", "made ready", (State.SCHEDULED,)),
    Action.RETRY: Deed("Retry", "retried", (State.FAILED, State.CANCELLED)),
    Action.CANCEL: Deed("Cancel", "cancelled", (State.SCHEDULED, State.READY, State.RUNNING)),
    Action.DISCARD: Deed("Discard", "discarded", FINAL),
}


class Worker(msgspec.Struct, frozen=True):
    """A worker process, and what it is doing; one without threads runs one job by hand."""

    peer: Peer
    jobs: list[Job]
    """The first begun first; those beyond the threads are claimed, and start in a moment."""

    @property
    def busy(self) -> int:
        """How many threads have a job."""
        return min(len(self.jobs), self.peer.threads or 1)

    @property
    def idle(self) -> int:
        """How many threads have none."""
        return max(self.peer.threads - self.busy, 0)

    @property
    def ahead(self) -> int:
        """How many jobs are claimed beyond those."""
        return len(self.jobs) - self.busy


def living(queue: Inspector) -> list[Peer]:
    """Return the worker processes, without those that died and that no other has missed yet."""
    return [peer for peer in queue.peers() if not queue.gone(peer)]


def workers(queue: Inspector) -> list[Worker]:
    """Return the living ones with the jobs that each has claimed, the first begun first."""
    running = queue.page(Filter(state=State.RUNNING), limit=MOST_RUNNING).jobs
    return [
        Worker(peer, [job for job in reversed(running) if job.claimed_by == peer.id])
        for peer in living(queue)
    ]


def is_worked(queue: Inspector) -> bool:
    """Whether a process is alive that takes jobs from the queue."""
    return any(peer.threads for peer in living(queue))


def why_it_waits(queue: Inspector, job: Job) -> str:
    """Return what keeps a job from going on, as far as that is seen from outside; else ""."""
    if job.state is State.READY and job.queue in queue.paused():
        return f"the queue {job.queue} is paused"
    if job.state in (State.READY, State.SCHEDULED) and not is_worked(queue):
        return "no worker is running"
    if job.state is State.RUNNING and all(peer.id != job.claimed_by for peer in living(queue)):
        return "its worker has died: the next one that is there takes it back"
    return ""


class Recurring(msgspec.Struct, frozen=True):
    """A job that is scheduled by its cron."""

    name: str
    cron: str
    timezone: str
    last: float | None
    """UTC seconds at which it was last scheduled; None if it was not, with these times."""
    next: float
    """UTC seconds at which it will be."""


def recurring(jobs: Jobs, now: float) -> list[Recurring]:
    """Return the jobs that have a cron, in the order of their names."""
    ticks = {(each.name, each.schedule): each for each in jobs.queue.ticks()}
    found = []
    for each in jobs:
        if (cron := each.options.cron) is not None:
            zone = each.options.timezone
            tick = ticks.get((each.name, f"{cron} {zone}"))
            last = tick.last_run if tick and tick.last_run > tick.begun_at else None
            # One may have come since.
            following = next_tick(cron, zone, max(now, last or 0.0))
            found.append(Recurring(each.name, cron, zone, last, following))
    return found


def act_on_all(
    queue: Inspector, action: Action, wanted: Filter, *, seconds: float = math.inf
) -> tuple[int, bool]:
    """Do this to all jobs that are meant, and were there when it began.

    Returns to how many it was done, and whether all were reached within `seconds`.
    """
    began, deadline = time.time(), time.monotonic() + seconds
    count, after = 0, None
    while True:
        page = queue.page(wanted, after=after, limit=AT_ONCE)
        ids = [job.id for job in page.jobs if job.created_at <= began]
        count += queue.act(action, ids)
        if page.after is None or (page.jobs and not ids):
            return count, True
        if time.monotonic() > deadline:
            return count, False
        after = page.after


def describe_job(job: Job) -> dict[str, Any]:
    """Return a job for scripts, in JSON's kinds: times in ISO 8601, what sounds secret hidden."""
    facts: dict[str, Any] = {name: getattr(job, name) for name in _FACTS}
    times = {name: to_iso(getattr(job, name)) for name in _TIMES}
    try:
        params: object = _masked(job.params)
    except InvalidParamsError:
        params = None
    return {"id": job.id, **facts, **times, "params": json.loads(json.dumps(params, default=str))}


_FACTS = (
    *("name", "queue", "priority", "state", "attempt", "max_attempts", "progress"),
    *("progress_note", "cancel_asked", "unique_key", "limit_key", "request_id", "error"),
)
_TIMES = ("created_at", "run_at", "started_at", "finished_at")


def to_iso(moment: float | None) -> str | None:
    """Return UTC seconds as ISO 8601, to the millisecond."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def visible_params(job: Job) -> str:
    """Return the params as JSON on several lines, with the values of what sounds secret hidden."""
    try:
        params: object = job.params
    except InvalidParamsError as error:
        return f"cannot be read: {error}"
    return json.dumps(_masked(params), indent=2, ensure_ascii=False, default=str)


def _masked(value: object) -> object:
    match value:
        case dict():
            return {
                key: HIDDEN if sounds_secret(str(key)) else _masked(each)
                for key, each in value.items()
            }
        case list():
            return [_masked(each) for each in value]
        case _:
            return value
