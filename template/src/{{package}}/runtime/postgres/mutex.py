"""The app's mutex over several machines: an advisory lock of PostgreSQL."""

import time
from typing import Any

import psycopg

from ..errors import MutexError, QueueError
from ..mutex import Mutex, check, step
from .database import PostgresDatabase, explained

STEP = 0.02
"""Seconds between two attempts."""

_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 2))"


class PostgresMutex(Mutex):
    """A lock over all machines, held by a connection of its own.

    PostgreSQL releases it when the process that holds it dies, but also when that connection is
    lost, as at a restart of the server: whoever holds it then is not told.
    """

    def __init__(self, server: PostgresDatabase) -> None:
        super().__init__()
        self._server = server

    def _lock_outside(self, deadline: float, timeout: float | None) -> psycopg.Connection[Any]:
        try:
            connection = self._server.connect()
            try:
                while True:
                    with explained(self._server.url):
                        ((taken,),) = connection.execute(_TRY, (self._server.schema,)).fetchall()
                    if taken:
                        return connection
                    check(deadline, timeout, "another process holds it")
                    time.sleep(step(STEP, deadline))
            except BaseException:
                connection.close()
                raise
        except QueueError as error:
            raise MutexError(str(error)) from error

    def _unlock_outside(self, held: psycopg.Connection[Any]) -> None:
        held.close()
