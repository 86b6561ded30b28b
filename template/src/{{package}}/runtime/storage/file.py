"""A SQLite file on the disk: opened, brought up to date, locked, and watched in its place."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from .lock import WriterLock

OLDEST_SQLITE = (3, 38, 0)
LOCK_TIMEOUT = 10.0
"""Seconds that a write waits for another process before it gives up with an error."""

WAL_LIMIT = 64 * 2**20
"""Bytes to which the journal is cut back after it had to grow."""


class FileError(OSError):
    """The file is not as it was left, or not for this version; the text says what to do."""


class DatabaseFile:
    """The file, its lock and its writing connection. Without a path, a database in memory."""

    def __init__(self, path: Path | None, scripts: Sequence[str]) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise FileError(
                f"SQLite {sqlite3.sqlite_version} is too old: use a Python that has 3.38 or later"
            )
        self.path = path
        self._scripts = scripts
        self._lock: WriterLock | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = WriterLock(path.with_name(path.name + ".lock"))
        with self.exclusive():
            self._open()

    def connect(self) -> sqlite3.Connection:
        """Return a new connection, to be used by one thread at a time."""
        return sqlite3.connect(
            self.path or ":memory:",
            timeout=LOCK_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes from writing. Raises TimeoutError naming the one that does."""
        if self._lock is None:
            yield
        else:
            with self._lock.held(LOCK_TIMEOUT):
                yield

    def check_in_place(self) -> None:
        """Raise FileError if the file at the path is not the open one any more.

        What the open one holds is saved beside it first: it was acknowledged.
        """
        if self.path is None or self._identity == _identity(self.path):
            return
        saved = self._save(self.path)
        if self.path.exists():
            raise FileError(f"another file was put in its place; the earlier one is {saved}")
        raise FileError(f"the file was deleted; all it held is in {saved}: move that back")

    def reopen(self) -> None:
        """Open the file at the path anew, if there is one; call within `exclusive`."""
        if self.path is not None and self.path.exists():
            self.writer.close()
            self._open()

    def close(self) -> None:
        """Close the connection and the lock."""
        self.writer.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open(self) -> None:
        if self.path is not None:
            # SQLite gives its journal the file's own permissions.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._identity = _identity(self.path)
        self.writer = self.connect()
        try:
            if self.path is not None:
                self.writer.execute("PRAGMA journal_mode = WAL")
                self.writer.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
            self._migrate()
        except BaseException:
            self.writer.close()
            raise

    def _migrate(self) -> None:
        (version,) = self.writer.execute("PRAGMA user_version").fetchone()
        newest = len(self._scripts)
        if version > newest:
            raise FileError(
                f"written by a newer version of this app (file version {version}, known up to "
                f"{newest}): update the app, or point it at another file"
            )
        if version < newest:
            steps = "\n".join(self._scripts[version:])
            try:
                self.writer.executescript(f"BEGIN IMMEDIATE;\n{steps}\nCOMMIT;")
            finally:
                if self.writer.in_transaction:
                    self.writer.execute("ROLLBACK")

    def _save(self, path: Path) -> Path:
        saved = path.with_name(f"{path.name}.saved-{self._identity}")
        if not saved.exists():
            saved.parent.mkdir(parents=True, exist_ok=True)
            self.writer.execute("VACUUM INTO ?", (str(saved),))
            saved.chmod(0o600)
        return saved


def _identity(path: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_ino
    return None
