"""The app's side of `benchmarks/store.py`: its SQLite store in the folder given."""

import importlib
import sqlite3
import sys
from pathlib import Path

from store_body import VALUE, answer

_, package, folder = sys.argv
sqlite = importlib.import_module(f"{package}.runtime.store.sqlite")
path = Path(folder)
# As the store is, each put waits for the disk; as the cache is, it does not, nor does diskcache.
store = sqlite.SqliteStore(path / "store.db")
cache = sqlite.SqliteStore(path / "cache.db", durable=False)
raw = sqlite3.connect(path / "cache.db", isolation_level=None, check_same_thread=False)
answer(
    f"SQLite {sqlite3.sqlite_version}",
    {
        "durable": lambda key: store.put(key, VALUE),
        "put": lambda key: cache.put(key, VALUE),
        "get": cache.get,
        "select": lambda key: raw.execute(sqlite.GET, (key, 0)).fetchall(),
    },
)
