"""When a log file is put aside and a new one begun, for several processes that write to it."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import TextIO


class Rotation:
    """Loguru's own renames without a lock: of two processes at once, one would lose its lines.

    `is_due` is loguru's `rotation`, `tidy` its `retention`; between the two it renames the file.
    """

    def __init__(self, path: Path, limit: int, kept: int) -> None:
        self._path = path
        self._limit = limit
        self._kept = kept
        self._lock: int | None = None

    def is_due(self, message: str, file: TextIO) -> bool:
        """Whether the file is full; then it is locked until `tidy`, and no other's is due."""
        self._unlock()
        size = file.seek(0, os.SEEK_END)
        if not self._limit or size == 0 or size + len(message) <= self._limit:
            return False
        self._lock = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                return True
        self._unlock()
        return False

    def tidy(self, files: list[str]) -> None:
        """Delete the oldest of the files that were put aside."""
        aside = [Path(file) for file in files if Path(file) != self._path]
        for old in sorted(aside, key=lambda each: each.stat().st_mtime_ns)[: -self._kept]:
            old.unlink(missing_ok=True)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
