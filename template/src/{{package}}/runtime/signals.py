"""How a process learns that it has to end: a signal, a second one, the end of its parent."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

SAME_SIGNAL = 0.5
"""Seconds within which a second signal is the first once more: who ends a group of processes
reaches this one directly, and again through a parent that passes signals on, as `uv run` does."""

_handled: set[int] = set()


def handle(number: int, handler: Callable[[int, FrameType | None], None]) -> None:
    """Have a signal handled in this process, but not in those that a job forks."""
    _handled.add(number)
    signal.signal(number, handler)


def _die_of_signals() -> None:
    # Who ends such a process would wait for ever. And it may handle them in its own way.
    for number in _handled:
        default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, default)


os.register_at_fork(after_in_child=_die_of_signals)


class Stops:
    """Tells a second signal to stop from a first one that comes twice."""

    def __init__(self) -> None:
        self._first: tuple[int, float] | None = None

    def is_second(self, number: int) -> bool:
        """Take a signal; return whether somebody has lost patience."""
        now = time.monotonic()
        if self._first is None:
            self._first = (number, now)
        first, since = self._first
        return number != first or now - since > SAME_SIGNAL


def end_at_once(number: int) -> None:
    """End the process without any clean-up, as a kill would; nothing in the queue is lost."""
    os._exit(128 + number)


def end_within(seconds: float) -> None:
    """End the process so soon at the latest: Python waits for threads that somebody began."""
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()


def watch_parent(on_end: Callable[[], None]) -> None:
    """Call `on_end`, in a thread of its own, when the process that spawned this one has died."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        on_end()

    threading.Thread(target=watch, daemon=True).start()
