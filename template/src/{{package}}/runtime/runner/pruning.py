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
        self._left: dict[State, tuple[float, int]] = {}
        self._pruned = 0

    def round(self) -> float:
        """Delete a batch of each state if it is time; return the seconds until it is again."""
        if (left := self._due - time.monotonic()) > 0:
            return left
        self._left = self._left or {state: self._old(state) for state in FINAL}
        for state, up_to in list(self._left.items()):
            count = self._queue.prune(state, up_to, most=BATCH)
            self._pruned += count
            if count < BATCH:
                del self._left[state]
        if self._left:
            return 0.0
        if self._pruned:
            self._logger.info("Finished jobs pruned: {}", self._pruned)
        self._pruned = 0
        self._due = time.monotonic() + INTERVAL
        return INTERVAL

    def _old(self, state: State) -> tuple[float, int]:
        age, keep = self._settings.kept(state)
        return self._queue.old(state, age=age, keep=keep)
