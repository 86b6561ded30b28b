"""Raise JobTimeout in a job's thread when its time is up, and tell of one that does not end.

Python can raise an exception in another thread, but that thread meets it only when it runs Python
code again: not within `time.sleep`, a query, a request or a long C function. Give those a timeout
of their own. A coroutine is stopped by asyncio instead, where it awaits.
"""

import ctypes
import math
import threading
import time
from collections.abc import Callable

from ..errors import JobTimeout
from ..shield import my_shield, shielded

STUCK_AFTER = 5.0
"""Seconds after its timeout when a run that still goes on counts as stuck. After half of them the
exception is raised once more: Python drops one that comes while it tidies up (in `__del__`)."""

AGAIN = 0.01
"""Seconds until the alarm looks again at a thread that it found behind its shield."""

IDLE = 10.0
"""Seconds without a watch after which the alarm's thread ends."""

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Watch:
    """The time limit of one run, made in the thread of that run."""

    def __init__(self, seconds: float, on_stuck: Callable[[], None]) -> None:
        self.due = time.monotonic() + seconds
        """When the alarm has to look at it, by the steady clock."""
        self.on_stuck = on_stuck
        self._stuck_at = self.due + STUCK_AFTER
        self._shield = my_shield()
        self._thread = ctypes.c_ulong(threading.get_ident())
        self._interrupts = True
        self._over = self._raised = False
        self._not_before = self.due

    @shielded
    def only_watch(self) -> None:
        """Leave it to another to end the run in time. For the thread of the run."""
        self._interrupts = False
        self._take_back()

    @shielded
    def end(self) -> None:
        """Nothing is raised by this watch any more when this has returned. For the same thread."""
        self._over = True
        self._take_back()

    def ring(self, now: float) -> bool:
        """End the run if its time is up; return True, once, if that has not helped.

        For the alarm's thread.
        """
        if self._over or now < self.due:
            return False
        if now >= self._stuck_at:
            self._over = True
            return True
        wait = STUCK_AFTER / 2 if self._try_to_raise() else AGAIN
        self.due = min(now + wait, self._stuck_at)
        return False

    def _try_to_raise(self) -> bool:
        # With the lock in hand: the thread is not behind its shield, nor in `end`.
        if not self._shield.lock.acquire(blocking=False):
            self._shield.afterwards = self._raise_here
            return False
        try:
            if self._is_to_raise():
                _raise_in(self._thread, ctypes.py_object(JobTimeout))
        finally:
            self._shield.lock.release()
        return True

    def _raise_here(self) -> None:
        if self._is_to_raise():
            raise JobTimeout

    def _is_to_raise(self) -> bool:
        now = time.monotonic()
        if self._over or not self._interrupts or now < self._not_before:
            return False
        self._raised, self._not_before = True, now + STUCK_AFTER / 2
        return True

    def _take_back(self) -> None:
        if self._raised:
            _raise_in(self._thread, None)


class Alarm:
    """A thread that looks at the watches, while there are any."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watches: set[Watch] = set()
        self._next_look = math.inf
        self._thread: threading.Thread | None = None

    @shielded
    def begin(self, watch: Watch) -> None:
        """Look at a watch when it is due, until it is ended."""
        self._watches.add(watch)
        with self._changed:
            if watch.due < self._next_look:
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(name="alarm", target=self._run, daemon=True)
                self._thread.start()

    @shielded
    def end(self, watch: Watch) -> None:
        """End a watch: nothing is raised by it any more when this has returned."""
        watch.end()
        self._watches.discard(watch)

    def _run(self) -> None:
        while True:
            for watch in list(self._watches):
                if watch.ring(time.monotonic()):
                    self._watches.discard(watch)
                    watch.on_stuck()
            with self._changed:
                self._next_look = min((each.due for each in list(self._watches)), default=math.inf)
                left = self._next_look - time.monotonic()
                self._changed.wait(min(max(left, 0.0), IDLE))
                if left > IDLE and not self._watches:
                    self._thread = None
                    return
