"""Keep values in a SQLite file: they survive a restart, and processes of one machine share them."""

import sqlite3
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import StoreError
from ..payload import decode_value, encode_value
from ..storage.database import Database
from .protocol import check_key, check_seconds, holds_a_value
from .sweeper import EVERY, Sweeper

GET = "SELECT value FROM entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)"
PUT = "INSERT OR REPLACE INTO entries (key, value, expires_at) VALUES (?, ?, ?)"
REMOVE = "DELETE FROM entries WHERE key = ?"
FETCH_REMOVE = """
    DELETE FROM entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?) RETURNING value"""
REMOVE_ARRAY = "DELETE FROM items WHERE key = ?"
APPEND = """
    INSERT INTO items (key, position, value)
    SELECT :key, coalesce(max(position), 0) + 1, :value FROM items WHERE key = :key"""
PREPEND = """
    INSERT INTO items (key, position, value)
    SELECT :key, coalesce(min(position), 0) - 1, :value FROM items WHERE key = :key"""
POP = """
    DELETE FROM items WHERE key = :key
    AND position = (SELECT max(position) FROM items WHERE key = :key) RETURNING value"""
POP_FIRST = """
    DELETE FROM items WHERE key = :key
    AND position = (SELECT min(position) FROM items WHERE key = :key) RETURNING value"""


class SqliteStore:
    """A store in a file, which shrinks again when much of it has expired or was removed.

    With `durable`, what was written survives a power cut; without, the end of every process.
    """

    def __init__(
        self,
        path: Path,
        *,
        durable: bool = True,
        clock: Callable[[], float] = time.time,
        sweep_every: float = EVERY,
    ) -> None:
        schema = resources.files(__package__).joinpath("schema.sql").read_text("utf-8")
        self._clock = clock
        self._durable = durable
        self._database = Database(path, schema, error=StoreError)
        self._sweeper = Sweeper(self._database, clock, sweep_every)

    def get(self, key: str) -> Any:
        check_key(key)
        return _first(self._database.read(GET, (key, self._clock())))

    def put(self, key: str, value: object) -> None:
        self._put(key, value, None)

    def put_expire(self, key: str, value: object, seconds: float) -> None:
        check_seconds(seconds)
        self._put(key, value, self._clock() + seconds)

    def remove(self, key: str) -> None:
        self._write(key, lambda db: db.execute(REMOVE, (key,)))

    def fetch_remove(self, key: str) -> Any:
        arguments = (key, self._clock())
        return self._write(key, lambda db: _first(db.execute(FETCH_REMOVE, arguments).fetchall()))

    def append(self, key: str, value: object) -> None:
        self._add(APPEND, key, value)

    def prepend(self, key: str, value: object) -> None:
        self._add(PREPEND, key, value)

    def pop(self, key: str) -> Any:
        return self._write(key, lambda db: _first(db.execute(POP, {"key": key}).fetchall()))

    def pop_first(self, key: str) -> Any:
        return self._write(key, lambda db: _first(db.execute(POP_FIRST, {"key": key}).fetchall()))

    def close(self) -> None:
        self._sweeper.close()
        self._database.close()

    def _put(self, key: str, value: object, expires_at: float | None) -> None:
        data = encode_value(value)

        def operation(db: sqlite3.Connection) -> None:
            db.execute(REMOVE_ARRAY, (key,))
            db.execute(PUT, (key, data, expires_at))

        self._write(key, operation)

    def _add(self, statement: str, key: str, value: object) -> None:
        data = encode_value(value)

        def operation(db: sqlite3.Connection) -> None:
            if db.execute(GET, (key, self._clock())).fetchall():
                raise holds_a_value(key)
            db.execute(statement, {"key": key, "value": data})

        self._write(key, operation)

    def _write(self, key: str, operation: Callable[[sqlite3.Connection], Any]) -> Any:
        check_key(key)
        return self._database.write(operation, durable=self._durable)


def _first(rows: list[tuple[Any, ...]]) -> Any:
    return decode_value(rows[0][0]) if rows else None
