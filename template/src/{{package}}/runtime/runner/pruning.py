"""Delete finished jobs that nobody will look at any more, so that the file does not only grow."""

import time
from typing import TYPE_CHECKING

from ..job import FINAL, State
from ..queue.protocol import Queue
from ..settings import Settings

if TYPE_CHECKING:
    from loguru import Logger

INTERVAL = 10.0
"""Seconds between two looks, if there is little to delete."""

BATCH = 1000
"""Jobs deleted in one transaction: some milliseconds, for which others wait."""


class Pruning:
    """Keeps what the settings JOBS_KEEP_... say, and deletes the rest, counted."""

    def __init__(self, queue: Queue, settings: Settings, logger: "Logger") -> None:
        self._queue = queue
        self._settings = settings
        self._logger = logger
        self._due = time.monotonic() + INTERVAL
        self._pruned = 0

    def round(self) -> float:
        """Delete a batch of each state if it is time; return the seconds until it is again."""
        if (left := self._due - time.monotonic()) > 0:
            return left
        settings, most = self._settings, 0
        for state in FINAL:
            completed = state is State.COMPLETED
            age = settings.jobs_keep_completed if completed else settings.jobs_keep_failed
            count = self._queue.prune(state, age=age, keep=settings.jobs_keep_most, most=BATCH)
            self._pruned += count
            most = max(most, count)
        if most < BATCH:
            if self._pruned:
                self._logger.info("Finished jobs pruned: {}", self._pruned)
            self._pruned = 0
            self._due = time.monotonic() + INTERVAL
        return max(self._due - time.monotonic(), 0.0)
