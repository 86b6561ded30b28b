"""What one transaction does to the queue's rows. Each function is called within one."""

import itertools
import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from .. import payload
from ..job import Enqueued, Finished, Job, NewJob, Progress, State, job_id
from . import statements as sql
from .overview import Action
from .protocol import ANY_QUEUE

_LETTERS = b"0123456789abcdefghjkmnpqrstvwxyz" * 8
_TOKEN = 10
_STATE = Job.__struct_fields__.index("state")
_CANCEL_ASKED = Job.__struct_fields__.index("cancel_asked")


def insert(db: sqlite3.Connection, jobs: Sequence[NewJob], now: float) -> list[Enqueued]:
    """Add jobs, unless their keys are live; return each one's id, or that of the live one."""
    answers: list[Enqueued] = []
    # Of many jobs, as a rule, only the payloads differ: so the rest is told once.
    for _, group in itertools.groupby(jobs, _all_but_payload):
        alike = list(group)
        tokens = _tokens(len(alike))
        pairs = [(token, job.payload) for token, job in zip(tokens, alike, strict=True)]
        made = db.execute(sql.INSERT, (*_shared(alike[0], now), _json(pairs)))
        numbers = dict(made.fetchall())
        for token in tokens:
            if (number := numbers.get(token)) is not None:
                answers.append(Enqueued(job_id(number, token), new=True))
            else:
                holder = db.execute(sql.HOLDER_OF_KEY, (alike[0].unique_key,)).fetchone()
                answers.append(Enqueued(job_id(*holder), new=False))
    settle_limits(db, {job.limit_key for job in jobs})
    return answers


def insert_one(db: sqlite3.Connection, new: NewJob, now: float) -> Enqueued:
    """Do the same for one job, in words that SQLite alone knows."""
    (token,) = _tokens(1)
    made = db.execute(sql.INSERT_ALONE, (*_shared(new, now), token, new.payload))
    if not made.rowcount:
        holder = db.execute(sql.HOLDER_OF_KEY, (new.unique_key,)).fetchone()
        return Enqueued(job_id(*holder), new=False)
    if new.limit_key is not None:
        settle_limits(db, {new.limit_key})
    return Enqueued(f"{made.lastrowid}-{token}", new=True)


_all_but_payload = attrgetter(*(each for each in NewJob.__struct_fields__ if each != "payload"))


def _due(job: NewJob, now: float) -> float:
    # A time in the past is now: since then it has waited for nobody.
    return now + job.delay if job.run_at is None else max(job.run_at, now)


def _shared(job: NewJob, now: float) -> tuple[Any, ...]:
    run_at = _due(job, now)
    state = State.SCHEDULED if run_at > now else State.READY
    held = int(job.limit_key is not None and state is State.READY)
    return (
        *(job.name, job.queue, job.priority, payload.VERSION, state.value, run_at),
        *(job.max_attempts, job.unique_key, job.limit_key, job.limit_size, job.request_id),
        *(now, held),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _tokens(count: int) -> list[str]:
    text = os.urandom(_TOKEN * count).translate(_LETTERS).decode()
    return [text[start : start + _TOKEN] for start in range(0, len(text), _TOKEN)]


def insert_running(
    db: sqlite3.Connection, new: NewJob, process: str, now: float, statement: str
) -> Job | None:
    """Add a job that the process has claimed from the start; None if it has to wait its turn."""
    run_at = _due(new, now)
    if run_at > now or new.limit_key is not None:
        return None
    job = Job(
        number=0,
        token=_tokens(1)[0],
        name=new.name,
        queue=new.queue,
        priority=new.priority,
        payload=new.payload,
        payload_version=payload.VERSION,
        state=State.RUNNING,
        run_at=run_at,
        attempt=1,
        max_attempts=new.max_attempts,
        claim=1,
        claimed_by=process,
        unique_key=new.unique_key,
        limit_key=None,
        limit_size=None,
        progress=None,
        progress_note=None,
        cancel_asked=False,
        error=None,
        request_id=new.request_id,
        created_at=now,
        started_at=now,
        finished_at=None,
    )
    values = msgspec.structs.astuple(job)[1:]
    done = db.execute(statement, (*values, process, job.queue, job.queue))
    return msgspec.structs.replace(job, number=done.lastrowid) if done.rowcount else None


def settle_limits(db: sqlite3.Connection, keys: Iterable[str | None]) -> None:
    """Let go the ready jobs of these limit keys that may run now."""
    for key in sorted({key for key in keys if key is not None}):
        db.execute(sql.STAND_BACK, {"key": key})
        db.execute(sql.LET_GO, {"key": key})


def make_way(db: sqlite3.Connection, job: NewJob) -> bool:
    """Let a job that is to run at once take the place of one that has not begun; False if full."""
    if job.limit_key is None or job.limit_size is None:
        return True
    (running,) = db.execute(sql.RUNNING_OF_LIMIT, {"key": job.limit_key}).fetchone()
    if running >= job.limit_size:
        return False
    db.execute(sql.MAKE_WAY, {"key": job.limit_key})
    return True


def change(db: sqlite3.Connection, statement: str, parameters: Sequence[object]) -> int:
    """Run a statement that returns the limit key of each job it moved; return how many it moved."""
    moved = db.execute(statement, parameters).fetchall()
    settle_limits(db, (key for (key,) in moved))
    return len(moved)


def act(db: sqlite3.Connection, action: Action, key: tuple[int, str], now: float) -> int:
    """Do this to the job of this number and token; return 1, or 0 if it cannot be done."""
    match action:
        case Action.RETRY:
            return change(db, sql.RETRY, (now, *key))
        case Action.RUN:
            return change(db, sql.RUN_NOW, (now, *key))
        case Action.CANCEL:
            waiting = change(db, sql.CANCEL_WAITING, (now, *key))
            return waiting or db.execute(sql.CANCEL_RUNNING, key).rowcount
        case Action.DISCARD:
            if discarded := db.execute(sql.DISCARD, key).rowcount:
                db.execute(sql.COUNT_REMOVED, ("discarded", discarded))
            return discarded


def report(db: sqlite3.Connection, progress: Sequence[Progress]) -> None:
    """Write how far running jobs have come."""
    if progress:
        made = [(done, note, job.number, job.claim) for job, done, note in progress]
        db.executemany(sql.REPORT, made)


def finish(db: sqlite3.Connection, finished: Sequence[Finished], now: float) -> list[str]:
    """Write outcomes; return the ids of the jobs that had been taken away."""
    if not finished:
        return []
    completed = {
        (job := each.job).number: f"{job.claim} {job.token} {job.claimed_by}"
        for each in finished
        if each.outcome.state is State.COMPLETED
    }
    others = [each for each in finished if each.outcome.state is not State.COMPLETED]
    db.execute("SAVEPOINT finish")
    if completed:
        count = db.execute(sql.COMPLETE, (now, _json(completed))).rowcount
        if count != len(finished) - len(others):
            # Seldom: then once more, by the statement that tells which.
            db.execute("ROLLBACK TO finish")
            others = list(finished)
    db.execute("RELEASE finish")
    ended = db.execute(sql.FINISH, (now, _json([_end(each) for each in others]))) if others else ()
    written = {number for (number,) in ended}
    settle_limits(db, {each.job.limit_key for each in finished})
    return [each.job.id for each in others if each.job.number not in written]


def _end(finished: Finished) -> tuple[Any, ...]:
    job, end = finished.job, finished.outcome
    return (
        *(job.number, job.claim, end.state, end.error, end.run_at, int(end.keep_attempt)),
        *(job.token, job.claimed_by),
    )


def claim(db: sqlite3.Connection, process: str, wanted: Mapping[str, int], now: float) -> list[Job]:
    """Claim the first jobs of each queue, and return them in the order to start them."""
    if not any(wanted.values()):
        return []
    first: dict[str, list[list[int]]] = {}
    for (queue,) in db.execute(sql.READY_QUEUES).fetchall():
        share = queue if queue in wanted else ANY_QUEUE
        if count := wanted.get(share, 0):
            (found,) = db.execute(sql.FIRST_READY, (queue, count)).fetchone()
            first.setdefault(share, []).extend(msgspec.json.decode(found))
    chosen = sorted(
        each for share, found in first.items() for each in sorted(found)[: wanted[share]]
    )
    return take(db, process, [number for _, number in chosen], now) if chosen else []


def take(db: sqlite3.Connection, process: str, numbers: list[int], now: float) -> list[Job]:
    """Claim the jobs with these numbers, and return them in that order."""
    chosen = _json(numbers)
    db.execute(sql.CLAIM, (process, now, chosen))
    (claimed,) = db.execute(sql.CLAIMED, (chosen,)).fetchone()
    return _read_jobs(claimed)


_read_jobs = msgspec.json.Decoder(list[Job], strict=False).decode
"""Not strict: SQLite's booleans are 0 and 1."""


def give_back_all_but(
    db: sqlite3.Connection, process: str, held: Collection[tuple[int, int]], now: float
) -> list[tuple[str, int]]:
    """Make ready, unspent, what the process has claimed and does not hold; return id and claim."""
    parameters = (now, process, _json(list(held)))
    moved = db.execute(sql.GIVE_BACK_ALL_BUT, parameters).fetchall()
    settle_limits(db, {limit_key for limit_key, *_ in moved})
    return [(job_id(number, token), claim) for _, number, token, claim in moved]


def job_of(row: Sequence[Any]) -> Job:
    """Return a row of the table as a job."""
    values = list(row)
    values[_STATE] = State(values[_STATE])
    values[_CANCEL_ASKED] = bool(values[_CANCEL_ASKED])
    return Job(*values)
