"""A SQLite file on the disk: opened, brought up to date, locked, and watched in its place."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .keepsake import flush_folder, keep, look, sign
from .lock import WriterLock

OLDEST_SQLITE = (3, 38, 0)
LOCK_TIMEOUT = 10.0
"""Seconds that a write waits for another process before it gives up with an error."""

FOREIGN_LOCK_TIMEOUT = 5.0
"""Seconds that it waits for another program, which does not know of our writer lock: fewer, so
that not those who wait behind it time out first, and blame it."""

CLOSING_TIME = 500
"""Milliseconds that another process may take to close the file."""

WAL_LIMIT = 64 * 2**20
"""Bytes to which the journal is cut back after it had to grow."""

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

CHECKPOINT_AFTER = 4000
"""Pages of 4 KiB after which the journal is played into the file: each time the disk is waited for,
and what was written twice meanwhile is copied once."""

CACHE = 32_000
"""KiB of the file that the writer keeps at hand; taken only when it touches that much."""


class FileError(OSError):
    """The file is not as it was left, or not for this version; the text says what to do."""


class DatabaseFile:
    """The file, its lock and its writing connection. Without a path, a database in memory."""

    _signed: tuple[int, int] | None
    """What the folder told when all was in its place."""

    def __init__(self, path: Path | None, scripts: Sequence[str]) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise FileError(
                f"SQLite {sqlite3.sqlite_version} is too old: use a Python that has 3.38 or later"
            )
        self.path = path
        self._scripts = scripts
        self._too_long = WAL_TOO_LONG
        self._next_look, self._is_long = 0.0, False
        self._size = 0
        self._doubtful = False
        self._journal: int | None = None
        self._flushing = threading.Lock()
        self._lock: WriterLock | None = None
        if path is not None and path.is_dir():
            raise FileError("a folder is in its place: name a file in it")
        if path is not None:
            for folder in path.parents:
                if folder.exists() and not folder.is_dir():
                    raise FileError(f"{folder} is a file, and has to be a folder: move it away")
            self._lock = WriterLock(path.with_name(path.name + ".lock"))
        with self.exclusive():
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

        What the open one holds is kept first: it was acknowledged.
        """
        if self.path is None:
            return
        # The folder tells by one look whether to look at the files.
        now, found = time.time(), sign(self._folder) if self._folder else None
        if (found is not None and found == self._signed) or self._opened == look(self.path):
            self._signed, self._in_place_at = found, now
            return
        reason = keep(self.writer, self.path, self._opened, self._in_place_at)
        self._told = True
        raise FileError(reason)

    def is_journal_long(self) -> bool:
        """Whether to read only within `exclusive` and after `bound_journal`."""
        if (now := time.monotonic()) >= self._next_look:
            self._next_look = now + WAL_LOOK
            self._is_long = _size(f"{self.path}-wal") >= self._too_long
        return self._is_long

    def bound_journal(self) -> None:
        """Begin the journal anew if it has grown too long, or a flush of it has failed.

        Call within `exclusive`.

        Who reads for longer, as a backup does, keeps it; then this is tried again when it has
        grown by as much once more.
        """
        if self._journal is None:
            return
        self._size = size = os.fstat(self._journal).st_size
        if size < self._too_long and not self._doubtful:
            return
        self.writer.execute(f"PRAGMA busy_timeout = {READERS_TIME}")
        try:
            busy, *_ = self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self.writer.execute(f"PRAGMA busy_timeout = {FOREIGN_LOCK_TIMEOUT * 1000:.0f}")
        self._doubtful = self._doubtful and bool(busy)
        self._too_long = WAL_TOO_LONG + (size if busy else 0)
        self._next_look = 0.0

    def lengthen_journal(self) -> None:
        """Make the journal longer than it has to be, if it has grown; call within a transaction.

        Nobody else adds to it then, another program included.
        """
        if self._journal is not None and self._size % WAL_STEP:
            # It is only for speed: whoever lacks the room is told when it is needed.
            with contextlib.suppress(OSError):
                size = os.fstat(self._journal).st_size
                os.pwrite(self._journal, bytes(-size % WAL_STEP), size)

    def flush_journal(self) -> None:
        """Return when all that was committed is on the disk. To be called without `exclusive`.

        SQLite with synchronous=FULL does the same within the commit, and so keeps everybody from
        writing for that long; with NORMAL it flushes before a journal's content is overwritten.
        """
        with self._flushing:
            # The system tells of a failure once, and then takes what it has lost for written: what
            # is added to that is safe only when all of it is in the file itself.
            if self._doubtful:
                raise FileError("the journal could not be flushed: look at the disk")
            try:
                if self._journal is not None:
                    _flush(self._journal)
            except OSError:
                self._doubtful = True
                raise

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
            self.flush_journal()
        finally:
            if self.path is None:
                self.writer.close()
            else:
                self._close_writer(self.path)
            self._keep_journal(None)
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

    def _keep_journal(self, descriptor: int | None) -> None:
        with self._flushing:
            before, self._journal = self._journal, descriptor
            if before is not None:
                os.close(before)

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
            # SQLite follows a link, and has the journal beside its target.
            journal = f"{os.path.realpath(path)}-wal"
            self._keep_journal(os.open(journal, os.O_WRONLY | os.O_CLOEXEC))
            # SQLite flushes the names of its files, with the journal; not that of their folder.
            flush_folder(path.absolute().parent.parent)
        except BaseException:
            writer.close()
            raise
        self.writer = writer
        self._opened = look(path)
        # Of a link's target another folder would have to tell.
        self._folder = None if path.is_symlink() else path.parent
        self._signed, self._in_place_at = None, time.time()
        self._told = False
        self._too_long, self._next_look = WAL_TOO_LONG, 0.0


_flush = getattr(os, "fdatasync", os.fsync)
"""macOS has no fdatasync. What lies within a file's length needs no more than that."""


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - asked for each commit: pathlib costs
    except FileNotFoundError:
        return 0


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
