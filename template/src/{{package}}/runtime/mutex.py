"""Let one job worker at a time do something, over all threads and processes of this machine."""

import contextlib
import fcntl
import os
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from .errors import MutexError, MutexTimeoutError
from .shield import shielded
from .storage.lock import close_private, open_private

THREAD_STEP = 0.05
PROCESS_STEP = 0.005


class Mutex:
    """A lock to be held in `with mutex:`, or by `acquire` and `release`.

    A thread lock, and under it a flock on `path`, which the kernel releases when its process dies,
    however it dies; a forked child does not hold it. Without a path it holds for the threads of
    this process only.

    What it cannot do: hold across machines (nor on a network's file system); be taken twice by one
    thread, which raises at once; be fair, as whoever comes at the right moment is next.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        # One that knows its thread: a timeout can strike before anything else is noted.
        self._threads = threading.RLock()
        self._holder: int | None = None
        self._held: Any = None
        forget = weakref.WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (call := forget()) and call())

    def acquire(self, timeout: float | None = None) -> None:
        """Wait until this thread holds the mutex; without `timeout`, in seconds, for ever.

        The wait is made of short steps, so Ctrl-C and a job's timeout end it. Raises
        MutexTimeoutError; MutexError if this thread holds it already, or the file is of no use.
        """
        if self._holder == threading.get_ident():
            raise MutexError("this thread holds the mutex already; leave its `with` block first")
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        try:
            while not self._threads.acquire(timeout=step(THREAD_STEP, deadline)):
                check(deadline, timeout, "another thread of this process holds it")
            self._held = self._lock_outside(deadline, timeout)
            self._holder = threading.get_ident()
        except BaseException:
            self._let_go()
            raise

    def release(self) -> None:
        """Let the next one in. Raises MutexError if this thread does not hold the mutex."""
        if not self.release_if_held():
            raise MutexError("this thread does not hold the mutex, so it cannot release it")

    def release_if_held(self) -> bool:
        """Let the next one in if this thread holds the mutex; return whether it did."""
        return self._holder == threading.get_ident() and self._let_go()

    @shielded
    def _let_go(self) -> bool:
        # Taken once more, this lock is this thread's; if another has it, so is all the rest.
        if not self._threads.acquire(blocking=False):
            return False
        self._holder = None
        held, self._held = self._held, None
        if held is not None:
            self._unlock_outside(held)
        self._threads.release()
        with contextlib.suppress(RuntimeError):  # raised if it was nobody's before
            self._threads.release()
        return True

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _lock_outside(self, deadline: float, timeout: float | None) -> Any:
        """Keep other processes out; return what to let them in with, if anything."""
        return None if self._path is None else _lock_file(self._path, deadline, timeout)

    def _unlock_outside(self, held: Any) -> None:
        # Unlocked first: a child that is being forked may have the file open for a moment.
        fcntl.flock(held, fcntl.LOCK_UN)
        close_private(held)

    def _forget(self) -> None:
        # In a forked child, whose copy of the descriptor storage/lock.py has closed.
        self._threads = threading.RLock()
        self._holder = self._held = None


def _lock_file(path: Path, deadline: float, timeout: float | None) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise MutexError(f"{path}: {error.strerror}: let this user write there") from error
    try:
        while not _try_flock(descriptor):
            holder = os.pread(descriptor, 12, 0).decode().strip()
            check(deadline, timeout, f"process {holder} holds it")
            time.sleep(step(PROCESS_STEP, deadline))
        os.pwrite(descriptor, b"%-12d" % os.getpid(), 0)
        in_place = _is_at(path, descriptor)
    except BaseException:
        close_private(descriptor)
        raise
    if in_place:
        return descriptor
    # Deleted meanwhile: whoever comes next meets another one.
    close_private(descriptor)
    return _lock_file(path, deadline, timeout)


def _is_at(path: Path, descriptor: int) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False


def _try_flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def step(length: float, deadline: float) -> float:
    """Return the seconds to wait: `length`, or what is left until the deadline."""
    return max(0.0, min(length, deadline - time.monotonic()))


def check(deadline: float, timeout: float | None, reason: str) -> None:
    """Raise MutexTimeoutError after the deadline."""
    if timeout is not None and time.monotonic() >= deadline:
        raise MutexTimeoutError(f"the mutex was not free within {timeout:g} s: {reason}")
