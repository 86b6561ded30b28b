"""A SQLite database with one writer at a time, group commit, and errors that say what to do."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import AppError
from ..shield import shielded
from .commit import Door, Operation, T, Ticket
from .file import DatabaseFile


class Database:
    """One file (or, without a path, memory), its writer and its pool of readers.

    `schema` makes version 1; each migration takes the file one version further. `error` is the
    class of what is raised when the file cannot be used; the cause gone, the next call succeeds.
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
        self._process = os.getpid()
        self._stale = False
        self._closed = False
        self._writing = threading.Lock()
        self._readers: list[sqlite3.Connection] = []
        self._door = Door(self._commit, patient=False)
        self._durable_door = Door(self._commit_to_disk)
        with self._explained():
            self._file = DatabaseFile(path, [schema, *migrations])

    @shielded
    def write(
        self,
        operation: Operation[T],
        *,
        durable: bool = True,
        committed: Callable[[], None] | None = None,
    ) -> T:
        """Run the operation in a transaction, commit, and return what it returned.

        With `durable` the commit is on the disk when this returns, and `committed` is called before
        that, when all processes see it, in whichever thread. An operation that raises is undone
        alone, and its exception is raised here. It may be run again, if another that was to be
        committed with it has failed. When the disk fails, this raises and the commit stands.
        """
        # In a forked child a door may be busy for ever, with a thread that is not there.
        self._check_usable()
        door = self._durable_door if durable else self._door
        return door.submit(operation, committed)

    def read(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        """Return the rows of one SELECT, as of the last commit."""
        if self.path is None or self._file.journal.is_long():
            return self.write(lambda db: db.execute(sql, parameters).fetchall(), durable=False)
        self._check_usable()
        readers = self._readers
        try:
            connection = readers.pop() if readers else self._file.connect()
            # One that fails is not used again: what it has cached may be what is wrong.
            try:
                rows = connection.execute(sql, parameters).fetchall()
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, IndexError):
            # Who writes looks whether the file is in its place, and mends it or says so.
            return self.write(lambda db: db.execute(sql, parameters).fetchall(), durable=False)
        readers.append(connection)
        # The others were closed while this one was busy: nobody would take it from that list.
        if self._closed or readers is not self._readers:
            _close_all(readers)
        return rows

    def alone(self, operation: Operation[T]) -> T:
        """Run the operation while nobody writes, outside of any transaction, as VACUUM wants it."""
        self._check_usable()
        with self._writing:
            self._check_usable()
            with self._explained(), self._file.exclusive:
                self._make_usable()
                return operation(self._file.writer)

    def close(self) -> None:
        """Close the file when nobody writes. What was committed stays; later calls raise."""
        with self._writing, self._explained():
            self._closed = True
            self._close_readers()
            self._file.close()

    def _commit_to_disk(self, batch: Sequence[Ticket[Any]]) -> None:
        try:
            self._commit(batch)
            made = [ticket for ticket in batch if ticket.error is None]
            for ticket in made:
                if ticket.committed is not None:
                    ticket.committed()
            # When others may write again: so nobody waits for the disk but those who asked for it.
            if made:
                self._file.journal.flush()
        except (AppError, OSError) as error:
            _fail(batch, self._translate(error))
        except BaseException:
            _fail(batch, self._error(f"{self._name}: interrupted before the disk had it"))
            raise

    def _commit(self, batch: Sequence[Ticket[Any]]) -> None:
        try:
            with self._writing:
                self._check_usable()
                try:
                    with self._file.exclusive:
                        self._make_usable()
                        # Before the rest: what fails later must not fail what has been committed.
                        self._file.journal.bound(self._file.writer)
                        self._transact(batch)
                        self._file.check_in_place()
                except BaseException:
                    self._file.release()
                    raise
        except (AppError, sqlite3.Error, OSError) as error:
            self._stale = True
            _fail(batch, self._translate(error))
        except BaseException:
            # Ctrl-C in one caller is not the other callers' exception.
            lost = [ticket for ticket in batch if not ticket.kept]
            _fail(lost, self._error(f"{self._name}: interrupted; it may have been written or not"))
            raise

    def _make_usable(self) -> None:
        if self._stale:
            self._close_readers()
            self._file.reopen()
        self._file.check_in_place()
        self._stale = False

    def _transact(self, batch: Sequence[Ticket[Any]]) -> None:
        writer = self._file.writer
        writer.execute("BEGIN IMMEDIATE")
        try:
            self._file.journal.lengthen()
            if self._run(batch, writer):
                writer.execute("COMMIT")
                return
        finally:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
        # One has failed, which is seldom, and must not spoil the others: each by itself then. A
        # savepoint for each would cost all of them more than what they do.
        if len(batch) > 1:
            for ticket in batch:
                try:
                    self._transact([ticket])
                    ticket.kept = ticket.error is None
                except sqlite3.Error as error:
                    ticket.error, self._stale = self._translate(error), True

    def _run(self, batch: Sequence[Ticket[Any]], writer: sqlite3.Connection) -> bool:
        for ticket in batch:
            ticket.error = None
            try:
                ticket.result = ticket.operation(writer)
            except Exception as error:
                # A full disk ends the whole transaction; then the others have failed as well.
                if not writer.in_transaction:
                    raise
                ticket.error = self._translate(error)
                # Then what this connection has cached may be what is wrong.
                self._stale |= _tells_of_the_file(error)
                return False
        return True

    def _close_readers(self) -> None:
        readers, self._readers = self._readers, []
        _close_all(readers)

    def _check_usable(self) -> None:
        if self._closed:
            raise self._error(f"{self._name}: the app has been closed")
        if os.getpid() != self._process:
            raise self._error(
                f"{self._name}: opened before a fork: call open_app() in the child process"
            )

    @property
    def _name(self) -> str:
        return str(self.path or "memory")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        # For what is seldom done; a commit does without, as this takes longer than what it is for.
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._translate(error) from error

    def _translate(self, error: Exception) -> Exception:
        if not isinstance(error, sqlite3.Error | OSError):
            return error
        explained = self._error(f"{self._name}: {explain(error)}")
        explained.__cause__ = error
        return explained


def _close_all(readers: list[sqlite3.Connection]) -> None:
    with contextlib.suppress(IndexError):
        while True:
            readers.pop().close()


def _tells_of_the_file(error: Exception) -> bool:
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.IntegrityError | sqlite3.DataError
    )


def _fail(batch: Sequence[Ticket[Any]], error: Exception) -> None:
    for ticket in batch:
        ticket.error = ticket.error or error


def explain(error: Exception) -> str:
    """Return what a failure of SQLite or of the file system means, and what to do about it."""
    reason = str(error)
    # Of the file system only its own words: a folder in the path may be called "fullstack".
    said = error.strerror or "" if isinstance(error, OSError) else reason
    for sign, advice in _ADVICE.items():
        if sign in said or sign in type(error).__name__:
            return f"{reason}: {advice}"
    return reason


_ADVICE = {
    "full": "make room on the disk",
    "No space": "make room on the disk",
    "disk I/O": "look at the disk: it is full, failing or gone",
    "Input/output": "look at the disk: it is full, failing or gone",
    "readonly": "let this user write to the file and its folder",
    "Permission": "let this user write to the file and its folder",
    "unable to open": "let this user write to the file and its folder",
    "malformed": "the file is damaged: move it away and put a backup in its place",
    "decode": "the file is damaged: move it away and put a backup in its place",
    "not a database": "another kind of file is in its place: move it away",
    "database is locked": "another program keeps the file locked",
    "Timeout": "see what it does; another program may keep the file locked",
    "closed database": "the app has been closed",
}
