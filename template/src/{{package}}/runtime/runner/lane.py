"""The worker threads that one queue has for itself, or that all other queues share."""

import contextlib
import select
import threading
import time
from collections import deque
from collections.abc import Sequence

from ..job import Job

HORIZON = 0.01
"""Seconds of work to claim beyond the free threads: enough to never run dry, and no more than
other processes and higher priorities can wait for."""

MEASURED_OVER = 0.02
"""Seconds over which the rate is measured; a single quick job says little about it."""

QUICK = 0.00002
"""Seconds; jobs that take less wait for nothing but memory, and only one thread at a time computes
in Python. Then one thread runs them all sooner than ten that take turns."""

LOOK = 0.001
"""Seconds after which another thread is woken: the one that runs quick jobs met a long one, or the
one that was woken has not come, as its processor is busy with something else."""

MIXED = 0.002
"""Seconds; a job that takes more is long, and quick ones beside it are to wait for none of them."""

MIXED_FOR = 0.05
"""Seconds after a long job in which no thread rests while jobs wait."""

LARGEST_CLAIM = 500
LONGEST_HOLD = 0.1
"""Seconds after which a claimed job that no thread could start is given back."""


class Seat:
    """What a worker thread has for itself."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        """What it waits on."""
        self.turn.acquire()
        self.slow = 2
        """How many of its last jobs were not quick. One may be so by chance, as the interpreter was
        taken from it. Before it has run any, nothing is known of them."""
        self.met_long = False
        """Whether its last job was a long one."""
        self._look_at_nothing = select.poll().poll

    def ran(self, seconds: float) -> None:
        """Take note of a job."""
        self.slow = 0 if seconds < QUICK else self.slow + 1
        self.met_long = seconds > MIXED

    def let_others_go(self) -> None:
        """Give the interpreter away, if somebody wants it."""
        # time.sleep(0) does sleep, if shortly, and os.sched_yield() keeps the interpreter.
        self._look_at_nothing(0)


class Lane:
    """Hands jobs to its threads, and counts what they hold, and so what may be claimed for them."""

    def __init__(self, threads: int) -> None:
        self.low_water = 0
        """When no more than these wait, the dispatcher has to claim again: at once, so that SQLite
        works while the threads do."""
        self._threads = threads
        self._waiting: deque[Job | None] = deque()
        self._idle: list[Seat] = []
        self._one_comes = False
        self._last_taker: Seat | None = None
        self._taken_at = self._woken_at = self._mixed_until = 0.0
        # Who schedules hands jobs over as well, besides the dispatcher.
        self._lock = threading.Lock()
        self._held = 0
        self._ahead = 0
        self._ended = 0
        self._measured_since = self._last_start = time.monotonic()

    def waiting(self) -> int:
        """Return how many jobs wait for a thread."""
        return len(self._waiting)

    def wanted(self) -> int:
        """Return how many jobs to claim."""
        return min(max(self._threads + self._ahead - self._held, 0), LARGEST_CLAIM)

    def hold(self, count: int) -> None:
        """Count jobs that are claimed, or fewer if `count` is negative."""
        with self._lock:
            self._held += count

    def put(self, jobs: Sequence[Job | None]) -> bool:
        """Hand jobs to the threads, None to send one home; False if there are too few idle ones."""
        with self._lock:
            if not self._waiting:
                self._last_start = time.monotonic()
            self._waiting.extend(jobs)
            enough = len(self._waiting) <= len(self._idle) + self._one_comes
            self._wake_one()
        return enough

    def take(self, seat: Seat) -> Job | None:
        """Return the next job for the thread on this seat; None: go home."""
        if seat.met_long:
            self._mixed_until = time.monotonic() + MIXED_FOR
        mixed = time.monotonic() < self._mixed_until
        if not mixed and seat.slow < 2:
            # Such jobs never let go of the interpreter, and the dispatcher needs it at each step.
            seat.let_others_go()
        last = self._last_taker
        if not (mixed or seat.slow or last is None or last is seat or last.slow):
            # Not whoever took the last job, so one goes on. If that is a long one, `nudge` finds
            # out; and who rests looks too, as the dispatcher may be held up.
            self._rest(seat, LONGEST_HOLD)
        while True:
            try:
                job = self._waiting.popleft()
            except IndexError:
                self._rest(seat)
                continue
            self._last_taker, self._taken_at = seat, time.monotonic()
            if (mixed or seat.slow > 1) and self._waiting and self._idle:
                with self._lock:
                    self._wake_one()
            return job

    def _rest(self, seat: Seat, most: float = -1) -> None:
        # Without `most` until there is something to do.
        with self._lock:
            if most < 0 and self._waiting:
                return
            self._idle.append(seat)
        if not seat.turn.acquire(timeout=most):
            with self._lock:
                if seat in self._idle:
                    self._idle.remove(seat)
                    return
            seat.turn.acquire()  # it was woken in this moment
        with self._lock:
            self._one_comes = False
            if 1 < len(self._waiting) <= self._threads:
                self._wake_one()

    def nudge(self, now: float) -> bool:
        """Wake a thread if none has taken a job for LOOK; False if that will not be needed.

        Another one, if the last to be woken has not come: the system may be late to run it.
        """
        last = self._last_taker
        if not self._waiting or not (self._idle or (last is not None and not last.slow)):
            return False
        if now - self._taken_at >= LOOK:
            with self._lock:
                if self._idle and now - self._woken_at >= LOOK:
                    self._one_comes = False
                self._wake_one()
        return True

    def _wake_one(self) -> None:
        # One after the other, each by the one before: all at once would only wait for each other to
        # let go of the interpreter, and short jobs are done by the first. Who became idle last is
        # quickest to wake.
        if self._idle and not self._one_comes:
            self._one_comes, self._woken_at = True, time.monotonic()
            self._idle.pop().turn.release()

    def end(self, count: int, now: float) -> None:
        """Take note of what the threads have ended since the last call."""
        self.hold(-count)
        self._ended += count
        if count:
            self._last_start = now
        if now - self._measured_since >= MEASURED_OVER:
            self._ahead = int(self._ended / (now - self._measured_since) * HORIZON)
            self._measured_since, self._ended = now, 0

    def take_back(self) -> list[Job]:
        """Return the jobs that no thread has begun."""
        taken: list[Job | None] = []
        with contextlib.suppress(IndexError):
            while True:
                taken.append(self._waiting.popleft())
        jobs = [job for job in taken if job is not None]
        self.hold(-len(jobs))
        return jobs

    def is_late(self, now: float) -> bool:
        """Whether jobs were claimed ahead, and then every thread met a long one."""
        return now - self._last_start >= LONGEST_HOLD
