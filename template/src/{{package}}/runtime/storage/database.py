"""A SQLite database with one writer at a time and group commit.

Callers hand in operations. The first to find the door open commits for all who queued
meanwhile, then hands over to one of the next: a lone caller switches no thread, and fifty
callers share one flush to the disk. Durable is what says so: a batch that holds a durable
operation waits for the disk, others do not.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from ..errors import AppError
from .lock import WriterLock

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

OLDEST_SQLITE = (3, 38, 0)
LOCK_TIMEOUT = 10.0
"""Seconds that a write waits for another process before it gives up with an error."""


class _Ticket(Generic[T]):
    """An operation that waits for its commit."""

    __slots__ = ("committed", "durable", "error", "operation", "result", "turn")

    def __init__(self, operation: Operation[T], durable: bool) -> None:
        self.operation = operation
        self.durable = durable
        self.result: T | None = None
        self.error: BaseException | None = None
        self.committed = False
        self.turn = threading.Lock()
        self.turn.acquire()

    def answer(self) -> T:
        if self.error is not None:
            raise self.error
        return cast("T", self.result)


class Database:
    """One file (or, without a path, memory), its writer and its pool of readers.

    `schema` makes version 1; each migration takes the file one version further. `error` is the
    class of what is raised when the file cannot be used.
    """

    def __init__(
        self,
        path: Path | None,
        schema: str,
        migrations: Sequence[str] = (),
        *,
        error: type[AppError] = AppError,
    ) -> None:
        self.path = path
        self._error = error
        self._gate = threading.Lock()
        self._waiting: list[_Ticket[Any]] = []
        self._writing = False
        self._synchronous = ""
        self._readers: list[sqlite3.Connection] = []
        self._process = os.getpid()
        self._lock: WriterLock | None = None
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            version = sqlite3.sqlite_version
            raise error(f"SQLite {version} is too old: use a Python that has 3.38 or later")
        with self._explained():
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = WriterLock(path.with_name(path.name + ".lock"))
                # SQLite gives its journal the file's own permissions.
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._writer = self._connect()
            with self._exclusive():
                if path is not None:
                    self._writer.execute("PRAGMA journal_mode = WAL")
                    self._writer.execute("PRAGMA journal_size_limit = 67108864")
                self._migrate([schema, *migrations])

    def write(self, operation: Operation[T], *, durable: bool = True) -> T:
        """Run the operation in a transaction, commit, and return what it returned.

        With `durable` the commit is on the disk when this returns. An operation that raises is
        undone alone, and its exception is raised here.
        """
        ticket = _Ticket(operation, durable)
        with self._gate:
            self._waiting.append(ticket)
            leads = not self._writing
            self._writing = True
        if not leads:
            ticket.turn.acquire()
            if ticket.committed:
                return ticket.answer()
        batch: list[_Ticket[Any]] = []
        try:
            with self._gate:
                batch, self._waiting = self._waiting, []
            self._commit(batch)
        finally:
            self._hand_over(batch, ticket)
        return ticket.answer()

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one SELECT, as of the last commit."""
        if self.path is None:
            return self.write(lambda db: db.execute(sql, parameters).fetchall(), durable=False)
        with self._explained():
            self._check_process()
            try:
                connection = self._readers.pop()
            except IndexError:
                connection = self._connect()
            try:
                return connection.execute(sql, parameters).fetchall()
            finally:
                self._readers.append(connection)

    def close(self) -> None:
        """Close the file. What was committed stays; later calls raise."""
        with self._explained():
            while self._readers:
                self._readers.pop().close()
            self._writer.close()
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def _hand_over(self, batch: list[_Ticket[Any]], mine: _Ticket[Any]) -> None:
        with self._gate:
            heir = self._waiting[0] if self._waiting else None
            self._writing = heir is not None
        for ticket in batch:
            ticket.committed = True
            if ticket is not mine:
                ticket.turn.release()
        if heir is not None:
            heir.turn.release()

    def _commit(self, batch: list[_Ticket[Any]]) -> None:
        try:
            self._check_process()
            with self._explained(), self._exclusive():
                self._wait_for_disk(any(ticket.durable for ticket in batch))
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    for ticket in batch:
                        self._run(ticket)
                    self._writer.execute("COMMIT")
                finally:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
        except AppError as error:
            self._fail(batch, error)
        except BaseException:
            # Ctrl-C in one caller is not the other callers' exception.
            self._fail(batch, self._error(f"{self._name}: interrupted, nothing was written"))
            raise

    @staticmethod
    def _fail(batch: list[_Ticket[Any]], error: AppError) -> None:
        for ticket in batch:
            ticket.error = ticket.error or error

    def _run(self, ticket: _Ticket[Any]) -> None:
        self._writer.execute("SAVEPOINT operation")
        try:
            ticket.result = ticket.operation(self._writer)
        except Exception as error:
            # A full disk ends the whole transaction; then the others have failed as well.
            if not self._writer.in_transaction:
                raise
            self._writer.execute("ROLLBACK TO operation")
            ticket.error = self._translate(error)
        self._writer.execute("RELEASE operation")

    def _wait_for_disk(self, durable: bool) -> None:
        # The pragma works between transactions only, so it is chosen before BEGIN.
        wanted = "FULL" if durable else "NORMAL"
        if wanted != self._synchronous:
            self._writer.execute(f"PRAGMA synchronous = {wanted}")
            self._synchronous = wanted

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._lock is None:
            yield
        else:
            with self._lock.held(LOCK_TIMEOUT):
                yield

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path or ":memory:",
            timeout=LOCK_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )

    def _migrate(self, scripts: list[str]) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > len(scripts):
            raise self._error(
                f"{self.path}: written by a newer version of this app (file version {version}, "
                f"known up to {len(scripts)}): update the app, or point it at another file"
            )
        if version == len(scripts):
            return
        steps = "\n".join(scripts[version:])
        try:
            self._writer.executescript(f"BEGIN IMMEDIATE;\n{steps}\nCOMMIT;")
        finally:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise self._error(
                f"{self._name}: opened before a fork: call open_app() in the child process"
            )

    @property
    def _name(self) -> str:
        return str(self.path or "memory")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._translate(error) from error

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, sqlite3.Error | OSError):
            return self._error(f"{self._name}: {explain(error)}")
        return error


def explain(error: Exception) -> str:
    """Return what a failure of SQLite or of the file system means, and what to do about it."""
    reason = str(error)
    for sign, advice in _ADVICE.items():
        if sign in reason or sign in type(error).__name__:
            return f"{reason}: {advice}"
    return reason


_ADVICE = {
    "full": "make room on the disk",
    "readonly": "let this user write to the file and its folder",
    "Permission": "let this user write to the file and its folder",
    "unable to open": "check that the folder exists and that this user may write to it",
    "malformed": "the file is damaged: stop the app and restore a backup",
    "not a database": "another kind of file is in its place: move it away",
    "locked": "another program keeps the file locked",
    "Timeout": "is it stopped? continue or end it",
    "Cannot operate on a closed": "the app has been closed",
    "no such table": "the file was changed by another program: restore a backup",
}
