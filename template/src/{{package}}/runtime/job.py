"""What a job is: its record in the queue, and the outcome of one run.

Words only: nothing here reads a clock, a file or a queue. The states and the moves between
them are drawn in docs/state-machine.md of the template.
"""

import re
from enum import StrEnum
from typing import Any

import msgspec

from . import payload


class State(StrEnum):
    """Where a job is. The last three are final, until somebody retries the job by hand."""

    SCHEDULED = "scheduled"
    """Waits for its time: a delay, or the backoff before the next attempt."""
    READY = "ready"
    """May be claimed now."""
    RUNNING = "running"
    """Claimed by a worker process."""
    COMPLETED = "completed"
    FAILED = "failed"
    """Spent its attempts, or could not be run at all: the dead letters."""
    CANCELLED = "cancelled"

    # An enum's own is a function in Python, and runs are counted by it.
    __hash__ = str.__hash__


FINAL = (State.COMPLETED, State.FAILED, State.CANCELLED)
"""The states in which a job stays, until it is retried by hand or removed."""

LIVE = (State.SCHEDULED, State.READY, State.RUNNING)
"""The states in which a job still has work to do; a unique key holds through these."""


class NewJob(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What `schedule()` hands to a queue; everything in it has been checked."""

    name: str
    payload: str
    """The params, encoded by payload.py in version payload.VERSION."""
    queue: str = "default"
    priority: int = 0
    delay: float = 0.0
    """Seconds, counted by the queue's clock from the moment the job is kept."""
    run_at: float | None = None
    """UTC seconds at which it becomes ready, if there is no delay."""
    max_attempts: int = 8
    unique_key: str | None = None
    limit_key: str | None = None
    limit_size: int | None = None
    """How many jobs of `limit_key` run at once."""
    request_id: str | None = None


class Enqueued(msgspec.Struct, frozen=True, gc=False):
    """What a queue answers: the job's id, and whether it is new or an earlier one with its key."""

    id: str
    new: bool


class Job(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One job as the queue keeps it, in the order of the columns of queue/schema_1.sql."""

    number: int
    token: str
    name: str
    queue: str
    priority: int
    payload: str
    payload_version: int
    state: State
    run_at: float
    attempt: int
    """Attempts begun. At shutdown a job is given back, and its attempt with it."""
    max_attempts: int
    claim: int
    """Counts every claim and never goes back: the fence against a worker declared dead."""
    claimed_by: str | None
    unique_key: str | None
    limit_key: str | None
    limit_size: int | None
    progress: float | None
    """0 to 1, as the job told it."""
    progress_note: str | None
    cancel_asked: bool
    error: str | None
    """Why the last attempt did not complete: one line, then the traceback if there is one."""
    request_id: str | None
    """The web request that scheduled it, for the log."""
    created_at: float
    started_at: float | None
    finished_at: float | None

    @property
    def id(self) -> str:
        """The job's public id. Opaque: keep it, compare it, look a job up by it."""
        return job_id(self.number, self.token)

    @property
    def finished(self) -> bool:
        """Whether the job is in a final state."""
        return self.state not in LIVE

    @property
    def params(self) -> dict[str, Any]:
        """The params as they were scheduled. Raises InvalidParamsError if undecodable."""
        return payload.decode(self.payload, self.payload_version)


def job_id(number: int, token: str) -> str:
    """Return the public id: the row's number, to find it, and a random word, to not be guessed."""
    return f"{number}-{token}"


def split_id(public_id: str) -> tuple[int, str] | None:
    """Return the number and the token of a public id, or None if it cannot be one."""
    match = re.fullmatch(r"([0-9]{1,18})-([a-z0-9]{4,32})", public_id)
    return (int(match[1]), match[2]) if match else None


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """How one run ended, and so what the queue writes. Only the executor makes one."""

    state: State
    """COMPLETED, FAILED, CANCELLED; SCHEDULED for a retry; READY for a job given back unrun."""
    error: str | None = None
    run_at: float | None = None
    """UTC seconds of the next attempt, for a retry."""
    keep_attempt: bool = False
    """Give the attempt back: the job was not at fault."""


Progress = tuple[Job, float, str | None]
"""What a run tells of itself: its job, how far it is from 0 to 1, and a word on it."""


class Finished(msgspec.Struct, frozen=True):
    """A claimed job with its outcome: one line of what a worker writes back."""

    job: Job
    outcome: Outcome
