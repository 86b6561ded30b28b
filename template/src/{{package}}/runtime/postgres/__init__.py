"""The queue and the mutex on PostgreSQL, for several machines: the tables are Procrastinate's."""

import time
from collections.abc import Callable, Iterable

from ..errors import DiscoveryError
from .mutex import PostgresMutex
from .queue import WEAKER, PostgresQueue

__all__ = ["WEAKER", "PostgresMutex", "PostgresQueue", "open_queue"]

LONGEST_NAME = 128


def open_queue(
    url: str,
    *,
    schema: str,
    jobs: Iterable[str],
    tell: Callable[[str], object],
    clock: Callable[[], float] = time.time,
) -> tuple[PostgresQueue, PostgresMutex]:
    """Return the queue and the mutex in a schema of the database, which is made if need be.

    `jobs` are the names of all jobs; `tell` is called with each fault of the server's settings.
    Raises QueueError if the server cannot be used; DiscoveryError, naming it, for a job that
    cannot be kept.
    """
    for name in jobs:
        if len(name) > LONGEST_NAME:
            raise DiscoveryError(
                f"jobs/{name}.py: name: Procrastinate keeps {LONGEST_NAME} characters, and this "
                f"one has {len(name)}; rename the file"
            )
    queue = PostgresQueue(url, schema, clock=clock)
    for fault in queue.faults():
        tell(fault)
    return queue, queue.mutex()
