"""The queue in a SQLite file, or in memory for tests: the same statements, the same behaviour."""

import os
import secrets
import socket
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from .. import payload
from ..errors import QueueError
from ..job import Enqueued, Finished, Job, NewJob, State, job_id, split_id
from ..storage import doorbell
from ..storage.database import Database
from ..storage.doorbell import Doorbell
from . import statements as sql
from .protocol import ANY_QUEUE, Exchange, Peer

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_STATE = Job.__struct_fields__.index("state")
_CANCEL_ASKED = Job.__struct_fields__.index("cancel_asked")


class SqliteQueue:
    """Keeps the promises of protocol.py. Without a path, the jobs live as long as the object."""

    def __init__(self, path: Path | None, *, clock: Callable[[], float] = time.time) -> None:
        schema = resources.files(__package__).joinpath("schema.sql").read_text("utf-8")
        self._database = Database(path, schema, error=QueueError)
        self._clock = clock
        self._bells: dict[str, Doorbell] = {}
        self._bell_folder = None if path is None else path.with_name(path.name + ".workers")

    def enqueue(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        now = self._clock()
        answers = self._database.write(lambda db: [_insert(db, job, now) for job in jobs])
        self._ring()
        return answers

    def get(self, public_id: str) -> Job | None:
        key = split_id(public_id)
        rows = self._database.read(sql.GET, key) if key else []
        return _job(rows[0]) if rows else None

    def find(
        self, *, state: State | None = None, name: str | None = None, limit: int = 50
    ) -> list[Job]:
        return [_job(row) for row in self._database.read(sql.FIND, (state, name, limit))]

    def counts(self) -> dict[State, int]:
        found = {State(state): count for state, count in self._database.read(sql.COUNTS)}
        return {state: found.get(state, 0) for state in State}

    def retry(self, public_id: str) -> str | None:
        key = split_id(public_id)
        if key is None:
            return None

        def operation(db: sqlite3.Connection) -> str | None:
            if db.execute(sql.RETRY, (self._clock(), *key)).rowcount:
                return public_id
            row = db.execute(sql.GET, key).fetchone()
            job = _job(row) if row else None
            if job is None or job.state not in (State.FAILED, State.CANCELLED):
                return None
            return job_id(*db.execute(sql.HOLDER_OF_KEY, (job.unique_key,)).fetchone())

        answer = self._database.write(operation)
        self._ring()
        return answer

    def cancel(self, public_id: str) -> bool:
        key = split_id(public_id)
        if key is None:
            return False

        def operation(db: sqlite3.Connection) -> bool:
            waiting = db.execute(sql.CANCEL_WAITING, (self._clock(), *key)).rowcount
            return bool(waiting or db.execute(sql.CANCEL_RUNNING, key).rowcount)

        answer = self._database.write(operation)
        self._ring()
        return answer

    def discard(self, public_id: str) -> bool:
        key = split_id(public_id)
        if key is None:
            return False

        def operation(db: sqlite3.Connection) -> bool:
            count = db.execute(sql.DISCARD, key).rowcount
            db.execute(sql.COUNT_REMOVED, ("discarded", count))
            return bool(count)

        return self._database.write(operation)

    def pause(self, queue: str) -> None:
        self._database.write(lambda db: db.execute(sql.PAUSE, (queue, self._clock())))

    def resume(self, queue: str) -> None:
        self._database.write(lambda db: db.execute(sql.RESUME, (queue,)))
        self._ring()

    def paused(self) -> list[str]:
        return [queue for (queue,) in self._database.read(sql.PAUSED)]

    def peers(self) -> list[Peer]:
        return [Peer(*row) for row in self._database.read(sql.PEERS)]

    def register(self, process: str, threads: int) -> Doorbell:
        bell = Doorbell(self._bell_path(process))
        now = self._clock()
        row = (process, os.getpid(), socket.gethostname(), threads, now, now)
        self._database.write(lambda db: db.execute(sql.REGISTER, row), durable=False)
        self._bells[process] = bell
        return bell

    def enqueue_claimed(self, job: NewJob, process: str) -> Job:
        def operation(db: sqlite3.Connection) -> Job:
            now = self._clock()
            answer = _insert(db, job, now)
            if not answer.new:
                raise QueueError(f"job {answer.id} is live under the key {job.unique_key!r}")
            (number, _) = split_id(answer.id) or (0, "")
            return _take(db, process, [number], now)[0]

        return self._database.write(operation)

    def heartbeat(self, process: str) -> bool:
        row = (self._clock(), process)
        return self._database.write(
            lambda db: bool(db.execute(sql.HEARTBEAT, row).rowcount), durable=False
        )

    def leave(self, process: str) -> None:
        def operation(db: sqlite3.Connection) -> None:
            db.execute(sql.RESCUE, (self._clock(), process))
            db.execute(sql.REMOVE_PROCESS, (process,))

        self._database.write(operation, durable=False)
        self._bells.pop(process).close()
        self._ring()

    def gone(self, peer: Peer) -> bool:
        path = self._bell_path(peer.id)
        return peer.id not in self._bells and path is not None and doorbell.ring(path) is False

    def rescue(self, peer: Peer) -> int:
        def operation(db: sqlite3.Connection) -> int:
            if not db.execute(sql.REMOVE_SILENT_PROCESS, (peer.id, peer.heartbeat_at)).rowcount:
                return 0
            return len(db.execute(sql.RESCUE, (self._clock(), peer.id)).fetchall())

        rescued = self._database.write(operation, durable=False)
        path = self._bell_path(peer.id)
        if path is not None and self.gone(peer):
            path.unlink(missing_ok=True)
        self._ring()
        return rescued

    def exchange(
        self, process: str, finished: Sequence[Finished], wanted: Mapping[str, int]
    ) -> Exchange:
        def operation(db: sqlite3.Connection) -> Exchange:
            now = self._clock()
            refused = _finish(db, finished, now)
            known = db.execute(sql.KNOWN, (process,)).fetchone() is not None
            db.execute(sql.PROMOTE_DUE, (now,))
            claimed = _claim(db, process, wanted, now) if known else []
            (next_due,) = db.execute(sql.NEXT_DUE).fetchone()
            return Exchange(claimed, refused, next_due, known)

        return self._database.write(operation, durable=False)

    def report(self, progress: Sequence[tuple[Job, float, str | None]]) -> None:
        rows = [(done, note, job.number, job.claim) for job, done, note in progress]
        self._database.write(lambda db: db.executemany(sql.REPORT, rows), durable=False)

    def cancels(self, process: str) -> list[str]:
        return [job_id(*row) for row in self._database.read(sql.CANCELS, (process,))]

    def close(self) -> None:
        self._database.close()

    def _bell_path(self, process: str) -> Path | None:
        return None if self._bell_folder is None else self._bell_folder / process

    def _ring(self) -> None:
        for bell in list(self._bells.values()):
            bell.ring()
        if self._bell_folder is not None and self._bell_folder.is_dir():
            for path in self._bell_folder.iterdir():
                if path.name not in self._bells:
                    doorbell.ring(path)


def _insert(db: sqlite3.Connection, job: NewJob, now: float) -> Enqueued:
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


def _finish(db: sqlite3.Connection, finished: Sequence[Finished], now: float) -> list[str]:
    if not finished:
        return []
    rows = [
        (job.number, job.claim, end.state, end.error, end.run_at, int(end.keep_attempt))
        for job, end in ((each.job, each.outcome) for each in finished)
    ]
    written = db.execute(sql.FINISH, (now, msgspec.json.encode(rows).decode()))
    numbers = {number for (number,) in written}
    return [each.job.id for each in finished if each.job.number not in numbers]


def _claim(
    db: sqlite3.Connection, process: str, wanted: Mapping[str, int], now: float
) -> list[Job]:
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
    return _take(db, process, [number for _, number in chosen], now)


def _take(db: sqlite3.Connection, process: str, numbers: list[int], now: float) -> list[Job]:
    wanted = msgspec.json.encode(numbers).decode()
    rows = db.execute(sql.CLAIM, (process, now, wanted)).fetchall()
    # RETURNING gives the rows in no order.
    return sorted(map(_job, rows), key=lambda job: (-job.priority, job.number))


def _job(row: Sequence[Any]) -> Job:
    values = list(row)
    values[_STATE] = State(values[_STATE])
    values[_CANCEL_ASKED] = bool(values[_CANCEL_ASKED])
    return Job(*values)
