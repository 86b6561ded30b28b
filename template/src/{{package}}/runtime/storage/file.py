"""A SQLite file on the disk: opened, brought up to date, locked, and watched in its place."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from .journal import Journal
from .keepsake import flush_folder, keep, look, sign
from .lock import WriterLock

OLDEST_SQLITE = (3, 38, 0)
FOREIGN_LOCK_TIMEOUT = 5.0
"""Seconds that it waits for another program, which does not know of our writer lock: fewer, so
that not those who wait behind it time out first, and blame it."""

CLOSING_TIME = 500
"""Milliseconds that another process may take to close the file."""

WAL_LIMIT = 64 * 2**20
"""Bytes to which the journal is cut back after it had to grow."""

CHECKPOINT_AFTER = 4000
"""Pages of 4 KiB after which the journal is played into the file: each time the disk is waited for,
and what was written twice meanwhile is copied once."""

CACHE = 32_000
"""KiB of the file that the writer keeps at hand; taken only when it touches that much."""


class FileError(OSError):
    """The file is not as it was left, or not for this version; the text says what to do."""


class DatabaseFile:
    """The file, its lock, its journal and its writing connection; without a path, memory."""

    _signed: tuple[int, int] | None
    """What the folder told when all was in its place."""

    def __init__(self, path: Path | None, scripts: Sequence[str]) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise FileError(
                f"SQLite {sqlite3.sqlite_version} is too old: use a Python that has 3.38 or later"
            )
        self.path = path
        self._scripts = scripts
        self.journal = Journal(path)
        self.exclusive: AbstractContextManager[None] = contextlib.nullcontext()
        """Keeps other processes from writing. Raises TimeoutError naming the one that does."""
        self._lock: WriterLock | None = None
        if path is not None and path.is_dir():
            raise FileError("a folder is in its place: name a file in it")
        if path is not None:
            for folder in path.parents:
                if folder.exists() and not folder.is_dir():
                    raise FileError(f"{folder} is a file, and has to be a folder: move it away")
            lock = WriterLock(path.with_name(path.name + ".lock"))
            self.exclusive = self._lock = lock
        with self.exclusive:
            if path is not None:
                self._check_journal(path)
                self._open(path)
            else:
                self.writer = self.connect()
                _migrate(self.writer, scripts)

    def connect(self) -> sqlite3.Connection:
        """Return a new connection, to be used by one thread at a time."""
        # Not to be made by a connection: a deleted file must be missed.
        place = f"{self.path.absolute().as_uri()}?mode=rw" if self.path else ":memory:"
        return sqlite3.connect(
            place,
            uri=True,
            timeout=FOREIGN_LOCK_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )

    def release(self) -> None:
        """End `exclusive`, if Ctrl-C came before it could end itself."""
        if self._lock is not None:
            self._lock.release()

    def check_in_place(self) -> None:
        """Raise FileError if the file at the path is not the open one any more.

        What the open one holds is kept first: it was acknowledged.
        """
        if self.path is None:
            return
        # The folder tells by one look whether to look at the files.
        found = sign(self._folder) if self._folder else None
        if (found is not None and found == self._signed) or self._opened == look(self.path):
            self._signed, self._in_place_at = found, time.time()
            return
        reason = keep(self.writer, self.path, self._opened, self._in_place_at)
        self._told = True
        raise FileError(reason)

    def reopen(self) -> None:
        """Open the file at the path anew, if there is one; call within `exclusive`.

        Raises FileError, once, if it is another file than the one that was open.
        """
        if self.path is None or not self.path.exists():
            return
        if not self._told:
            self.check_in_place()
        # The one that is open is given up only for another that works. But connections of one
        # process to one file share what they know of its journal: with a new journal, start anew.
        before = self.writer
        here = look(self.path)
        if here.file == self._opened.file and here != self._opened:
            self._close_writer(self.path)
        self._open(self.path)
        before.close()

    def close(self) -> None:
        """Close the connection and the lock."""
        try:
            # For those who have committed, and wait for the disk in this moment.
            self.journal.flush()
        finally:
            if self.path is None:
                self.writer.close()
            else:
                self._close_writer(self.path)
            self.journal.close()
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def _check_journal(self, path: Path) -> None:
        # Who has the file open has a journal as well. If that is not at its name, it was taken
        # away; a new one beside it would not know what was acknowledged in it, nor it of that.
        if Path(f"{path}-wal").exists() or not path.exists():
            return
        with contextlib.closing(self.connect()) as probe:
            probe.execute(f"PRAGMA busy_timeout = {CLOSING_TIME}")
            probe.execute("PRAGMA locking_mode = EXCLUSIVE")
            try:
                probe.execute("PRAGMA user_version").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                raise FileError(
                    "its journal was taken away from another process: try again when that has "
                    "noticed, or end it"
                ) from None

    def _close_writer(self, path: Path) -> None:
        # The last to close a file deletes the journal by its name, even if it is another's by now.
        journal, kept = Path(f"{path}-wal"), Path(f"{path}-wal.kept")
        others = look(path).journal not in (None, self._opened.journal)
        if others:
            kept.unlink(missing_ok=True)
            kept.hardlink_to(journal)
        self.writer.close()
        if others:
            kept.replace(journal)
            kept.unlink(missing_ok=True)

    def _open(self, path: Path) -> None:
        # SQLite gives its journal the file's own permissions. A file that is there must not be
        # opened here: closing it would drop the locks of all this process's connections.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        writer = self.connect()
        try:
            writer.execute("PRAGMA journal_mode = WAL")
            writer.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
            writer.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_AFTER}")
            writer.execute(f"PRAGMA cache_size = -{CACHE}")
            _migrate(writer, self._scripts)
            writer.execute("PRAGMA synchronous = NORMAL")
            self.journal.open(path)
            # SQLite flushes the names of its files, with the journal; not that of their folder.
            flush_folder(path.absolute().parent.parent)
        except BaseException:
            writer.close()
            raise
        self.writer = writer
        self._opened = look(path)
        # Of a link's target another folder would have to tell.
        self._folder = None if path.is_symlink() else str(path.parent)
        self._signed, self._in_place_at = None, time.time()
        self._told = False


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
