"""Check data key by key: what JSON can say is made plain, the rest is refused with its path.

Both walks carry the path to where they are, first the word that names the whole; its length is the
depth. A datetime becomes {"$datetime": ISO 8601 text}. A key of the user's that begins with `$`
gets one more in front, so that the two never meet.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .errors import InvalidParamsError

MAX_DEPTH = 100
MIN_INT = -(2**63)
MAX_INT = 2**63 - 1
TAG = "$datetime"

_LEAVES = {str, bool, type(None), datetime}

HINTS = {
    "set": "use a list",
    "frozenset": "use a list",
    "bytes": "use text, such as base64",
    "bytearray": "use text, such as base64",
    "Decimal": "use a string",
    "UUID": "use a string",
    "PurePath": "use a string",
    "date": "use a datetime or a string",
    "timedelta": "use a number of seconds",
    "Upload": "keep its data in a file or in the store, and give its name",
}


def to_plain(value: Any, path: list[Any]) -> Any:
    """Return exact str, int, float, bool, None, list and dict, made from `value`."""
    kind = type(value)
    if kind is str:
        if not value.isascii():
            _check_unicode(value, path)
    elif kind is int:
        if not MIN_INT <= value <= MAX_INT:
            raise refusal(path, "an integer beyond 64 bits; use a string")
    elif kind is float:
        if not math.isfinite(value):
            raise refusal(path, f"{value} is not JSON; use null or a string")
    elif kind is not bool and value is not None:
        return _convert(value, path)
    return value


def _convert(value: Any, path: list[Any]) -> Any:
    if isinstance(value, Mapping):
        return _object(value, path)
    if isinstance(value, list | tuple):
        return _array(value, path)
    if isinstance(value, datetime):
        return {TAG: datetime.isoformat(value)}
    if isinstance(value, str):
        return to_plain(str.__str__(value), path)
    if isinstance(value, int):
        return to_plain(int.__int__(value), path)
    if isinstance(value, float):
        return to_plain(float.__float__(value), path)
    names = [base.__name__ for base in type(value).__mro__]
    hint = next((HINTS[name] for name in names if name in HINTS), "use an id or plain data")
    raise refusal(path, f"{a_or_an(names[0])} is not JSON; {hint}")


def _object(value: Mapping[Any, Any], path: list[Any]) -> dict[str, Any]:
    result = {}
    _go_down(path)
    for key, item in value.items():
        path[-1] = key
        name = key
        if type(key) is not str:
            if not isinstance(key, str):
                raise refusal(path, f"a key must be a string; use {str(key)!r}")
            name = str.__str__(key)
        if not name.isascii():
            _check_unicode(name, path)
        if name[:1] == "$":
            name = "$" + name
        result[name] = to_plain(item, path)
    path.pop()
    return result


def _array(value: list[Any] | tuple[Any, ...], path: list[Any]) -> list[Any]:
    result = []
    _go_down(path)
    for path[-1], item in enumerate(value):
        result.append(to_plain(item, path))
    path.pop()
    return result


def _go_down(path: list[Any]) -> None:
    if len(path) > MAX_DEPTH:
        raise refusal(path, f"deeper than {MAX_DEPTH} levels; flatten it (or does it hold itself?)")
    path.append(None)


def _check_unicode(text: str, path: list[Any]) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = f"U+{ord(text[error.start]):04X}"
        raise refusal(path, f"{code} is half a character; remove it from the text") from None


def from_plain(value: Any, path: list[Any]) -> Any:
    """Return what `to_plain` was given: datetimes again, and keys without their escapes."""
    if type(value) is list:
        return [from_plain(item, [*path, index]) for index, item in enumerate(value)]
    if type(value) is not dict:
        return value
    if TAG in value:
        return _read_datetime(value, path)
    for key in value:
        if key.startswith("$") and not key.startswith("$$"):
            raise refusal(path, f"the tag {key!r} is unknown in this version of the app")
    return {key.removeprefix("$"): from_plain(item, [*path, key]) for key, item in value.items()}


def _read_datetime(value: dict[str, Any], path: list[Any]) -> datetime:
    try:
        (text,) = value.values()
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise refusal(path, f"not a datetime, which is {{'{TAG}': ISO 8601 text}}") from None


def is_plain(value: Any) -> bool:
    """Say whether this is what `to_plain` gives, or a datetime; but for halves of characters."""
    return _are_plain((value,), MAX_DEPTH)


def _are_plain(items: Iterable[Any], depth: int) -> bool:
    for item in items:
        kind = type(item)
        if kind is dict:
            if depth == 0 or not _are_plain(item.values(), depth - 1):
                return False
            for key in item:
                if type(key) is not str:
                    return False
        elif kind is list:
            if depth == 0 or not _are_plain(item, depth - 1):
                return False
        elif kind is int:
            if not MIN_INT <= item <= MAX_INT:
                return False
        elif kind not in _LEAVES and not (kind is float and math.isfinite(item)):
            return False
    return True


def refusal(path: list[Any], reason: str) -> InvalidParamsError:
    """Return the error to raise: one line, with the path written as code would write it."""
    keys = [f".{k}" if isinstance(k, str) and k.isidentifier() else f"[{k!r}]" for k in path[1:]]
    text = "".join(keys)
    if len(text) > 80:
        text = f"{text[:50]}...{text[-20:]}"
    return InvalidParamsError(f"{path[0]}{text}: {reason}")


def a_or_an(name: str) -> str:
    """Return the name of a type with its article, for a message."""
    return f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"
