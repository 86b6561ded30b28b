"""Count the runs that ended, for the charts and the metrics; written every few seconds.

A process that is killed takes its last counts with it, and a write that fails those it was for:
they are figures to look at, and nothing is decided by them.
"""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence

from ..job import State
from ..queue.overview import BOUNDS, Tally
from ..queue.protocol import Queue
from .dispatcher import Done

INTERVAL = 2.0
"""Seconds between two writes."""

OUTCOMES = {
    State.COMPLETED: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.SCHEDULED: "retried",
}


class Tallies:
    """What this process has counted and not yet written."""

    def __init__(self, queue: Queue, clock: Callable[[], float]) -> None:
        self._queue = queue
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[tuple[int, str, str, State, int], list[float]] = {}
        self._due = time.monotonic() + INTERVAL

    def add(self, ended: Sequence[Done]) -> None:
        """Count these runs."""
        minute = int(self._clock() // 60)
        with self._lock:
            for run in ended:
                job, seconds = run.job, run.seconds
                bucket = bisect_left(BOUNDS, seconds)
                key = (minute, job.queue, job.name, run.outcome.state, bucket)
                sums = self._counted.setdefault(key, [0, 0.0, 0.0])
                sums[0] += 1
                sums[1] += max((job.started_at or job.run_at) - job.run_at, 0.0)
                sums[2] += seconds

    def round(self) -> float:
        """Write what was counted, if it is time; return the seconds until it is again."""
        if (left := self._due - time.monotonic()) > 0:
            return left
        self._due = time.monotonic() + INTERVAL
        self.write()
        return INTERVAL

    def write(self) -> None:
        """Write what was counted. Raises QueueError, and then those are lost."""
        with self._lock:
            counted, self._counted = self._counted, {}
        tallies = [
            Tally(minute, queue, name, OUTCOMES[state], bucket, int(runs), waited, ran)
            for (minute, queue, name, state, bucket), (runs, waited, ran) in counted.items()
            if state in OUTCOMES
        ]
        if tallies:
            self._queue.tally(tallies)
