"""Open the key-value store that a URL names: the app's store and its cache."""

import time
from collections.abc import Callable
from pathlib import Path

from ..settings import database_path
from .logged import LoggedStore
from .memory import MemoryStore
from .protocol import Store
from .sqlite import SqliteStore

__all__ = ["LoggedStore", "MemoryStore", "SqliteStore", "Store", "open_store"]


def open_store(
    url: str, root: Path, *, durable: bool = True, clock: Callable[[], float] = time.time
) -> Store:
    """Return the store of a checked URL: `memory:`, or `sqlite:` and a file taken from `root`.

    With `durable`, each write to a file waits for the disk; a cache need not. Raises StoreError
    if the file cannot be opened.
    """
    path = database_path(url, root)
    return SqliteStore(path, durable=durable, clock=clock) if path else MemoryStore(clock)
