"""Call a view: one resource answers for one path, whatever the method."""

from collections.abc import Iterable

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request as RawRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..env import Services
from ..errors import RequestError
from ..params import Params
from ..routes import Route
from .body import URLENCODED, media_type, read_body, read_params
from .failures import answer_failure
from .multipart import MULTIPART
from .origin import refuse_foreign_form
from .pages import Pages
from .request import Request
from .session import SessionCookie


class Resource:
    """The routes of one path, as an ASGI application.

    The body is read here, under its limit, before a thread is taken: a slow client holds none.
    """

    def __init__(self, services: Services, pages: Pages, routes: Iterable[Route]) -> None:
        self._services = services
        self._pages = pages
        self._by_method = {route.method: route for route in routes}
        if "GET" in self._by_method:
            self._by_method["HEAD"] = self._by_method["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        raw = RawRequest(scope, receive)
        try:
            refuse_foreign_form(raw.method, scope["scheme"], raw.headers)
            body = await read_body(raw)
        except RequestError as error:
            answer = await anyio.to_thread.run_sync(self._refuse, scope, error)
        else:
            answer = await anyio.to_thread.run_sync(self._answer, raw, body)
        await answer(scope, receive, send)

    def _answer(self, raw: RawRequest, body: bytes) -> Response:
        try:
            return self._call_view(raw, body)
        except Exception as error:  # noqa: BLE001 - whatever a view raises becomes an answer
            return self._refuse(raw.scope, error)

    def _refuse(self, scope: Scope, error: Exception) -> Response:
        return answer_failure(self._services, self._pages, scope, error)

    def _call_view(self, raw: RawRequest, body: bytes) -> Response:
        params = read_params(raw.scope["query_string"], raw.headers, body)
        route = self._by_method.get(_method(raw, params))
        if route is None:
            allowed = ", ".join(sorted(self._by_method))
            raise HTTPException(405, headers={"Allow": allowed})
        session = SessionCookie(self._services, raw.scope)
        # The files of a form are not held twice.
        kept = b"" if media_type(raw.headers) == MULTIPART else body
        here = (self._services, self._pages, route, raw.scope, params)
        request = Request(*here, session=session, body=kept)
        answer = route.handler(request, *raw.path_params.values())
        if not isinstance(answer, Response):
            kind = type(answer).__name__
            raise TypeError(
                f"{route.action} of views/{route.view}.py gave {kind}: return request.render(), "
                "request.redirect(), request.json() or request.text()"
            )
        session.write(answer)
        return answer


def _method(raw: RawRequest, params: Params) -> str:
    """Return the method meant: HTML forms can only POST, and say another one in `_method`."""
    if raw.method == "POST" and media_type(raw.headers) in {URLENCODED, MULTIPART}:
        wanted = str(params.pop("_method", "")).upper()
        if wanted in {"PUT", "PATCH", "DELETE"}:
            return wanted
    return raw.method
