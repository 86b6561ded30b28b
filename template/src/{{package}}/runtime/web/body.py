"""Read a request's body, and make params of it and of the query.

What comes from outside is limited in size and number and refused in one line; nothing in it can
raise anything but RequestError.
"""

from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.requests import Request as RawRequest

from .. import payload
from ..errors import InvalidParamsError, RequestError
from ..params import Params
from .multipart import MULTIPART, parse_multipart

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request's body; more is answered with 413. It is held in memory."""

MAX_TEXT = 2 * 1024 * 1024
"""Bytes of a body that is JSON or a form without files: each of them may become a value, and a
request of some megabytes could keep a processor busy for seconds."""

MAX_FIELDS = 1000
"""Fields of one query or form."""

URLENCODED = "application/x-www-form-urlencoded"


class MissingFieldError(RequestError, KeyError):
    """A view asked for a field that the request does not have."""

    __str__ = Exception.__str__  # a KeyError shows its text in quotes


class RequestParams(Params):
    """What came with a request: where `params["key"]` is not there, the client is told so."""

    def __missing__(self, key: str) -> NoReturn:
        raise MissingFieldError(f"the field {key!r:.100} is missing")


async def read_body(raw: RawRequest, limit: int | None = None) -> bytes:
    """Return the whole body. Raises RequestError with status 413 beyond `limit` bytes.

    Without one the limit is that of the body's type. What arrives is counted, since Content-Length
    may be missing.
    """
    if limit is None:
        kind = media_type(raw.headers)
        limit = MAX_TEXT if kind == URLENCODED or _is_json(kind) else MAX_BODY
    too_large = RequestError(f"the request is larger than {limit} bytes", 413)
    announced = raw.headers.get("content-length", "")
    if not announced and raw.method == "GET" and "transfer-encoding" not in raw.headers:
        return b""
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise too_large
    body = bytearray()
    try:
        async for chunk in raw.stream():
            body += chunk
            if len(body) > limit:
                raise too_large
    except ClientDisconnect:
        raise RequestError("the client left before its request was complete") from None
    return bytes(body)


def media_type(headers: Mapping[str, str]) -> str:
    """Return the body's type in lower case without its parameters, or "" if it is not told."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def read_params(query: bytes, headers: Mapping[str, str], body: bytes) -> Params:
    """Return the query's keys and over them the body's: a form, or a JSON object.

    JSON that is not an object is found under `body`. Of a key given twice the last counts;
    `tag[]=a&tag[]=b` is a list under `tag`. A file is an Upload. Any other type of body is left.
    A key that is asked for and missing raises RequestError, which is a KeyError as well.
    """
    params = RequestParams()
    _put_pairs(params, _parse_pairs(query, "query"))
    kind = media_type(headers)
    if kind == URLENCODED:
        _put_pairs(params, _parse_pairs(body, "form"))
    elif kind == MULTIPART and body:  # some clients keep the type when they follow a redirect
        _put_pairs(params, parse_multipart(headers["content-type"], body, MAX_FIELDS))
    elif body and _is_json(kind):
        value = _parse_json(body)
        params.update(value if isinstance(value, dict) else {"body": value})
    return params


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _put_pairs(params: Params, pairs: list[tuple[str, Any]]) -> None:
    lists: dict[str, list[Any]] = {}
    for key, value in pairs:
        if key.endswith("[]"):
            lists.setdefault(key.removesuffix("[]"), []).append(value)
        else:
            params[key] = value
    params.update(lists)


def _parse_pairs(data: bytes, where: str) -> list[tuple[str, Any]]:
    try:
        text = data.decode()
        return list(parse_qsl(text, True, errors="strict", max_num_fields=MAX_FIELDS))
    except UnicodeDecodeError:
        raise RequestError(f"the {where} is not UTF-8") from None
    except ValueError:
        raise RequestError(f"the {where} has more than {MAX_FIELDS} fields", 413) from None


def _parse_json(body: bytes) -> Any:
    try:
        return payload.read_json(body, "body")
    except InvalidParamsError as error:
        raise RequestError(str(error)) from None
