"""Turn whatever went wrong into an answer: a page, text or JSON, and a line in the log.

The client's mistake (4xx) is told to the client. Ours (5xx) goes to the log with the request's id;
outside production the answer says what it was and where.
"""

import traceback
from http.client import responses
from pathlib import Path
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Scope

from ..discovery import package_folder
from ..env import Services
from ..errors import (
    InvalidKeyError,
    InvalidParamsError,
    InvalidValueError,
    MailError,
    MailRefusedError,
    MutexTimeoutError,
    QueueError,
    RequestError,
    StoreError,
    StoreMisuseError,
)
from ..settings import Environment
from .pages import Pages
from .request import json_response

RETRY_AFTER = "2"
"""Seconds: told to a client when the queue or the store cannot answer now."""

LONGEST_TOLD = 500
"""Characters of a client's mistake in the log."""

APOLOGIES = {
    500: "Something went wrong on our side. It has been written down.",
    503: "The server cannot do this right now. Please try again in a moment.",
}


class Failure(NamedTuple):
    """What the client is told."""

    status: int
    message: str
    headers: dict[str, str]


def answer_failure(services: Services, pages: Pages, scope: Scope, error: Exception) -> Response:
    """Return the answer to a request that ended in this exception, and log what is ours."""
    failure = explain(error)
    if failure.status >= 500:
        failure = _report(services, scope, error, failure)
    elif isinstance(error, InvalidParamsError | InvalidKeyError):
        # The view's mistake as likely as the client's.
        _tell(services, scope, error, failure.status)
    try:
        answer = _write(pages, scope, failure)
    except Exception:
        services.logger.exception(f"templates/errors/{failure.status}.html failed")
        answer = as_text(failure)
    answer.headers.update(failure.headers)
    return answer


def explain(error: Exception) -> Failure:
    """Return what a client is told of this exception."""
    match error:
        case RequestError():
            return Failure(error.status, str(error), {})
        case InvalidValueError() | MailRefusedError():
            return Failure(500, APOLOGIES[500], {})
        case InvalidKeyError() | InvalidParamsError():
            return Failure(400 if isinstance(error, InvalidKeyError) else 422, str(error), {})
        case HTTPException():
            return Failure(error.status_code, error.detail, dict(error.headers or {}))
        case QueueError() | StoreError() | MailError() | MutexTimeoutError() if not isinstance(
            error, StoreMisuseError
        ):
            return Failure(503, APOLOGIES[503], {"Retry-After": RETRY_AFTER})
        case _:
            return Failure(500, APOLOGIES[500], {})


def _report(services: Services, scope: Scope, error: Exception, failure: Failure) -> Failure:
    logger = services.logger.bind(request_id=scope["request_id"])
    asked = (scope["method"], scope["path"], scope["request_id"])
    if failure.status == 500:
        logger.opt(exception=error).error("{} {!r} failed (request {})", *asked)
    else:
        logger.error("{} {!r} refused (request {}): {}", *asked, error)
    if services.settings.environment is Environment.PRODUCTION:
        return failure
    place = _place(services.package, error)
    return failure._replace(message=f"{type(error).__name__}: {error} ({place})")


def _tell(services: Services, scope: Scope, error: Exception, status: int) -> None:
    logger = services.logger.bind(request_id=scope["request_id"])
    # What a client sends may be in it.
    told = repr(str(error)[:LONGEST_TOLD])
    place = _place(services.package, error)
    asked = (scope["method"], scope["path"], status, scope["request_id"])
    logger.warning("{} {!r} answered with {} (request {}): {} ({})", *asked, told, place)


def _place(package: str, error: Exception) -> str:
    """Return the last line of the user's own code on the way to the error, or else the last."""
    root = package_folder(package)
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame
        for frame in frames
        if (path := Path(frame.filename)).is_relative_to(root)
        and not path.is_relative_to(root / "runtime")
    ]
    last = (own or frames)[-1]
    return f"{last.filename}:{last.lineno}"


def _write(pages: Pages, scope: Scope, failure: Failure) -> Response:
    request_id = scope["request_id"]
    if scope["wants_json"]:
        data = {"error": failure.message, "status": failure.status, "request_id": request_id}
        return json_response(data, failure.status)
    name = f"errors/{failure.status}.html"
    if not pages.has(name):
        return as_text(failure)
    page = pages.render(name, status=failure.status, message=failure.message, request_id=request_id)
    return HTMLResponse(page, failure.status)


def as_text(failure: Failure) -> Response:
    """Return the answer for who wants no page."""
    title = f"{failure.status} {responses.get(failure.status, 'Error')}"
    text = title if failure.message in title else f"{title}\n\n{failure.message}"
    data = f"{text}\n".encode(errors="replace")
    return PlainTextResponse(data, failure.status, failure.headers)
