"""`worker --processes N`: start worker processes, replace those that die, end them together."""

import contextlib
import math
import signal
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from ..errors import AppError
from ..logs import configure_logging
from ..settings import Settings
from ..signals import STOP_SIGNALS, Stops, end_at_once
from .child import TICK, Child, Work

QUICK_END = 5.0
"""Seconds: a process that ends sooner has probably met what its successor will meet as well."""

LONGEST_DELAY = 30.0
MARGIN = 3.0
"""Seconds beyond the jobs' grace after which a process that does not end is killed."""


def restart_delay(quick_ends: int) -> float:
    """Return the seconds to wait after so many quick ends in a row: 0, 1, 2, 4 and on to 30."""
    return min(2.0 ** min(quick_ends - 1, 10), LONGEST_DELAY) if quick_ends else 0.0


@dataclass
class Place:
    """Where one worker process stands, and then its successor."""

    child: Child | None = None
    first: bool = True
    quick_ends: int = 0
    due: float = 0.0
    """When the next process starts, by the steady clock."""

    def clear(self, lived: float) -> float:
        """Make room after a process that `lived` so long; return the seconds to the next."""
        self.quick_ends = self.quick_ends + 1 if lived < QUICK_END else 0
        delay = restart_delay(self.quick_ends)
        self.child, self.first, self.due = None, False, time.monotonic() + delay
        return delay


class Supervisor:
    """Keeps `count` processes at work until a signal stops them; a second one kills them."""

    def __init__(self, work: Work, count: int, settings: Settings) -> None:
        self._work = work
        self._places = [Place() for _ in range(count)]
        self._patience = settings.jobs_grace + MARGIN
        self._logger = configure_logging(settings)
        # What a signal handler may fill, whatever it interrupts; not so an Event.
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._stops = Stops()
        self._stopping = False
        self._deadline = math.inf
        self._refusal = ""

    def run(self) -> None:
        """Return when all have ended. Raises AppError if one of the first could not begin."""
        for each in (*STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(each, lambda number, _frame: self._signals.put(number))
        try:
            while self._look_after_all():
                self._wait()
        finally:
            self._stop()
        if self._refusal:
            raise AppError(self._refusal)

    def _look_after_all(self) -> bool:
        for place in self._places:
            if place.child and (end := place.child.take_end()):
                self._replace(place, place.child, *end)
            if not (place.child or self._stopping) and place.due <= time.monotonic():
                self._fill(place)
        if time.monotonic() > self._deadline:
            self._logger.error("Worker processes did not end in time: killing them")
            self._deadline = math.inf
            self._kill()
        return not self._stopping or bool(self._children())

    def _fill(self, place: Place) -> None:
        try:
            place.child = Child(self._work)
        except OSError as error:
            delay = place.clear(0.0)
            self._logger.error("No process can be started: {}; next try in {:g} s", error, delay)
        else:
            self._logger.info("Worker process {} started", place.child.pid)

    def _replace(self, place: Place, child: Child, how: str, refusal: str) -> None:
        first = place.first
        delay = place.clear(time.monotonic() - child.started)
        if first and refusal and not self._stopping:
            self._refusal = refusal
            self._stop()
        if not self._stopping:
            when = f"in {delay:g} s" if delay else "at once"
            self._logger.warning("Worker process {} {}; the next starts {}", child.pid, how, when)

    def _wait(self) -> None:
        now = time.monotonic()
        due = [place.due for place in self._places if not (place.child or self._stopping)]
        with contextlib.suppress(Empty):
            number = self._signals.get(timeout=max(0.0, min([now + TICK, *due]) - now))
            if number in STOP_SIGNALS and self._stops.is_second(number):
                self._kill()
                end_at_once(number)
            if number in STOP_SIGNALS and not self._stopping:
                self._logger.info("Stopping the worker processes")
                self._stop()

    def _stop(self) -> None:
        self._stopping = True
        self._deadline = time.monotonic() + self._patience
        for child in self._children():
            child.stop()

    def _kill(self) -> None:
        for child in self._children():
            child.kill()

    def _children(self) -> list[Child]:
        return [place.child for place in self._places if place.child]
