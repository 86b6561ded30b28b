"""The writer lock: one process at a time writes to a database file.

SQLite's own waiting is unfair (a writer among four waited 183 ms); a flock tried again every
fraction of a millisecond kept the worst wait near 10 ms.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_FIRST_PAUSE = 0.0001
_LONGEST_PAUSE = 0.002

_held_files: set[int] = set()


def _close_in_child() -> None:
    # A forked child must not keep what its parent's death is to release.
    for descriptor in _held_files:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held_files.clear()


os.register_at_fork(after_in_child=_close_in_child)


def open_private(path: Path, flags: int) -> int:
    """Open a file that this process alone holds: closed in forked and executed children.

    A file made by it is readable by its owner only. Give it back with `close_private`.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    _held_files.add(descriptor)
    return descriptor


def close_private(descriptor: int) -> None:
    """Close what `open_private` gave."""
    _held_files.discard(descriptor)
    os.close(descriptor)


class WriterLock:
    """A flock on a file of its own; the kernel releases it when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._descriptor = open_private(path, os.O_RDWR | os.O_CREAT)

    @contextlib.contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """Hold the lock. Raises TimeoutError, naming the holder, after `timeout` seconds."""
        self._acquire(timeout)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _acquire(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        pause = _FIRST_PAUSE
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"process {self.holder()} has held the writer lock for over {timeout:g} s"
                    ) from None
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE)
            else:
                os.pwrite(self._descriptor, b"%-12d" % os.getpid(), 0)
                return

    def holder(self) -> str:
        """Return the process id of whoever took the lock last."""
        return os.pread(self._descriptor, 12, 0).decode().strip() or "unknown"

    def close(self) -> None:
        """Close the file."""
        close_private(self._descriptor)
