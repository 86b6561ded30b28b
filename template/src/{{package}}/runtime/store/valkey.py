"""Keep values on a Valkey or Redis server: processes on any machine share them.

The server's own types keep the rules: a string is a value, a list is an array, and a command for
the one refuses the other. So each call is one command, and atomic.
"""

import math
from typing import Any
from urllib.parse import urlsplit

import valkey

from ..errors import StoreError
from ..payload import decode_value, encode_value
from .protocol import check_key, check_seconds, holds_a_value

LONGEST = 10**15
"""Milliseconds: the server takes no expiry that is much longer."""


class ValkeyStore:
    """A store on a server; each of its keys begins with `prefix`, and others are left alone.

    A call waits `timeout` seconds for the server, once to reach it and once for its answer. It is
    connected anew when it answers again.
    """

    def __init__(self, url: str, prefix: str, timeout: float) -> None:
        parts = urlsplit(url)
        self._place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._prefix = prefix
        self._timeout = timeout
        try:
            self._client: Any = valkey.Valkey.from_url(
                url, socket_timeout=timeout, socket_connect_timeout=timeout, socket_keepalive=True
            )
        except ValueError as error:
            raise StoreError(f"{self._place}: {error}") from error

    def get(self, key: str) -> Any:
        return self._take("GET", key)

    def put(self, key: str, value: object) -> None:
        self._ask("SET", key, encode_value(value))

    def put_expire(self, key: str, value: object, seconds: float) -> None:
        check_seconds(seconds)
        milliseconds = math.ceil(min(seconds * 1000, LONGEST))
        self._ask("SET", key, encode_value(value), "PX", milliseconds)

    def remove(self, key: str) -> None:
        self._take("GETDEL", key)

    def fetch_remove(self, key: str) -> Any:
        return self._take("GETDEL", key)

    def append(self, key: str, value: object) -> None:
        self._add("RPUSH", key, value)

    def prepend(self, key: str, value: object) -> None:
        self._add("LPUSH", key, value)

    def pop(self, key: str) -> Any:
        return self._take("RPOP", key)

    def pop_first(self, key: str) -> Any:
        return self._take("LPOP", key)

    def close(self) -> None:
        self._client.close()

    def _take(self, command: str, key: str) -> Any:
        try:
            data = self._ask(command, key)
        except _WrongTypeError:
            return None
        return None if data is None else decode_value(data)

    def _add(self, command: str, key: str, value: object) -> None:
        try:
            self._ask(command, key, encode_value(value))
        except _WrongTypeError:
            raise holds_a_value(key) from None

    def _ask(self, command: str, key: str, *arguments: object) -> Any:
        check_key(key)
        try:
            return self._client.execute_command(command, self._prefix + key, *arguments)
        except valkey.TimeoutError as error:
            raise StoreError(
                f"{self._place}: no answer within {self._timeout:g} s; see whether the server runs"
            ) from error
        except valkey.ValkeyError as error:
            if str(error).startswith("WRONGTYPE"):
                raise _WrongTypeError from None
            raise StoreError(f"{self._place}: {' '.join(str(error).split())}") from error


class _WrongTypeError(Exception):
    """The key holds an array where a value is wanted, or a value where an array is."""
