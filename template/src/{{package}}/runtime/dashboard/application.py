"""The routes of the dashboard, the metrics and the health checks, before those of the app."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import anyio.to_thread
import msgspec
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request as RawRequest
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route, Router, request_response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..env import Services
from ..errors import QueueError, RequestError
from ..web.body import URLENCODED, media_type, read_body
from ..web.failures import as_text, explain
from ..web.origin import refuse_foreign_form
from ..web.pages import Pages
from ..web.request import OWN_PATH
from .address import BASE
from .buttons import Buttons
from .desk import Desk, Redirect
from .gate import Gate
from .health import Health
from .metrics import TYPE, metrics

FOLDER = Path(__file__).parent
MAX_FORM = 16_384
"""Bytes of a form of the dashboard."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def attach(app: ASGIApp, services: Services, own_pages: Pages, app_name: str) -> ASGIApp:
    """Return an app that serves these routes, and for all else asks `app`."""
    desk = Desk(services, Pages(FOLDER / "templates", app_name, fresh=False))
    inner = ExceptionMiddleware(
        Router(_routes(desk, Buttons(services)), redirect_slashes=False),
        handlers=dict.fromkeys((HTTPException, QueueError, RequestError), _explain),
    )
    router = Router(
        [
            Mount(BASE, Gate(inner, services, own_pages)),
            Route(
                "/_metrics",
                Gate(request_response(partial(_metrics, services)), services, own_pages),
            ),
            Route("/_health", lambda _: PlainTextResponse("ok\n")),
            Route("/_ready", partial(_ready, Health(services))),
        ],
        redirect_slashes=False,
        default=app,
    )

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path == BASE:
            scope = {**scope, "path": f"{BASE}/"}
        # Most requests are none of these, and a router would look for each of them; it would also
        # take start and end of the server for itself.
        await (router if path.startswith("/_") else app)(scope, receive, send)

    return route


def _routes(desk: Desk, buttons: Buttons) -> list[Route]:
    return [
        *(Route(f"/{name}", _file(name)) for name in ("style.css", "live.js", "icon.svg")),
        Route("/", _page(desk.overview)),
        Route("/list/{state}", _page(desk.list_)),
        Route("/job/{job_id}", _page(desk.job)),
        Route("/recurring", _page(desk.recurring)),
        Route("/workers", _page(desk.workers)),
        _form("/job/{job_id}/{action}", buttons.act),
        _form("/list/{state}/{action}", buttons.act_on_all),
        _form("/queues/{queue}/{verb}", buttons.pause),
        _form("/recurring/run", buttons.run_recurring),
    ]


def _file(name: str) -> Callable[[RawRequest], Response]:
    # Looked at anew, so that an update of the template shows at once.
    headers = {"Cache-Control": "no-cache"}
    return lambda _: FileResponse(FOLDER / "static" / name, headers=headers)


def _page(show: Callable[..., str]) -> Callable[[RawRequest], Response]:
    def answer(raw: RawRequest) -> Response:
        try:
            return HTMLResponse(show(dict(raw.query_params), **raw.path_params), headers=HEADERS)
        except Redirect as redirect:
            return RedirectResponse(str(redirect), 303, HEADERS)

    return answer


def _form(path: str, do: Callable[..., dict[str, object] | str]) -> Route:
    """What a button sends: done by a POST from a page of this site, then another page is shown."""

    async def answer(raw: RawRequest) -> Response:
        refuse_foreign_form(raw.method, raw.scope["scheme"], raw.headers)
        if media_type(raw.headers) not in {"", URLENCODED}:
            raise HTTPException(415)
        form = dict(parse_qsl((await read_body(raw, MAX_FORM)).decode("utf-8", "replace")))
        asked = partial(do, dict(raw.query_params), **raw.path_params)
        done = await anyio.to_thread.run_sync(asked)
        then = done if isinstance(done, str) else _told(form.get("back", ""), done)
        return RedirectResponse(then, 303, HEADERS)

    return Route(path, answer, methods=["POST"])


def _told(back: str, done: dict[str, object]) -> str:
    path, _, query = back.partition("?")
    if not (path == BASE or path.startswith(f"{BASE}/")) or not OWN_PATH.match(back):
        path, query = BASE, ""
    kept = [(key, text) for key, text in parse_qsl(query) if key not in {"did", "count", "more"}]
    return f"{path}?{urlencode([*kept, *done.items()])}"


def _metrics(services: Services, _: RawRequest) -> Response:
    try:
        text = metrics(services.jobs.queue, services.clock())
    except QueueError as error:
        return PlainTextResponse(f"# the queue cannot be read: {error}\n", 503)
    return PlainTextResponse(text, headers={"Content-Type": TYPE})


def _ready(health: Health, _: RawRequest) -> Response:
    found = health.readiness()
    return JSONResponse(msgspec.structs.asdict(found), 200 if found.ready else 503)


def _explain(_: RawRequest, error: Exception) -> Response:
    failure = explain(error)
    if isinstance(error, QueueError):  # who operates the app may know what ails it
        failure = failure._replace(message=str(error))
    return as_text(failure)
