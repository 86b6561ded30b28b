"""Figures that take a while to count, and are shown for a while."""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

SHARE = 50
"""A figure is shown again for this many times as long as it took, so that an open page takes little
of the machine from the jobs."""


class Figures:
    """Remembers figures by their names, for many threads."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._kept: dict[str, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def get(self, name: str, count: Callable[[], T]) -> T:
        """Return what `count` does, or did a moment ago."""
        with self._lock:
            good_until, value = self._kept.get(name, (0.0, None))
            began = self._steady()
            if began >= good_until:
                value = count()
                ended = self._steady()
                self._kept[name] = (ended + SHARE * (ended - began), value)
            figure: T = value
            return figure
