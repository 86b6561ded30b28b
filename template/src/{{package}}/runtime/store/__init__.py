"""Open the key-value store that a URL names: the app's store and its cache."""

import time
from collections.abc import Callable
from pathlib import Path

from ..errors import StoreError
from ..settings import database_path
from .logged import LoggedStore
from .memory import MemoryStore
from .protocol import Store
from .sqlite import SqliteStore

__all__ = ["LoggedStore", "MemoryStore", "SqliteStore", "Store", "open_store"]


def open_store(
    url: str,
    root: Path,
    *,
    durable: bool = True,
    clock: Callable[[], float] = time.time,
    prefix: str = "",
    timeout: float = 5.0,
) -> Store:
    """Return the store of a checked URL.

    That is `memory:`, `sqlite:` and a file taken from `root`, or a server as in
    `valkey://host:6379/0`. With `durable`, each write to a file waits for the disk; a cache need
    not. On a server, `prefix` begins every key, and `timeout` is the seconds to wait for it; a
    server that is down is no error yet. Raises StoreError if the file cannot be opened.
    """
    if url.startswith(("valkey", "redis")):
        return _open_server(url, prefix, timeout)
    path = database_path(url, root)
    return SqliteStore(path, durable=durable, clock=clock) if path else MemoryStore(clock)


def _open_server(url: str, prefix: str, timeout: float) -> Store:
    try:
        from .valkey import ValkeyStore  # noqa: PLC0415 - its client is installed if it is used
    except ModuleNotFoundError as error:
        if error.name != "valkey":
            raise
        scheme = url.partition(":")[0]
        raise StoreError(f"{scheme}: the client is not installed: uv sync --extra valkey") from None
    return ValkeyStore(url, prefix, timeout)
