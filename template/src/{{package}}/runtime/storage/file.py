"""A SQLite file on the disk: opened, brought up to date, locked, and watched in its place."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .keepsake import JOURNAL_ENDS, identity, save, set_aside_journal
from .lock import WriterLock

OLDEST_SQLITE = (3, 38, 0)
LOCK_TIMEOUT = 10.0
"""Seconds that a write waits for another process before it gives up with an error."""

FOREIGN_LOCK_TIMEOUT = 5.0
"""Seconds that it waits for another program, which does not know of our writer lock: fewer, so
that not those who wait behind it time out first, and blame it."""

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
            self._lock = WriterLock(path.with_name(path.name + ".lock"))
        with self.exclusive():
            self._open()

    def connect(self) -> sqlite3.Connection:
        """Return a new connection, to be used by one thread at a time."""
        return sqlite3.connect(
            self.path or ":memory:",
            timeout=FOREIGN_LOCK_TIMEOUT,
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
        if self.path is None:
            return
        if self._identity == identity(self.path):
            self._in_place_at = time.time()
            return
        saved = self._keep(self.path) or "lost, for it was damaged"
        if self.path.exists():
            raise FileError(f"another file was put in its place; the earlier one is {saved}")
        raise FileError(f"the file was deleted; all it held is in {saved}: move that back")

    def reopen(self) -> None:
        """Open the file at the path anew, if there is one; call within `exclusive`."""
        if self.path is None or not self.path.exists():
            return
        if self._identity != identity(self.path):
            self._keep(self.path)
        # The one that is open is given up only for another that works.
        before = self.writer
        self._open()
        before.close()

    def close(self) -> None:
        """Close the connection and the lock."""
        self.writer.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open(self) -> None:
        if self.path is not None:
            # SQLite gives its journal the file's own permissions. A file that is there must not
            # be opened here: closing it would drop the locks of all this process's connections.
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            opened = identity(self.path)
        writer = self.connect()
        try:
            if self.path is not None:
                writer.execute("PRAGMA journal_mode = WAL")
                writer.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
            _migrate(writer, self._scripts)
        except BaseException:
            writer.close()
            raise
        self.writer = writer
        if self.path is not None:
            self._identity = opened
            self._journal = {identity(Path(f"{self.path}{end}")) for end in JOURNAL_ENDS} - {None}
            self._in_place_at = time.time()
            self._saved: Path | None = None

    def _keep(self, path: Path) -> Path | None:
        if self._saved is None:
            name = f"{path.name}.saved-{self._identity}"
            self._saved = save(self.writer, path.with_name(name), self._in_place_at)
        set_aside_journal(path, self._journal)
        return self._saved


def _migrate(writer: sqlite3.Connection, scripts: Sequence[str]) -> None:
    (version,) = writer.execute("PRAGMA user_version").fetchone()
    if version > len(scripts):
        raise FileError(
            f"written by a newer version of this app (file version {version}, known up to "
            f"{len(scripts)}): update the app, or point it at another file"
        )
    if version < len(scripts):
        steps = "\n".join(scripts[version:])
        try:
            writer.executescript(f"BEGIN IMMEDIATE;\n{steps}\nCOMMIT;")
        finally:
            if writer.in_transaction:
                writer.execute("ROLLBACK")
