"""What one transaction does to the queue's rows. Each function is called within one."""

import secrets
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from .. import payload
from ..job import Enqueued, Finished, Job, NewJob, State, job_id
from . import statements as sql
from .protocol import ANY_QUEUE

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_STATE = Job.__struct_fields__.index("state")
_CANCEL_ASKED = Job.__struct_fields__.index("cancel_asked")


def insert(db: sqlite3.Connection, job: NewJob, now: float) -> Enqueued:
    """Add a job, unless its key is live; return its id or that of the live one."""
    token = "".join(_LETTERS[byte % 32] for byte in secrets.token_bytes(10))
    run_at = now + job.delay
    state = State.SCHEDULED if job.delay > 0 else State.READY
    row = (
        *(token, job.name, job.queue, job.priority, job.payload, payload.VERSION, state, run_at),
        *(job.max_attempts, job.unique_key, job.limit_key, job.limit_size, job.request_id, now),
    )
    inserted = db.execute(sql.INSERT, row).fetchone()
    if inserted is not None:
        return Enqueued(job_id(inserted[0], token), new=True)
    return Enqueued(job_id(*db.execute(sql.HOLDER_OF_KEY, (job.unique_key,)).fetchone()), new=False)


def finish(db: sqlite3.Connection, finished: Sequence[Finished], now: float) -> list[str]:
    """Write outcomes; return the ids of the jobs that had been taken away."""
    if not finished:
        return []
    rows = [
        (
            *(job.number, job.claim, end.state, end.error, end.run_at, int(end.keep_attempt)),
            *(job.token, job.claimed_by),
        )
        for job, end in ((each.job, each.outcome) for each in finished)
    ]
    written = db.execute(sql.FINISH, (now, msgspec.json.encode(rows).decode()))
    numbers = {number for (number,) in written}
    return [each.job.id for each in finished if each.job.number not in numbers]


def claim(db: sqlite3.Connection, process: str, wanted: Mapping[str, int], now: float) -> list[Job]:
    """Claim the first jobs of each queue, and return them in the order to start them."""
    if not any(wanted.values()):
        return []
    first: dict[str, list[tuple[int, int]]] = {}
    for (queue,) in db.execute(sql.READY_QUEUES).fetchall():
        share = queue if queue in wanted else ANY_QUEUE
        if count := wanted.get(share, 0):
            first.setdefault(share, []).extend(db.execute(sql.FIRST_READY, (queue, count)))
    chosen = sorted(
        each for share, found in first.items() for each in sorted(found)[: wanted[share]]
    )
    if not chosen:
        return []
    return take(db, process, [number for _, number in chosen], now)


def take(db: sqlite3.Connection, process: str, numbers: list[int], now: float) -> list[Job]:
    """Claim the jobs with these numbers, and return them in the order to start them."""
    wanted = msgspec.json.encode(numbers).decode()
    rows = db.execute(sql.CLAIM, (process, now, wanted)).fetchall()
    # RETURNING gives the rows in no order.
    return sorted(map(job_of, rows), key=lambda job: (-job.priority, job.number))


def give_back_all_but(
    db: sqlite3.Connection, process: str, held: Collection[tuple[int, int]], now: float
) -> None:
    """Make ready, unspent, what the process has claimed and does not hold."""
    db.execute(sql.GIVE_BACK_ALL_BUT, (now, process, msgspec.json.encode(list(held)).decode()))


def job_of(row: Sequence[Any]) -> Job:
    """Return a row of the table as a job."""
    values = list(row)
    values[_STATE] = State(values[_STATE])
    values[_CANCEL_ASKED] = bool(values[_CANCEL_ASKED])
    return Job(*values)
