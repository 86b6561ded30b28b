"""The queue on PostgreSQL: that of SQLite with another database under it.

One code with one set of statements cannot differ from itself, so jobs, the dashboard and the
commands meet the same queue. What differs is told in docs/scaling.md of the template.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from ..errors import QueueError
from ..job import Enqueued, NewJob
from ..queue import rows
from ..queue.protocol import Peer
from ..queue.sqlite import SqliteQueue
from ..settings import jobs_server
from .database import PostgresDatabase, Rows, explained
from .listener import Listener, is_connected
from .mutex import PostgresMutex
from .schema import prepare

if TYPE_CHECKING:
    import sqlite3

    from ..storage.database import Database

_WHERE = "SELECT to_regclass(%s), current_setting('search_path')"

_SAFE = """
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name
"""

_GO_TO = "SELECT set_config('search_path', %s, true)"

DEAD_AFTER = 3.0
"""Seconds for which a process has to be seen without its connection: after a restart of the
server, those that live are back sooner."""


WEAKER = {
    "a killed process": "its jobs are taken back after 4 s, not after 1",
    "the mutex": "is also lost by whoever loses the connection to the server, who is not told",
    "an answer that is lost": "when the connection breaks during a commit, `schedule()` raises, "
    "and the job may have been kept all the same",
    "a power cut": "is survived as far as the server's own settings go",
    "due times": "are as exact as the clocks of the machines agree",
    "names of jobs": "have at most 128 characters",
}
"""What is less than with SQLite: docs/scaling.md has this table, and the tests print it."""


class PostgresQueue(SqliteQueue):
    """Keeps the promises of protocol.py in a schema of a PostgreSQL database."""

    weaker: Mapping[str, str] = WEAKER

    def __init__(self, url: str, schema: str, *, clock: Callable[[], float] = time.time) -> None:
        self.url = url
        self.schema = schema
        self._server = PostgresDatabase(url, schema, prepare)
        self._unseen: dict[str, float] = {}
        self._bell_folder = None
        self._begin(cast("Database", self._server), clock)

    def enqueue(self, jobs: Sequence[NewJob], connection: Any = None) -> list[Enqueued]:
        if connection is None:
            # Claimed by a later transaction: an insert here does not say the number of its row.
            # One job is one insert; and if its key is live, that has changed nothing before the
            # look for the holder. What has a limit is moved by further statements.
            alone = len(jobs) == 1 and jobs[0].limit_key is None
            answers = self._server.write(
                lambda db: rows.insert(db, jobs, self._clock()), alone=alone
            )
            self._ring()
            return answers
        if not isinstance(connection, psycopg.Connection):
            raise QueueError(
                f"connection: a {type(connection).__name__} is no psycopg.Connection; SQLAlchemy "
                "has it as session.connection().connection.driver_connection"
            )
        if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
            raise QueueError("connection: no transaction is open on it, for the job to belong to")
        execute = connection.cursor(row_factory=tuple_row).execute
        with explained(self.url):
            # Outside of the block below, which would else be a transaction and not a savepoint.
            ((found, before),) = execute(_WHERE, (f"{self.schema}.jobs",)).fetchall()
            if not found:
                raise QueueError(
                    "connection: it leads to another database than JOBS_URL, which is "
                    f"{jobs_server(self.url)}"
                )
            with connection.transaction():
                execute(_GO_TO, (self.schema,))
                answers = self._insert(connection, jobs)
                execute(_GO_TO, (before,))
        return answers

    def faults(self) -> list[str]:
        """Return by which of the server's settings acknowledged jobs could be lost."""
        return [
            f"PostgreSQL has {name}=off: jobs that were acknowledged may be lost in a power cut"
            for name, value in self._server.read(_SAFE)
            if value == "off"
        ]

    def mutex(self) -> PostgresMutex:
        """Return the mutex of all processes that share this queue."""
        return PostgresMutex(self._server)

    def alone(self) -> bool:
        return False

    def gone(self, peer: Peer) -> bool:
        try:
            alive = peer.id in self._bells or is_connected(self._server, peer.id)
        except QueueError:
            # The server is down, and with it all connections to it.
            self._unseen.clear()
            raise
        if alive:
            self._unseen.pop(peer.id, None)
            return False
        since = self._unseen.setdefault(peer.id, time.monotonic())
        return time.monotonic() - since >= DEAD_AFTER

    def _make_bell(self, process: str) -> Listener:
        return Listener(self._server, process)

    def _insert(self, connection: Any, jobs: Sequence[NewJob]) -> list[Enqueued]:
        return rows.insert(cast("sqlite3.Connection", Rows(connection)), jobs, self._clock())
