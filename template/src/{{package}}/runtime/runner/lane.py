"""The worker threads that one queue has for itself, or that all other queues share."""

import time
from queue import Empty, SimpleQueue

from ..job import Job

HORIZON = 0.01
"""Seconds of work to claim beyond the free threads: enough to never run dry, and no more than
other processes and higher priorities can wait for."""

MEASURED_OVER = 0.02
"""Seconds over which the rate is measured; a single quick job says little about it."""

LARGEST_CLAIM = 500
LONGEST_HOLD = 0.1
"""Seconds after which a claimed job that no thread could start is given back."""


class Lane:
    """Counts what its threads hold, and so what may be claimed for them."""

    def __init__(self, threads: int) -> None:
        self.inbox: SimpleQueue[Job | None] = SimpleQueue()
        """Claimed jobs, for the threads; None sends one thread home."""
        self.low_water = 0
        """When no more than these wait, the dispatcher has to claim again: at once, so that SQLite
        works while the threads do."""
        self._threads = threads
        self._held = 0
        self._ahead = 0
        self._ended = 0
        self._measured_since = self._last_start = time.monotonic()

    def wanted(self) -> int:
        """Return how many jobs to claim."""
        return min(max(self._threads + self._ahead - self._held, 0), LARGEST_CLAIM)

    def start(self, jobs: list[Job]) -> None:
        """Hand claimed jobs to the threads."""
        self._last_start = time.monotonic()
        self._held += len(jobs)
        self.low_water = len(jobs)
        for job in jobs:
            self.inbox.put(job)

    def end(self, count: int, now: float) -> None:
        """Take note of what the threads have ended since the last call."""
        self._held -= count
        self._ended += count
        if count:
            self._last_start = now
        if now - self._measured_since >= MEASURED_OVER:
            self._ahead = int(self._ended / (now - self._measured_since) * HORIZON)
            self._measured_since, self._ended = now, 0

    def take_back(self) -> list[Job]:
        """Return the jobs that no thread has begun."""
        taken: list[Job] = []
        while True:
            try:
                job = self.inbox.get_nowait()
            except Empty:
                self._held -= len(taken)
                return taken
            if job is not None:
                taken.append(job)

    def is_late(self, now: float) -> bool:
        """Whether jobs were claimed ahead, and then every thread met a long one."""
        return now - self._last_start >= LONGEST_HOLD
