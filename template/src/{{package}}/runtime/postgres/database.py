"""PostgreSQL behind the interface of storage/database.py, so that the queue's code is one."""

import contextlib
import os
import select
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.rows import tuple_row

from ..errors import QueueError
from ..settings import jobs_server
from ..shield import shielded
from .dialect import translated

T = TypeVar("T")

CONNECTIONS = 10
"""How many transactions of this process run at once; whoever comes next waits."""

ATTEMPTS = 10
"""How often a transaction is begun that PostgreSQL gives up for another's sake."""

FRESH = 1.0
"""Seconds since its last use for which a connection counts as sound, if nothing came over it."""

# A process that is stopped within a transaction must not keep the others waiting.
SESSION = """
SET search_path TO {schema};
SET idle_in_transaction_session_timeout TO '10s';
SET lock_timeout TO '20s';
SET statement_timeout TO '60s';
SET tcp_keepalives_idle TO 10;
SET tcp_keepalives_interval TO 5;
SET tcp_keepalives_count TO 3;
"""

CONNECT: dict[str, Any] = {"connect_timeout": 5, "keepalives_idle": 10, "tcp_user_timeout": 20_000}
"""Seconds, seconds and milliseconds: a server that has vanished is no reason to wait for ever."""

AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)
"""What another transaction is the cause of, and does not befall the next attempt."""

LOST = (psycopg.OperationalError, psycopg.InterfaceError)

Parameters = Sequence[object] | Mapping[str, object]


class Rows:
    """A connection, for statements in the words of SQLite."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Parameters = ()) -> psycopg.Cursor[Any]:
        """Run what `sql` is in PostgreSQL's words; of several statements, return the last's."""
        cursor = self._connection.cursor(row_factory=tuple_row)
        for statement in translated(sql):
            cursor.execute(statement, parameters or None)
        return cursor

    def executemany(self, sql: str, rows: Sequence[Parameters]) -> None:
        """Run it for each row."""
        for row in rows:
            self.execute(sql, row)


class PostgresDatabase:
    """Connections to one schema of one database. `prepare` is given the first."""

    def __init__(
        self, url: str, schema: str, prepare: Callable[[psycopg.Connection[Any], str], None]
    ) -> None:
        self.url = url
        self.schema = schema
        self._process = os.getpid()
        self._closed = False
        self._idle: list[tuple[psycopg.Connection[Any], float]] = []
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        with explained(self.url):
            connection = self.connect()
            try:
                prepare(connection, schema)
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)

    @shielded
    def write(
        self,
        operation: Callable[[Any], T],
        *,
        durable: bool = True,  # noqa: ARG002 - all is: see below
        alone: bool = False,
    ) -> T:
        """Run the operation in a transaction, commit, and return what it returned.

        An operation that raises is undone, and its exception is raised here. Every commit waits for
        the server's disk: when the server crashes, those who have claimed jobs live on, and a claim
        that was lost would be given twice under one number. An operation that changes something by
        its last statement only may be run `alone`: each is a transaction of its own, which saves
        the ways to the server and back that BEGIN and COMMIT are.
        """
        with explained(self.url), self._connection("" if alone else "BEGIN") as connection:
            for left in reversed(range(ATTEMPTS)):
                try:
                    result = operation(Rows(connection))
                except AGAIN:
                    if not left:
                        raise
                    if not alone:
                        connection.execute("ROLLBACK")
                        connection.execute("BEGIN")
                else:
                    if not alone:
                        connection.execute("COMMIT")
                    break
            return result

    @shielded
    def read(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one SELECT, as of the last commit."""
        with explained(self.url), self._connection("SELECT") as connection:
            return Rows(connection).execute(sql, parameters).fetchall()

    def connect(self) -> psycopg.Connection[Any]:
        """Return a connection of the caller's own, to be closed by it."""
        with explained(self.url):
            connection = psycopg.connect(self.url, autocommit=True, **CONNECT)
            _connections.add(connection)
            connection.execute(SESSION.format(schema=self.schema))
        return connection

    def close(self) -> None:
        """Close the connections when nobody writes. Later calls raise."""
        self._closed = True
        while self._idle:
            self._idle.pop()[0].close()

    @contextlib.contextmanager
    def _connection(self, begin: str) -> Iterator[psycopg.Connection[Any]]:
        if self._closed:
            raise QueueError("PostgreSQL: the app has been closed")
        if os.getpid() != self._process:
            raise QueueError(
                "PostgreSQL: connected before a fork: call open_app() in the child process"
            )
        with self._free:
            connection = self._begun(begin)
            try:
                yield connection
            except BaseException:
                self._undo(connection)
                raise
            self._give_back(connection)

    def _give_back(self, connection: psycopg.Connection[Any]) -> None:
        self._idle.append((connection, time.monotonic()))

    def _begun(self, begin: str) -> psycopg.Connection[Any]:
        # One that the server has closed is found by this, before anything was asked of it.
        with contextlib.suppress(IndexError):
            while True:
                connection, used = self._idle.pop()
                try:
                    if begin or time.monotonic() - used > FRESH or _has_come(connection):
                        connection.execute(begin)
                except LOST:
                    connection.close()
                else:
                    return connection
        connection = self.connect()
        if begin:
            connection.execute(begin)
        return connection

    def _undo(self, connection: psycopg.Connection[Any]) -> None:
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            connection.close()
        else:
            self._give_back(connection)


def _has_come(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server has said something unasked: as a rule, that it ends the session."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


_connections: weakref.WeakSet[psycopg.Connection[Any]] = weakref.WeakSet()


def _close_in_child() -> None:
    # A forked child must not keep what its parent's death is to release. The session is the
    # parent's, and libpq would end it; and a number that is free is soon another file's.
    with contextlib.ExitStack() as stack:
        nothing = None
        with contextlib.suppress(OSError):  # none is free
            nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            stack.callback(os.close, nothing)
        for connection in list(_connections):
            with contextlib.suppress(psycopg.Error, OSError):
                number = connection.fileno()
                os.close(number) if nothing is None else os.dup2(nothing, number, inheritable=False)
    _connections.clear()


os.register_at_fork(after_in_child=_close_in_child)


@contextlib.contextmanager
def explained(url: str) -> Iterator[None]:
    """Raise QueueError, with what to do, for what PostgreSQL or the way to it has against it."""
    try:
        yield
    except (psycopg.Error, OSError) as error:
        raise QueueError(f"PostgreSQL at {jobs_server(url)}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    # Without the server's further lines: they may quote a whole row.
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    reason = " ".join((said or str(error)).split()) or type(error).__name__
    for kind, advice in _ADVICE.items():
        if isinstance(error, kind):
            return f"{reason}: {advice}"
    return reason


_ADVICE: dict[type[Exception], str] = {
    errors.InsufficientPrivilege: "let its user create a schema in this database",
    errors.DiskFull: "make room on the server's disk",
    errors.ReadOnlySqlTransaction: "this server only reads; name the primary in JOBS_URL",
    errors.LockNotAvailable: "another session keeps what this one wants locked",
    errors.QueryCanceled: "the server is overloaded, or keeps this one waiting",
    errors.OperationalError: "see whether the server runs, and whether JOBS_URL is right",
}
