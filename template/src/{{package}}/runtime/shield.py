"""Keep a job's timeout out of code that it would tear apart.

A timeout raises an exception in the job's thread, wherever that is (runner/alarm.py). Code of ours
that a job calls, and that holds what others wait for, runs behind its thread's shield; the timeout
then comes right before or after it.
"""

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Shield:
    """One for each thread."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        """Who holds it keeps timeouts away from the thread."""
        self.afterwards: Callable[[], None] | None = None
        """Called by the thread as it comes out: a timeout that found it behind its shield."""
        self.depth = 0
        """How many shielded functions the thread is in."""

    def take_afterwards(self) -> None:
        """Call what has waited for the thread to come out."""
        waited, self.afterwards = self.afterwards, None
        if waited is not None:
            waited()


class _Mine(threading.local):
    def __init__(self) -> None:
        self.shield = Shield()


_mine = _Mine()


def my_shield() -> Shield:
    """Return the shield of this thread."""
    return _mine.shield


def shielded(function: Callable[P, T]) -> Callable[P, T]:
    """Have a function run as a whole: for short ones, as its job's timeout waits for it."""

    @functools.wraps(function)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        shield = _mine.shield
        with shield.lock:
            shield.depth += 1
            try:
                # What was raised while this waited for the lock comes before the first line of
                # the function: Python looks for it as it enters one of its own.
                return function(*args, **kwargs)
            finally:
                shield.depth -= 1
                if shield.afterwards is not None and not shield.depth:
                    shield.take_afterwards()

    return whole
