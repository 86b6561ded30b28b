"""How jobs tell that they have ended, outside any queue: some bytes of shared memory a thread."""

import itertools
import mmap
import os
import struct
import threading
import time
from pathlib import Path
from typing import NamedTuple

_SLOT = struct.Struct("ddq")
"""When the first one ended and when the last one, in seconds of the steady clock; how many."""

_LATENCY = struct.Struct("d")
_SLOTS = 256
"""Threads that a process may have over time."""


class Tally(NamedTuple):
    """The jobs that have ended, in all processes."""

    ended: int
    first: float
    last: float

    @property
    def rate(self) -> float:
        """Jobs per second from the first end to the last."""
        return (self.ended - 1) / (self.last - self.first) if self.ended > 1 else 0.0


class Marks:
    """Written by the jobs of one process; a mark costs less than a microsecond."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._own = threading.local()
        self._slots = itertools.count()
        self._map: mmap.mmap | None = None

    def ended(self) -> None:
        """Note that a job of this thread ends now."""
        now = time.monotonic()
        own = self._own
        try:
            own.count += 1
        except AttributeError:
            own.map, own.offset = self._take_slot()
            own.count, own.first = 1, now
        # In one piece: pack_into writes zeros first, and who reads might meet them.
        own.map[own.offset : own.offset + _SLOT.size] = _SLOT.pack(own.first, now, own.count)

    def began(self, scheduled: float) -> None:
        """Note how long a job has waited that was scheduled at `scheduled` and begins now."""
        latency = _LATENCY.pack(time.monotonic() - scheduled)
        with (self._folder / "latencies").open("ab", buffering=0) as file:
            file.write(latency)

    def _take_slot(self) -> tuple[mmap.mmap, int]:
        with self._lock:
            if self._map is None:
                # Under its name when it is whole: it may be read at any time.
                path = self._folder / f"new-{os.getpid()}"
                path.write_bytes(bytes(_SLOTS * _SLOT.size))
                with path.open("r+b") as file:
                    self._map = mmap.mmap(file.fileno(), 0)
                path.rename(self._folder / f"marks-{os.getpid()}")
            return self._map, next(self._slots) * _SLOT.size


def read_tally(folder: Path) -> Tally:
    """Add up what the jobs have marked so far."""
    slots = [
        slot
        for path in folder.glob("marks-*")
        for slot in _SLOT.iter_unpack(path.read_bytes())
        if slot[2]
    ]
    if not slots:
        return Tally(0, 0.0, 0.0)
    firsts, lasts, counts = zip(*slots, strict=True)
    return Tally(sum(counts), min(firsts), max(lasts))


def read_latencies(folder: Path) -> list[float]:
    """Return the seconds that each paced job has waited, shortest first."""
    path = folder / "latencies"
    return sorted(each for (each,) in _LATENCY.iter_unpack(path.read_bytes()))
