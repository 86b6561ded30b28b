"""What a key-value store promises; the conformance suite checks every backend.

A key holds one value or one array. Values are what JSON can say, by the rules of payload.py, and
what is read is always a copy. Each call is atomic, for threads and, with a file, for processes.
"""

import sys
from typing import Any, Protocol

from ..errors import InvalidKeyError, StoreMisuseError

MAX_KEY = 512


class Store(Protocol):
    """The app's store and its cache.

    Every method raises StoreError if the store cannot answer; InvalidKeyError, which is one too,
    for what is not printable text of 1 to 512 characters; and InvalidValueError for a value that
    JSON cannot say.
    """

    def get(self, key: str) -> Any:
        """Return the value; None if there is none, or if the key holds an array."""
        ...

    def put(self, key: str, value: object) -> None:
        """Keep the value until it is removed, in place of any value or array."""
        ...

    def put_expire(self, key: str, value: object, seconds: float) -> None:
        """Keep the value as `put` does, for this many seconds."""
        ...

    def remove(self, key: str) -> None:
        """Remove the value; an array is left alone."""
        ...

    def fetch_remove(self, key: str) -> Any:
        """Remove the value and return it, None if there is none; an array is left alone."""
        ...

    def append(self, key: str, value: object) -> None:
        """Add the value at the end of the array, made if there is none.

        Raises StoreError if the key holds a value.
        """
        ...

    def prepend(self, key: str, value: object) -> None:
        """Add the value at the start of the array, made if there is none.

        Raises StoreError if the key holds a value.
        """
        ...

    def pop(self, key: str) -> Any:
        """Remove the array's last value and return it; None if there is none."""
        ...

    def pop_first(self, key: str) -> Any:
        """Remove the array's first value and return it; None if there is none."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


def check_key(key: object) -> None:
    """Raise InvalidKeyError unless this can be a key."""
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise InvalidKeyError(f"key {key!r:.80}: use printable text of 1 to {MAX_KEY} characters")


def check_seconds(seconds: object) -> None:
    """Raise StoreMisuseError unless this can be the life of a value."""
    if not isinstance(seconds, int | float) or not 0 < seconds <= sys.float_info.max:
        told = f"seconds={seconds!r:.40}"
        raise StoreMisuseError(f"{told}: use a number above 0, or put() to keep the value")


def holds_a_value(key: str) -> StoreMisuseError:
    """Return the error of adding to an array where there is a value."""
    told = f"key {key!r} holds a value, not an array"
    return StoreMisuseError(f"{told}: remove it first, or use another")
