"""The queue and the mutex on PostgreSQL, for several machines: the tables are Procrastinate's."""

import time
from collections.abc import Callable, Iterable

from ..errors import DiscoveryError
from .mutex import PostgresMutex
from .queue import PostgresQueue

__all__ = ["WEAKER", "PostgresMutex", "PostgresQueue", "open_queue"]

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
