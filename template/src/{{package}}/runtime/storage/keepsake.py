"""What is kept of a database file that somebody has deleted or replaced while it was open."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Collection
from pathlib import Path

JOURNAL_ENDS = ("-wal", "-shm")
"""What SQLite adds to a database's name for its journal and the index of that."""

_PARTIAL = ".partial"


def identity(path: Path) -> int | None:
    """Return what tells a file from another of its name, while one of them is open."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_ino
    return None


def save(connection: sqlite3.Connection, stem: Path, since: float) -> Path | None:
    """Return a copy of all that the open database holds; None if it is damaged.

    The copy that another process has made of the same file after `since` (UTC seconds) will do.
    """
    for path in stem.parent.glob(f"{stem.name}-*"):
        if path.suffix != _PARTIAL and path.stat().st_mtime >= since:
            return path
    path = Path(f"{stem}-{time.time_ns()}")
    partial = Path(f"{path}{_PARTIAL}")
    try:
        partial.touch(mode=0o600)
        connection.execute("VACUUM INTO ?", (str(partial),))
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.rename(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return None
    finally:
        partial.unlink(missing_ok=True)
    return path


def set_aside_journal(path: Path, identities: Collection[int | None]) -> None:
    """Rename the journal that was left behind, if it is one of these files.

    Otherwise SQLite would play it into the next file of that name, and damage it.
    """
    for journal in (Path(f"{path}{end}") for end in JOURNAL_ENDS):
        number = identity(journal)
        if number is not None and number in identities:
            journal.rename(f"{journal}.saved-{number}")
