"""Delete what has expired from a store's file, and give the room back to the disk.

Readers pass over expired values anyway: this is about the file. It works in short transactions
with rests between them, so that nobody waits long for it.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable

from ..errors import StoreError
from ..storage.database import Database

EVERY = 15.0
"""Seconds between two looks at the file."""

REST = 0.005
"""Seconds between two steps, in which others write."""

PAGES = 256
"""Pages of 4 KiB that one step gives back; and as many free ones may stay."""

LARGEST_COPY = 16_384
"""Pages in use up to which a file is written anew, if it was made before files could shrink."""

EXPIRED = "SELECT 1 FROM entries WHERE expires_at <= ? LIMIT 1"

# At most 500 values, and the last of them begins within the first MiB.
SWEEP = """
    DELETE FROM entries WHERE key IN (
        SELECT key FROM (
            SELECT key, sum(length(value)) OVER (
                ORDER BY expires_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM (SELECT * FROM entries WHERE expires_at <= ? ORDER BY expires_at LIMIT 500))
        WHERE coalesce(before, 0) < 1048576)"""

_INCREMENTAL = 2


class Sweeper:
    """Looks at the file now and then, in a thread of its own, until it is closed."""

    def __init__(self, database: Database, clock: Callable[[], float], every: float) -> None:
        self._database = database
        self._clock = clock
        self._every = every
        self._end = threading.Event()
        self._unplayed = False
        # A new file, or a small one of before: a large one is written anew when that pays.
        if self._number("page_count") <= PAGES and self._number("auto_vacuum") != _INCREMENTAL:
            with contextlib.suppress(StoreError):
                database.alone(_write_anew)
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, after the step that it is at."""
        self._end.set()
        self._thread.join()

    def sweep(self) -> None:
        """Delete all that has expired, and free the disk of what the file no longer needs."""
        while self._database.read(EXPIRED, (self._clock(),)) and not self._end.wait(REST):
            self._database.write(lambda db: db.execute(SWEEP, (self._clock(),)), durable=False)
            self._unplayed = True
        pages, free = self._number("page_count"), self._number("freelist_count")
        if free > max(PAGES, pages // 4):
            self._give_back(pages - free)
        if self._unplayed:
            # The file itself is cut when all of its journal has been played into it.
            busy, length, played = self._database.alone(
                lambda db: db.execute("PRAGMA wal_checkpoint").fetchone()
            )
            self._unplayed = bool(busy) or length != played

    def _give_back(self, used: int) -> None:
        self._unplayed = True
        if self._number("auto_vacuum") == _INCREMENTAL:
            while self._number("freelist_count") and not self._end.wait(REST):
                self._database.alone(_give_back_some)
        elif used <= LARGEST_COPY:
            self._database.alone(_write_anew)

    def _number(self, pragma: str) -> int:
        ((number,),) = self._database.read(f"PRAGMA {pragma}")
        return int(number)

    def _run(self) -> None:
        while not self._end.wait(self._every):
            # Whoever uses the store is told what is wrong; here it is tried again.
            with contextlib.suppress(StoreError):
                self.sweep()


def _give_back_some(db: sqlite3.Connection) -> None:
    # By execute() it would end after one page, as it gives rows without columns.
    db.executescript(f"PRAGMA incremental_vacuum({PAGES})")


def _write_anew(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    db.execute("VACUUM")
