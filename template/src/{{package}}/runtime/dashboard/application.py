"""The routes of the dashboard, the metrics and the health checks, before those of the app."""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import anyio.to_thread
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
from starlette.routing import Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ..env import Services
from ..errors import QueueError, RequestError
from ..web.body import URLENCODED, media_type, read_body
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

Page = Callable[..., str]


def attach(app: ASGIApp, services: Services, own_pages: Pages, app_name: str) -> ASGIApp:
    """Return an app that serves these routes, and for all else asks `app`."""
    desk = Desk(services, Pages(FOLDER / "templates", app_name, fresh=False))
    inner = ExceptionMiddleware(
        Router(_routes(desk, Buttons(services)), redirect_slashes=False),
        handlers={HTTPException: _explain, QueueError: _cannot, RequestError: _refused},
    )
    health = Health(services)
    router = Router(
        [
            Mount(BASE, Gate(inner, services, own_pages)),
            Route("/_metrics", Gate(_Metrics(services), services, own_pages)),
            Route("/_health", lambda _: PlainTextResponse("ok\n")),
            Route("/_ready", lambda _: _ready(health)),
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
        Route("/job/{job_id}/{action}", _Form(lambda _, **path: buttons.act(**path))),
        Route("/list/{state}/{action}", _Form(buttons.act_on_all)),
        Route("/queues/{queue}/{verb}", _Form(lambda _, **path: buttons.pause(**path))),
        Route("/recurring/run", _Form(lambda query: buttons.run_recurring(query.get("name", "")))),
    ]


def _file(name: str) -> Callable[[RawRequest], Response]:
    # Looked at anew, so that an update of the template shows at once.
    headers = {"Cache-Control": "no-cache"}
    return lambda _: FileResponse(FOLDER / "static" / name, headers=headers)


def _page(show: Page) -> Callable[[RawRequest], Response]:
    def answer(raw: RawRequest) -> Response:
        try:
            return HTMLResponse(show(dict(raw.query_params), **raw.path_params), headers=HEADERS)
        except Redirect as redirect:
            return RedirectResponse(str(redirect), 303, HEADERS)

    return answer


class _Form:
    """What a button sends: done by a POST from a page of this site, then another page is shown."""

    def __init__(self, do: Callable[..., dict[str, object] | str]) -> None:
        self._do = do

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = RawRequest(scope, receive)
        if raw.method != "POST":
            raise HTTPException(405, headers={"Allow": "POST"})
        refuse_foreign_form(raw.method, scope["scheme"], raw.headers)
        if media_type(raw.headers) not in {"", URLENCODED}:
            raise HTTPException(415)
        form = dict(parse_qsl((await read_body(raw, MAX_FORM)).decode("utf-8", "replace")))
        done = await anyio.to_thread.run_sync(self._call, raw)
        path = done if isinstance(done, str) else _told(form.get("back", ""), done)
        await RedirectResponse(path, 303, HEADERS)(scope, receive, send)

    def _call(self, raw: RawRequest) -> dict[str, object] | str:
        return self._do(dict(raw.query_params), **raw.path_params)


def _told(back: str, done: dict[str, object]) -> str:
    path, _, query = back.partition("?")
    if not (path == BASE or path.startswith(f"{BASE}/")) or not OWN_PATH.match(back):
        path, query = BASE, ""
    kept = [(key, text) for key, text in parse_qsl(query) if key not in {"did", "count", "more"}]
    return f"{path}?{urlencode([*kept, *done.items()])}"


class _Metrics:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await anyio.to_thread.run_sync(self._answer)
        await answer(scope, receive, send)

    def _answer(self) -> Response:
        services = self._services
        try:
            text = metrics(services.jobs.queue, services.clock())
        except QueueError as error:
            return PlainTextResponse(f"# the queue cannot be read: {error}\n", 503)
        return PlainTextResponse(text, headers={"Content-Type": TYPE})


def _ready(health: Health) -> Response:
    found = health.readiness()
    words = {"ready": found.ready, "queue": found.queue, "workers": found.workers}
    return JSONResponse(words, 200 if found.ready else 503)


def _explain(_: RawRequest, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = f"{error.status_code} {HTTPStatus(error.status_code).phrase}"
    text = title if error.detail in title else f"{title}\n\n{error.detail}"
    return PlainTextResponse(f"{text}\n", error.status_code, error.headers)


def _cannot(_: RawRequest, error: Exception) -> Response:
    return PlainTextResponse(f"503 Service Unavailable\n\n{error}\n", 503, {"Retry-After": "2"})


def _refused(_: RawRequest, error: Exception) -> Response:
    status = error.status if isinstance(error, RequestError) else 400
    return PlainTextResponse(f"{status} {HTTPStatus(status).phrase}\n\n{error}\n", status)
