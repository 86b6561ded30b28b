"""The writer lock: one process at a time writes to a database file.

SQLite's own waiting is unfair (a writer among four waited 183 ms); a flock tried again every
fraction of a millisecond kept the worst wait near 10 ms.
"""

import contextlib
import fcntl
import os
import signal
import time
from pathlib import Path

LOCK_TIMEOUT = 10.0
"""Seconds that a write waits for another process before it gives up with an error."""

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
    """A flock on a file of its own; the kernel releases it when its holder dies.

    A `with` block holds it. That raises TimeoutError, naming the holder, after LOCK_TIMEOUT. A
    holder that is stopped (as by SIGSTOP or Ctrl-Z) for all that time is killed: it would keep
    everybody from writing, and its jobs are taken back like those of any dead process.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._name = b"%-12d" % os.getpid()
        self._descriptor = self._open()

    # Two plain methods: a generator would take three times as long, at each commit.
    def __enter__(self) -> None:
        try:
            if not self._try():
                self._wait()
        except BaseException:
            # As on a full disk: what cannot be used must not be kept from the others either.
            self.release()
            raise

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """Let go of it, if it is held."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file."""
        close_private(self._descriptor)

    def _open(self) -> int:
        path = Path(self._path)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
        self._opened = os.fstat(descriptor)
        return descriptor

    def _wait(self) -> None:
        holder = self._holder()
        try:
            self._acquire()
        except TimeoutError:
            # If it is another by now, somebody else who waited has killed the one of before.
            if not self._kill_stopped_holder() and holder == self._holder():
                raise
            self._acquire()

    def _acquire(self) -> None:
        deadline = time.monotonic() + LOCK_TIMEOUT
        pause = _FIRST_PAUSE
        while not self._try():
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"process {self._holder()} has held the writer lock for over {LOCK_TIMEOUT:g} s"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if self._in_place():
            os.pwrite(self._descriptor, self._name, 0)
            return True
        # The file was deleted: a lock on what others cannot find excludes nobody.
        deleted, self._descriptor = self._descriptor, self._open()
        close_private(deleted)
        return False

    def _in_place(self) -> bool:
        try:
            return os.path.samestat(self._opened, os.stat(self._path))  # noqa: PTH116 - pathlib costs
        except FileNotFoundError:
            return False

    def _holder(self) -> str:
        return os.pread(self._descriptor, 12, 0).decode().strip() or "unknown"

    def _kill_stopped_holder(self) -> bool:
        holder = self._holder()
        if not (holder.isdigit() and self._is_stopped_with_lock_open(holder)):
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(holder), signal.SIGKILL)
        return True

    def _is_stopped_with_lock_open(self, holder: str) -> bool:
        # Only where /proc tells: in another container the number may be somebody else's.
        process = Path("/proc", holder)
        mine = os.fstat(self._descriptor)
        try:
            stopped = (process / "stat").read_text().rpartition(")")[2].split()[0] == "T"
            opened = [path.stat() for path in (process / "fd").iterdir() if path.exists()]
        except OSError:
            return False
        return stopped and any(os.path.samestat(mine, each) for each in opened)
