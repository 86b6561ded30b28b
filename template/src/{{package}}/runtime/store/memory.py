"""Keep values in this process: fast, gone with it, not shared with other processes."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from ..payload import decode_value, encode_value
from ..shield import shielded
from .protocol import check_key, check_seconds, holds_a_value

SWEEP_FLOOR = 1000


class _Entry(msgspec.Struct, frozen=True):
    data: bytes
    expires_at: float | None


class MemoryStore:
    """A store in a dict under a lock. Values are kept encoded, so nobody shares a mutable one."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, _Entry] = {}
        self._arrays: dict[str, deque[bytes]] = {}
        self._until_sweep = SWEEP_FLOOR

    def get(self, key: str) -> Any:
        check_key(key)
        with self._lock:
            entry = self._live(key)
        return decode_value(entry.data) if entry else None

    def put(self, key: str, value: object) -> None:
        self._put(key, value, None)

    def put_expire(self, key: str, value: object, seconds: float) -> None:
        check_seconds(seconds)
        self._put(key, value, self._clock() + seconds)

    @shielded
    def remove(self, key: str) -> None:
        check_key(key)
        with self._lock:
            self._values.pop(key, None)

    @shielded
    def fetch_remove(self, key: str) -> Any:
        check_key(key)
        with self._lock:
            entry = self._live(key)
            self._values.pop(key, None)
        return decode_value(entry.data) if entry else None

    def append(self, key: str, value: object) -> None:
        self._add(key, value, deque.append)

    def prepend(self, key: str, value: object) -> None:
        self._add(key, value, deque.appendleft)

    def pop(self, key: str) -> Any:
        return self._take(key, deque.pop)

    def pop_first(self, key: str) -> Any:
        return self._take(key, deque.popleft)

    def close(self) -> None:
        with self._lock:
            self._values.clear()
            self._arrays.clear()

    @shielded
    def _put(self, key: str, value: object, expires_at: float | None) -> None:
        check_key(key)
        entry = _Entry(encode_value(value), expires_at)
        with self._lock:
            self._arrays.pop(key, None)
            self._values[key] = entry
            self._sweep()

    def _live(self, key: str) -> _Entry | None:
        entry = self._values.get(key)
        if entry is None or entry.expires_at is None or entry.expires_at > self._clock():
            return entry
        return None

    @shielded
    def _add(self, key: str, value: object, add: Callable[[deque[bytes], bytes], None]) -> None:
        check_key(key)
        data = encode_value(value)
        with self._lock:
            if self._live(key):
                raise holds_a_value(key)
            add(self._arrays.setdefault(key, deque()), data)

    @shielded
    def _take(self, key: str, take: Callable[[deque[bytes]], bytes]) -> Any:
        check_key(key)
        with self._lock:
            array = self._arrays.get(key)
            if array is None:
                return None
            data = take(array)
            if not array:
                del self._arrays[key]
        return decode_value(data)

    def _sweep(self) -> None:
        # After as many writes as values were left by the last sweep, so that each write pays for
        # looking at two at most.
        self._until_sweep -= 1
        if self._until_sweep == 0:
            for key in [key for key in self._values if not self._live(key)]:
                del self._values[key]
            self._until_sweep = max(len(self._values), SWEEP_FLOOR)
