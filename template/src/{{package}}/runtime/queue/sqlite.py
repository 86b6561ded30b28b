"""The queue in a SQLite file, or in memory for tests: the same statements, the same behaviour."""

import contextlib
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from ..errors import InvalidOptionError, QueueError
from ..job import Enqueued, Finished, Job, NewJob, Progress, State, job_id, split_id
from ..shield import shielded
from ..storage import doorbell
from ..storage.database import Database, explain
from ..storage.doorbell import Doorbell
from ..storage.keepsake import sign
from . import counting, listing, rows
from . import statements as sql
from .giving import Taker, may_be_given
from .overview import MINUTES_KEPT, Action, Filter, Minute, Overview, Page, Tally, Tick
from .protocol import Exchange, Peer, Starter

SCHEMA = ("schema_1.sql", "schema_2.sql", "schema_3.sql", "schema_4.sql", "schema_5.sql")
"""What each version of the file adds to the one before."""

IN_A_ROW = 0.002
"""Seconds between two jobs of a process that schedules one after the other."""

_MOVED = 60.0
"""Seconds: no pipe and so old a heartbeat is a file that was restored or moved here."""

_LEFT = """
SELECT (SELECT count(*) FROM jobs WHERE state = 'scheduled')
     + (SELECT count(*) FROM jobs WHERE state = 'ready')
     + (SELECT count(*) FROM jobs WHERE state = 'running')
"""


def count_left(path: Path) -> int:
    """Return how many jobs of a file have not ended; 0 if there is none, or it cannot be read.

    The file may be of an earlier version, and in use; it is not made, nor brought up to date.
    """
    try:
        place = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(place, uri=True)) as db:
            return int(db.execute(_LEFT).fetchone()[0])
    except sqlite3.Error:
        return 0


class SqliteQueue:
    """Keeps the promises of protocol.py. Without a path, the jobs live as long as the object."""

    weaker: Mapping[str, str] = {}

    def __init__(self, path: Path | None, *, clock: Callable[[], float] = time.time) -> None:
        folder = resources.files(__package__)
        schema, *migrations = (folder.joinpath(file).read_text("utf-8") for file in SCHEMA)
        self._bell_folder = None if path is None else path.with_name(path.name + ".workers")
        self._begin(Database(path, schema, migrations, error=QueueError), clock)

    def _begin(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._bells: dict[str, Doorbell] = {}
        self._listed: tuple[tuple[int, int] | None, list[str]] = (None, [])
        self._here: tuple[str, Starter | None] = ("", None)
        self._enqueued_at = 0.0

    @shielded
    def enqueue(self, jobs: Sequence[NewJob], connection: Any = None) -> list[Enqueued]:
        if connection is not None:
            raise InvalidOptionError(
                "connection: these jobs are in SQLite; in a transaction of the app's own they are "
                "with JOBS_URL=postgresql://..."
            )
        begun: list[tuple[Starter, Job]] = []
        process, starter = self._here
        statement = sql.INSERT_RUNNING
        taker = self._taker(jobs)
        if taker is not None:
            process, starter, statement = taker.process, taker, sql.INSERT_GIVEN

        def drop() -> None:
            while begun:
                held_by, job = begun.pop()
                held_by.drop(job)

        def committed() -> None:
            if not begun:
                self._ring()
            while begun:
                held_by, job = begun[-1]
                held_by.begin(job)
                # Its caller may have been interrupted, and have dropped it in this moment.
                with contextlib.suppress(IndexError):
                    begun.pop()

        def operation(db: sqlite3.Connection) -> list[Enqueued]:
            drop()  # it may be run twice
            now = self._clock()
            if len(jobs) != 1:
                return rows.insert(db, jobs, now)
            (new,) = jobs
            if starter is not None and starter.has_room(new.queue):
                job = rows.insert_running(db, new, process, now, statement)
                if job is not None:
                    starter.hold(job)
                    begun.append((starter, job))
                    return [Enqueued(job.id, new=True)]
            return [rows.insert_one(db, new, now)]

        try:
            return self._database.write(operation, committed=committed)
        except BaseException:
            drop()
            raise
        finally:
            if taker is not None:
                taker.close()

    def get(self, public_id: str) -> Job | None:
        key = split_id(public_id)
        found = self._database.read(sql.GET, key) if key else []
        return rows.job_of(found[0]) if found else None

    def find(
        self, *, state: State | None = None, name: str | None = None, limit: int = 50
    ) -> list[Job]:
        return [rows.job_of(row) for row in self._database.read(sql.FIND, (state, name, limit))]

    def page(self, wanted: Filter, *, after: str | None = None, limit: int = 50) -> Page:
        return listing.page(self._database.read, wanted, after, limit)

    def overview(self) -> Overview:
        return counting.overview(self._database.read, self.paused())

    def minutes(self, since: int) -> list[Minute]:
        return [Minute(*row) for row in self._database.read(sql.MINUTES, (max(since, 1),))]

    def totals(self) -> list[Tally]:
        return [Tally(0, *row) for row in self._database.read(sql.TOTALS)]

    def check(self) -> None:
        self._database.write(lambda db: db.execute(sql.RESUME, ("",)))

    def counts(self) -> dict[State, int]:
        return counting.counts(self._database.read)

    def retry(self, public_id: str) -> str | None:
        key = split_id(public_id)
        if key is None:
            return None

        def operation(db: sqlite3.Connection) -> str | None:
            if rows.change(db, sql.RETRY, (self._clock(), *key)):
                return public_id
            row = db.execute(sql.GET, key).fetchone()
            job = rows.job_of(row) if row else None
            if job is None or job.state not in (State.FAILED, State.CANCELLED):
                return None
            return job_id(*db.execute(sql.HOLDER_OF_KEY, (job.unique_key,)).fetchone())

        answer = self._database.write(operation)
        self._ring()
        return answer

    def cancel(self, public_id: str) -> bool:
        return bool(self.act(Action.CANCEL, [public_id]))

    def discard(self, public_id: str) -> bool:
        return bool(self.act(Action.DISCARD, [public_id]))

    def act(self, action: Action, public_ids: Sequence[str]) -> int:
        keys = [key for public_id in public_ids if (key := split_id(public_id))]

        def operation(db: sqlite3.Connection) -> int:
            now = self._clock()
            return sum(rows.act(db, action, key, now) for key in keys)

        count = self._database.write(operation) if keys else 0
        self._ring()
        return count

    def old(self, state: State, *, age: float, keep: int) -> tuple[float, int]:
        # To find what is beyond the newest, SQLite reads through an index of all that is kept.
        beyond = self._database.read(sql.NEWEST[state], (keep,))
        return max([(self._clock() - age, 0), *beyond])

    def prune(self, state: State, up_to: tuple[float, int], *, most: int = 1000) -> int:
        def operation(db: sqlite3.Connection) -> int:
            count = db.execute(sql.PRUNE[state], (*up_to, most)).rowcount
            if count:
                db.execute(sql.COUNT_REMOVED, ("pruned", count))
            return count

        return self._database.write(operation, durable=False)

    def removed(self) -> dict[str, int]:
        return dict(self._database.read(sql.REMOVED))

    def ticks(self) -> list[Tick]:
        return [Tick(*row) for row in self._database.read(sql.TICKS)]

    def begin_cron(self, name: str, schedule: str) -> None:
        row = (name, schedule, now := self._clock(), now)
        self._database.write(lambda db: db.execute(sql.BEGIN_CRON, row))

    def tick(self, schedule: str, last_run: float, job: NewJob) -> Enqueued | None:
        def operation(db: sqlite3.Connection) -> Enqueued | None:
            now = self._clock()
            if not db.execute(sql.TICK, (now, job.name, schedule, last_run)).rowcount:
                return None
            return rows.insert(db, [job], now)[0]

        answer = self._database.write(operation)
        self._ring()
        return answer

    def pause(self, queue: str) -> None:
        self._database.write(lambda db: db.execute(sql.PAUSE, (queue, self._clock())))

    def resume(self, queue: str) -> None:
        self._database.write(lambda db: db.execute(sql.RESUME, (queue,)))
        self._ring()

    def paused(self) -> list[str]:
        return [queue for (queue,) in self._database.read(sql.PAUSED)]

    def peers(self) -> list[Peer]:
        return [Peer(*row) for row in self._database.read(sql.PEERS)]

    def register(self, process: str, threads: int, starter: Starter | None = None) -> Doorbell:
        bell = self._make_bell(process)
        now = self._clock()
        row = (process, os.getpid(), socket.gethostname(), threads, now, now)
        try:
            self._database.write(lambda db: db.execute(sql.REGISTER, row), durable=False)
        except BaseException:
            bell.close()
            raise
        self._bells[process] = bell
        self._listed = None, []
        self._here = (process, starter)
        return bell

    def enqueue_claimed(self, job: NewJob, process: str) -> Job:
        def operation(db: sqlite3.Connection) -> Job:
            now = self._clock()
            (answer,) = rows.insert(db, [job], now)
            if not answer.new:
                raise QueueError(f"job {answer.id} is live under the key {job.unique_key!r}")
            if not rows.make_way(db, job):
                raise QueueError(
                    f"the limit {job.limit_key!r} is reached, {job.limit_size} at once: "
                    "try again when a job has ended"
                )
            (number, _) = split_id(answer.id) or (0, "")
            (taken,) = rows.take(db, process, [number], now)
            rows.settle_limits(db, {job.limit_key})
            return taken

        return self._database.write(operation)

    def heartbeat(self, process: str) -> bool:
        row = (self._clock(), process)
        return self._database.write(
            lambda db: bool(db.execute(sql.HEARTBEAT, row).rowcount), durable=False
        )

    def leave(self, process: str) -> None:
        def operation(db: sqlite3.Connection) -> None:
            rows.change(db, sql.RESCUE, (self._clock(), process))
            db.execute(sql.REMOVE_PROCESS, (process,))

        self._database.write(operation, durable=False)
        self._bells.pop(process).close()
        if self._here[0] == process:
            self._here = ("", None)
        self._ring()

    def alone(self) -> bool:
        if self._bell_folder is None:
            return len(self._bells) <= 1
        try:
            return not self._others()
        except OSError:
            return False

    def gone(self, peer: Peer) -> bool:
        path = self._bell_path(peer.id)
        if path is None or peer.id in self._bells:
            return False
        answer = doorbell.lives(path)
        silent = self._clock() - peer.heartbeat_at
        return answer is False or (answer is None and silent > _MOVED)

    def rescue(self, peer: Peer) -> int:
        def operation(db: sqlite3.Connection) -> int:
            if not db.execute(sql.REMOVE_SILENT_PROCESS, (peer.id, peer.heartbeat_at)).rowcount:
                return 0
            return rows.change(db, sql.RESCUE, (self._clock(), peer.id))

        rescued = self._database.write(operation, durable=False)
        path = self._bell_path(peer.id)
        if path is not None and self.gone(peer):
            path.unlink(missing_ok=True)
        self._ring()
        return rescued

    def exchange(
        self,
        process: str,
        finished: Sequence[Finished],
        wanted: Mapping[str, int],
        told: Sequence[Progress] = (),
        takes: int | None = None,
    ) -> Exchange:
        if not finished and takes is None and not self.alone():
            # Each of them is rung for every job: who finds none must not wait for the lock.
            ready, next_due, known = self._database.read(sql.PROBE, (process,))[0]
            due = next_due is not None and next_due <= self._clock()
            if not (due or (ready and any(wanted.values()))):
                return Exchange([], [], next_due, bool(known))

        def operation(db: sqlite3.Connection) -> Exchange:
            now = self._clock()
            rows.report(db, told)
            if takes is not None:
                db.execute(sql.TAKES, (takes, process))
            refused = rows.finish(db, finished, now)
            known = db.execute(sql.KNOWN, (process,)).fetchone() is not None
            ready, next_due, _ = db.execute(sql.PROBE, (process,)).fetchone()
            if next_due is not None and next_due <= now:
                ready = rows.change(db, sql.PROMOTE_DUE, (now,)) or ready
                (next_due,) = db.execute(sql.NEXT_DUE).fetchone()
            claimed = rows.claim(db, process, wanted, now) if ready and known else []
            return Exchange(claimed, refused, next_due, known)

        return self._database.write(operation, durable=False)

    def give_back_all_but(
        self, process: str, held: Collection[tuple[int, int]]
    ) -> list[tuple[str, int]]:
        now = self._clock()
        return self._database.write(
            lambda db: rows.give_back_all_but(db, process, held, now), durable=False
        )

    def report(self, progress: Sequence[Progress]) -> None:
        self._database.write(lambda db: rows.report(db, progress), durable=False)

    def tally(self, tallies: Sequence[Tally]) -> None:
        oldest = int(self._clock() // 60) - MINUTES_KEPT

        def operation(db: sqlite3.Connection) -> None:
            db.executemany(sql.TALLY, [msgspec.structs.astuple(each) for each in tallies])
            db.execute(sql.SUM_UP_TALLIES, (oldest,))
            db.execute(sql.DELETE_TALLIES, (oldest,))

        self._database.write(operation, durable=False)

    def cancels(self, process: str) -> list[str]:
        return [job_id(*row) for row in self._database.read(sql.CANCELS, (process,))]

    def close(self) -> None:
        for bell in self._bells.values():
            bell.close()
        self._bells.clear()
        self._database.close()

    def _make_bell(self, process: str) -> Doorbell:
        try:
            return Doorbell(self._bell_path(process))
        except OSError as error:
            raise QueueError(f"{self._bell_folder}: {explain(error)}") from error

    def _bell_path(self, process: str) -> Path | None:
        return None if self._bell_folder is None else self._bell_folder / process

    def _taker(self, jobs: Sequence[NewJob]) -> Taker | None:
        # One worker process only: of several, one that is held up would keep from the others what
        # it has been given. And of many jobs in a row it claims a batch for less.
        since, self._enqueued_at = self._enqueued_at, time.monotonic()
        if self._bells or len(jobs) != 1 or self._enqueued_at - since < IN_A_ROW:
            return None
        with contextlib.suppress(OSError):
            others = self._others()
            if len(others) == 1 and may_be_given(jobs[0]):
                return Taker(others[0])
        return None

    @shielded
    def _ring(self) -> None:
        for bell in list(self._bells.values()):
            bell.ring()
        # What is done is done: a folder that cannot be read only makes the others look later.
        with contextlib.suppress(OSError):
            for path in self._others():
                doorbell.ring(path)

    def _others(self) -> list[str]:
        # The bells of other processes.
        if self._bell_folder is None:
            return []
        signed, paths = self._listed
        found = sign(str(self._bell_folder))
        if found is None or found != signed:
            here = self._bell_folder.iterdir()
            paths = [str(path) for path in here if path.name not in self._bells]
            self._listed = found, paths
        return paths
