"""Tell in the log what the cache did."""

import time
from collections.abc import Callable
from typing import Any

from .protocol import Store


class LoggedStore:
    """Another store, each hit, miss and store of which is given to `log` as one line."""

    def __init__(self, store: Store, log: Callable[[str], object]) -> None:
        self._store = store
        self._log = log
        self.remove = store.remove
        self.append = store.append
        self.prepend = store.prepend
        self.pop = store.pop
        self.pop_first = store.pop_first
        self.close = store.close

    def get(self, key: str) -> Any:
        return self._timed(self._store.get, key)

    def fetch_remove(self, key: str) -> Any:
        return self._timed(self._store.fetch_remove, key)

    def put(self, key: str, value: object) -> None:
        self._store.put(key, value)
        self._log(f"Cache store: {key}")

    def put_expire(self, key: str, value: object, seconds: float) -> None:
        self._store.put_expire(key, value, seconds)
        self._log(f"Cache store: {key} for {seconds:g} s")

    def _timed(self, read: Callable[[str], Any], key: str) -> Any:
        start = time.perf_counter()
        value = read(key)
        duration = (time.perf_counter() - start) * 1000
        self._log(f"Cache miss: {key}" if value is None else f"Cache hit: {key} {duration:.3f} ms")
        return value
