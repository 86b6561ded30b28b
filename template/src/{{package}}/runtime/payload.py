"""Turn what a job or the store is given into JSON text and back: encoding version 1.

plain.py checks the data first, since msgspec alone would turn NaN into null and a set into a list.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from .errors import InvalidParamsError, InvalidValueError
from .plain import a_or_an, from_plain, is_plain, to_plain

VERSION = 1
MAX_BYTES = 1_048_576


def encode(params: Mapping[str, object], limit: int = MAX_BYTES, where: str = "params") -> str:
    """Return params as compact JSON text of at most `limit` bytes in UTF-8.

    Tuples become lists; subclasses of str, int and float, enums among them, their plain values. A
    datetime keeps its time and its offset, not its zone's name or its fold. Raises
    InvalidParamsError naming the key that holds what JSON cannot say.
    """
    if not isinstance(params, Mapping):
        kind = a_or_an(type(params).__name__)
        raise InvalidParamsError(f"{where}: {kind} is not an object; use a dict")
    data = msgspec.json.encode(to_plain(params, [where]))
    if len(data) > limit:
        raise InvalidParamsError(
            f"{where}: {len(data)} bytes of JSON, and the limit is {limit}; "
            "keep the data elsewhere and pass its name"
        )
    return data.decode()


def decode(text: str, version: int) -> dict[str, Any]:
    """Return the params that `encode` made this text of. Raises InvalidParamsError if it cannot."""
    if version != VERSION:
        raise InvalidParamsError(
            f"params: encoding version {version} is unknown, this app reads version {VERSION}; "
            "run the job with the app that scheduled it"
        )
    value = decode_value(text, "params")
    if not isinstance(value, dict):
        raise InvalidParamsError('params: not a JSON object; it is written {"key": value}')
    return value


def encode_value(value: object) -> bytes:
    """Return any one value as JSON by the same rules, for the store. Raises InvalidValueError."""
    try:
        return msgspec.json.encode(to_plain(value, ["value"]))
    except InvalidParamsError as error:
        raise InvalidValueError(str(error)) from None


def decode_value(data: bytes | str, where: str = "value") -> Any:
    """Return the value that `encode_value` made this of. Raises InvalidParamsError."""
    try:
        value = msgspec.json.decode(data)
        # First one letter, which is found ten times as fast as two are.
        if isinstance(data, str):
            tagged = "$" in data and '"$' in data
        else:
            tagged = b"$" in data and b'"$' in data
        return from_plain(value, [where]) if tagged else value
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidParamsError(f"{where}: not JSON that can be read: {error}") from None


def encode_answer(value: object, prepare: Callable[[Any], object]) -> bytes:
    """Return any one value as JSON for a client: a datetime as ISO 8601 text, keys as they are.

    What is not plain yet goes through `prepare` first. Raises InvalidParamsError.
    """
    if is_plain(value):  # nearly always, and then this takes a sixth of the time
        with contextlib.suppress(UnicodeEncodeError):
            return msgspec.json.encode(value)
    plain = to_plain(prepare(value), ["answer"])
    return msgspec.json.encode(from_plain(plain, ["answer"]))


def read_json(data: bytes, where: str) -> Any:
    """Return what JSON from outside says, if it can be kept by the rules above.

    Raises InvalidParamsError, which names the byte where it is no JSON, or the key.
    """
    try:
        try:
            value = msgspec.json.decode(data)
        except msgspec.ValidationError:  # a number that no float holds: find its key
            to_plain(json.loads(data, parse_int=float), [where])
            raise
        if not is_plain(value):
            to_plain(value, [where])
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidParamsError(f"{where}: not JSON that can be read: {error}") from None
    return value
