"""The journal of a SQLite file (its WAL): how long it may grow, and what of it is on the disk."""

import contextlib
import os
import sqlite3
import threading
import time
from pathlib import Path

WAL_TOO_LONG = 32 * 2**20
"""Bytes of a journal that readers have kept SQLite from beginning anew: it does so only in a moment
when nobody reads. Then who wants to read stands in line with those who write, until it is done."""

WAL_LOOK = 0.02
"""Seconds between two looks at how long the journal is, of those who read."""

WAL_STEP = 2**18
"""Bytes by which the journal is made longer at once: to flush what lies within a file takes half
the time of a flush that has to keep the file's new length as well."""

READERS_TIME = 200
"""Milliseconds that those who read without standing in line have to come to an end."""


class Journal:
    """The journal of one file. That of a database in memory is never opened, and does nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._flushing = threading.Lock()
        self._doubtful = False
        self._size = 0
        self._too_long, self._next_look, self._is_long = WAL_TOO_LONG, 0.0, False

    def open(self, path: Path) -> None:
        """Take the journal of the file at the path, in place of the one before."""
        # SQLite follows a link, and has the journal beside its target.
        self._keep(os.open(f"{os.path.realpath(path)}-wal", os.O_WRONLY | os.O_CLOEXEC))
        self._too_long, self._next_look = WAL_TOO_LONG, 0.0

    def close(self) -> None:
        """Let go of it."""
        self._keep(None)

    def is_long(self) -> bool:
        """Whether to read only when nobody else writes, and after `bound`."""
        if (now := time.monotonic()) >= self._next_look:
            self._next_look = now + WAL_LOOK
            self._is_long = _size(f"{self._path}-wal") >= self._too_long
        return self._is_long

    def bound(self, writer: sqlite3.Connection) -> None:
        """Begin it anew if it has grown too long, or a flush has failed; nobody else may write.

        Who reads for longer, as a backup does, keeps it; then this is tried again when it has
        grown by as much once more.
        """
        if self._descriptor is None:
            return
        self._size = size = os.fstat(self._descriptor).st_size
        if size < self._too_long and not self._doubtful:
            return
        (before,) = writer.execute("PRAGMA busy_timeout").fetchone()
        writer.execute(f"PRAGMA busy_timeout = {READERS_TIME}")
        try:
            busy, *_ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            writer.execute(f"PRAGMA busy_timeout = {before}")
        self._doubtful = self._doubtful and bool(busy)
        self._too_long = WAL_TOO_LONG + (size if busy else 0)
        self._next_look = 0.0

    def lengthen(self) -> None:
        """Make it longer than it has to be, if it has grown; call within a transaction.

        Nobody else adds to it then, another program included.
        """
        if self._descriptor is not None and self._size % WAL_STEP:
            # It is only for speed: whoever lacks the room is told when it is needed.
            with contextlib.suppress(OSError):
                size = os.fstat(self._descriptor).st_size
                os.pwrite(self._descriptor, bytes(-size % WAL_STEP), size)

    def flush(self) -> None:
        """Return when all that was committed is on the disk. Others may write meanwhile.

        SQLite with synchronous=FULL does the same within the commit, and so keeps everybody from
        writing for that long; with NORMAL it flushes before a journal's content is overwritten.
        Raises OSError, and from then on at each call, until `bound` could begin it anew.
        """
        with self._flushing:
            # The system tells of a failure once, and then takes what it has lost for written: what
            # is added to that is safe only when all of it is in the file itself.
            if self._doubtful:
                raise OSError("the journal could not be flushed: look at the disk")
            try:
                if self._descriptor is not None:
                    _flush(self._descriptor)
            except OSError:
                self._doubtful = True
                raise

    def _keep(self, descriptor: int | None) -> None:
        with self._flushing:
            before, self._descriptor = self._descriptor, descriptor
            if before is not None:
                os.close(before)


_flush = getattr(os, "fdatasync", os.fsync)
"""macOS has no fdatasync. What lies within a file's length needs no more than that."""


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - asked for each commit: pathlib costs
    except FileNotFoundError:
        return 0
