"""What becomes of a database file that was deleted, moved or replaced while it was open."""

import contextlib
import os
import sqlite3
import stat
import time
from pathlib import Path
from typing import NamedTuple

_PARTIAL = ".partial"
_COARSE = 0.02
"""Seconds by which a file's time may lie behind the clock."""


class Place(NamedTuple):
    """Which files are at a database's path, by inode; None where there is none."""

    file: int | None
    journal: int | None
    shared: int | None
    """What processes share about the journal."""


def look(path: Path) -> Place:
    """Return which files are there now; comparable while those compared with are open."""
    name = str(path)
    return Place(_inode(name), _inode(name + "-wal"), _inode(name + "-shm"))


def sign(folder: str) -> tuple[int, int] | None:
    """Return what changes whenever a name in the folder comes, goes or is given to another file.

    None while a change could go unseen, as the folder has been changed within the same tick of
    the clock, and if it is gone.
    """
    try:
        found = os.stat(folder)  # noqa: PTH116 - asked twice for each commit: pathlib costs
    except FileNotFoundError:
        return None
    settled = time.time() - found.st_ctime > _COARSE
    return (found.st_ino, found.st_ctime_ns) if settled else None


def keep(connection: sqlite3.Connection, path: Path, opened: Place, since: float) -> str:
    """Keep all that the open database holds, for it was acknowledged; return what to tell.

    It had last been in its place at `since`, in UTC seconds.
    """
    here = look(path)
    if here.file == opened.file:
        # Whoever sees it first plays it; what is in a new one, this connection knows nothing of.
        journal = Path(f"{path}-wal")
        if not (journal.exists() and journal.stat().st_size):
            _play_journal(connection)
        return "its journal was taken away: leave the files of a running app alone"
    if not _is_deleted(opened.file, path):
        if here.file is None:
            return "the file was moved away: move it back"
        _play_journal(connection)
        _set_aside_journal(path, opened)
        return "another file was put in its place; the earlier one was moved away"
    saved = _save(connection, path.with_name(f"{path.name}.saved-{opened.file}"), since)
    _set_aside_journal(path, opened)
    if here.file is not None:
        earlier = saved or "lost, for it was damaged"
        return f"another file was put in its place; the earlier one is {earlier}"
    if saved is None:
        return "the file was deleted, and it was damaged: put a backup in its place"
    return f"the file was deleted; all it held is in {saved}: move that back"


def flush_folder(path: Path) -> None:
    """Have the names of a folder's files on the disk, where the file system can promise that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _inode(path: str) -> int | None:
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - pathlib costs
    except FileNotFoundError:
        return None


def _is_deleted(file: int | None, path: Path) -> bool:
    # Asked of the descriptor that SQLite has: one of our own must not be closed here.
    device = path.parent.stat().st_dev if path.parent.exists() else None
    numbers = os.listdir("/dev/fd") if os.path.isdir("/dev/fd") else ()  # noqa: PTH208, PTH112
    for number in map(int, numbers):
        with contextlib.suppress(OSError):
            found = os.fstat(number)
            is_file = stat.S_ISREG(found.st_mode) and device in (None, found.st_dev)
            if is_file and found.st_ino == file:
                return found.st_nlink == 0
    return True


def _save(connection: sqlite3.Connection, stem: Path, since: float) -> Path | None:
    # The copy of another process will do, but not one of an earlier file with this inode.
    for path in stem.parent.glob(f"{stem.name}-*"):
        if path.suffix != _PARTIAL and path.stat().st_mtime >= since - _COARSE:
            return path
    path = Path(f"{stem}-{time.time_ns()}")
    partial = Path(f"{path}{_PARTIAL}")
    try:
        partial.touch(mode=0o600)
        if _try(connection, "VACUUM INTO ?", str(partial)) is not None:
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.rename(path)
            flush_folder(path.parent)
            return path
    finally:
        partial.unlink(missing_ok=True)
    return None


def _play_journal(connection: sqlite3.Connection) -> None:
    answer = _try(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
    if answer and answer[0][0]:
        raise sqlite3.OperationalError("database is locked")


def _set_aside_journal(path: Path, opened: Place) -> None:
    # SQLite would play it into the next file of that name, and damage it.
    for end, inode in (("-wal", opened.journal), ("-shm", opened.shared)):
        part = Path(f"{path}{end}")
        if inode is not None and inode == _inode(str(part)):
            part.rename(f"{part}.saved-{inode}")


def _try(
    connection: sqlite3.Connection, statement: str, *parameters: str
) -> list[tuple[int, ...]] | None:
    # None if the file is damaged; other trouble, such as a full disk, comes out.
    try:
        return connection.execute(statement, parameters).fetchall()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return None
