"""A connection per worker process that does two things, as the pipe does on one machine.

It listens to what Procrastinate tells of new jobs, and wakes the dispatcher. And it holds an
advisory lock, which PostgreSQL releases when the process dies, however it dies, since the kernel
then closes the connection; a busy process keeps it.
"""

import os
import select
import threading
from typing import Any

import psycopg

from ..errors import QueueError
from ..storage.doorbell import Doorbell
from .database import PostgresDatabase

CHANNEL = "procrastinate_any_queue_v1"

AGAIN = 0.5
"""Seconds between two attempts to reach a server that is down."""

_HOLD = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"

_IS_HELD = """
SELECT EXISTS (
    SELECT 1 FROM pg_locks, hashtextextended(?, 0) AS key
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database
                                                WHERE datname = current_database())
      AND objsubid = 1 AND classid::bigint = (key >> 32) & 4294967295
      AND objid::bigint = key & 4294967295)
"""


def is_connected(server: PostgresDatabase, process: str) -> bool:
    """Return whether the listener of this process holds its lock."""
    ((held,),) = server.read(_IS_HELD, (process,))
    return bool(held)


class Listener(Doorbell):
    """What one process waits on: rung by this process, and by the server."""

    def __init__(self, server: PostgresDatabase, process: str) -> None:
        super().__init__(None)
        self._server = server
        self._process = process
        self._owner = os.getpid()
        self._ending, self._end = os.pipe()
        connection = self._connected()
        self._held = self._holds(connection)
        self._thread = threading.Thread(
            name="listener", target=self._listen, args=[connection], daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Release the lock: from now on this process counts as gone, and nothing rings."""
        # Written to, as a process that a job has forked may keep this end open; not in such a one.
        if os.getpid() == self._owner:
            os.write(self._end, b"x")
        os.close(self._end)
        self._thread.join()
        super().close()

    def _connected(self) -> psycopg.Connection[Any]:
        connection = self._server.connect()
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def _holds(self, connection: psycopg.Connection[Any]) -> bool:
        ((held,),) = connection.execute(_HOLD, (self._process,)).fetchall()
        return bool(held)

    def _listen(self, connection: psycopg.Connection[Any] | None) -> None:
        while True:
            try:
                if connection is None:
                    self._held = False
                    connection = self._connected()
                    self.ring()
                # The server may take the connection that broke for alive, and its lock for held.
                self._held = self._held or self._holds(connection)
                if self._is_over(connection.fileno(), None if self._held else AGAIN):
                    break
                # Reads what has come: it may be much, and means no more than once.
                if any(True for _ in connection.notifies(timeout=0)):
                    self.ring()
            except (psycopg.Error, OSError, QueueError):
                if connection is not None:
                    connection.close()
                    connection = None
                if self._is_over(None, AGAIN):
                    break
        if connection is not None:
            connection.close()
        os.close(self._ending)

    def _is_over(self, descriptor: int | None, timeout: float | None) -> bool:
        """Wait until the descriptor can be read, or for the time; return whether to end."""
        poll = select.poll()
        poll.register(self._ending, select.POLLIN)
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
        found = poll.poll(None if timeout is None else timeout * 1000)
        return self._ending in dict(found)
