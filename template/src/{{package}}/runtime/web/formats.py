"""Choose between HTML and JSON, and write the JSON."""

import functools
from typing import Any

from .. import payload
from ..errors import InvalidParamsError
from ..job import Job

HTML = "text/html"
JSON = "application/json"


@functools.lru_cache(64)
def prefers_json(accept: str) -> bool:
    """Say whether an Accept header puts JSON before HTML. `*/*` alone means HTML."""
    best, best_weight = "", 0.0
    for entry in accept.split(","):
        kind, *options = (part.strip().lower() for part in entry.split(";"))
        weight = next((_weight(option[2:]) for option in options if option.startswith("q=")), 1.0)
        if kind in {HTML, JSON} and weight > best_weight:
            best, best_weight = kind, weight
    return best == JSON


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def to_json(value: object) -> bytes:
    """Return the value as JSON: by the rules of payload.py, a datetime in ISO 8601, a job in short.

    Raises TypeError, naming the key, for what JSON cannot say: the mistake is the view's.
    """
    try:
        return payload.encode_answer(value, _shorten)
    except InvalidParamsError as error:
        raise TypeError(str(error)) from None


def _shorten(value: Any) -> Any:
    match value:
        case Job():
            return summary(value)
        case dict():
            return {key: _shorten(item) for key, item in value.items()}
        case list() | tuple():
            return [_shorten(item) for item in value]
        case _:
            return value


def summary(job: Job) -> dict[str, object]:
    """Return what a client may know of a job: no params, and of an error its first line."""
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "attempt": job.attempt,
        "progress": job.progress,
        "error": job.error.partition("\n")[0] if job.error else None,
    }
