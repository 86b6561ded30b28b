"""Raise JobTimeout in a job's thread when its time is up, and tell of one that does not end.

Python can raise an exception in another thread, but that thread meets it only when it runs Python
code again: not within `time.sleep`, a query, a request or a long C function. Give those a timeout
of their own. A coroutine is stopped by asyncio instead, where it awaits.
"""

import ctypes
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ..errors import JobTimeout

STUCK_AFTER = 5.0
"""Seconds after its timeout when a run that still goes on counts as stuck."""

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Watch:
    """One run's time limit, kept while its `with` block lasts."""

    def __init__(self, alarm: "Alarm", seconds: float, on_stuck: Callable[[], None]) -> None:
        self.due = time.monotonic() + seconds
        self.on_stuck = on_stuck
        self.rung = self.over = False
        self._alarm = alarm
        self._thread = ctypes.c_ulong(threading.get_ident())
        self._interrupts = True

    def only_watch(self) -> None:
        """Leave it to another to end the run in time."""
        self._interrupts = False

    def ring(self) -> None:
        """End the run, or tell that this has not helped. Called by the alarm, under its lock."""
        if not self.rung:
            self.rung = True
            self.due += STUCK_AFTER
            if self._interrupts:
                _raise_in(self._thread, ctypes.py_object(JobTimeout))
        else:
            self.over = True
            self.on_stuck()

    def end(self) -> None:
        """Nothing is raised by this watch any more when this has returned."""
        with self._alarm.changed:
            self.over = True
            if self.rung and self._interrupts:
                _raise_in(self._thread, None)

    def __enter__(self) -> Self:
        self._alarm.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        try:
            self.end()
        except JobTimeout:
            # It came at the last moment, and it comes once.
            self.end()
            if kind is None:
                raise


class Alarm:
    """The thread that looks at the watches; it is begun with the first."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._watches: list[tuple[float, int, Watch]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None

    def limit(self, seconds: float, on_stuck: Callable[[], None]) -> Watch:
        """Return a watch on the calling thread, to be entered: JobTimeout ends what takes longer.

        `on_stuck` is called, by the alarm's thread, when that has not ended it.
        """
        return Watch(self, seconds, on_stuck)

    def add(self, watch: Watch) -> None:
        """Look at a watch when it is due."""
        with self.changed:
            heapq.heappush(self._watches, (watch.due, next(self._order), watch))
            self.changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(name="alarm", target=self._run, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        with self.changed:
            while True:
                while self._watches and self._watches[0][2].over:
                    heapq.heappop(self._watches)
                if not self._watches:
                    self.changed.wait()
                elif (left := self._watches[0][0] - time.monotonic()) > 0:
                    self.changed.wait(left)
                else:
                    watch = heapq.heappop(self._watches)[2]
                    watch.ring()
                    if not watch.over:
                        heapq.heappush(self._watches, (watch.due, next(self._order), watch))
