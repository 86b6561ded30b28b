"""Who may see the dashboard and the metrics.

One of three lets a request in: the app's own `may_operate(request)` in config.py; the user and
password of DASHBOARD_USER and DASHBOARD_PASSWORD; or, outside production, that it comes from this
machine and asks for it by a name of its own. A page elsewhere whose name was made to lead here
(DNS rebinding) does not.
"""

import base64
import binascii
import hmac
import ipaddress

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..env import Services
from ..params import Params
from ..routes import Route
from ..settings import Environment
from ..web.pages import Pages
from ..web.request import Request
from ..web.session import SessionCookie

CLOSED = (
    "403 Forbidden\n\nThis is closed here. Set DASHBOARD_PASSWORD, or write "
    "`def may_operate(request) -> bool` in config.py.\n"
)


class Gate:
    """Asks before each request whether it may go on to `app`."""

    def __init__(self, app: ASGIApp, services: Services, pages: Pages) -> None:
        self._app = app
        self._services = services
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refusal = await anyio.to_thread.run_sync(self._refuse, scope)
        await (refusal or self._app)(scope, receive, send)

    def _refuse(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        password = self._services.settings.dashboard_password
        if self._may_operate(scope) or (password and self._knows(headers, password)):
            return None
        if password:
            ask = {"WWW-Authenticate": 'Basic realm="jobs", charset="UTF-8"'}
            return PlainTextResponse("401 Unauthorized\n", 401, ask)
        production = self._services.settings.environment is Environment.PRODUCTION
        if self._services.may_operate or production or not _is_local(scope, headers):
            return PlainTextResponse(CLOSED, 403)
        return None

    def _may_operate(self, scope: Scope) -> bool:
        ask = self._services.may_operate
        if ask is None:
            return False
        # The same that a view is given, so that a session tells who it is; its body is not read.
        route = Route(scope["method"], scope["path"], "dashboard", "get", ask)
        session = SessionCookie(self._services, scope)
        request = Request(self._services, self._pages, route, scope, Params(), session=session)
        return ask(request) is True

    def _knows(self, headers: Headers, password: str) -> bool:
        kind, _, encoded = headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True) if kind.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            return False
        wanted = f"{self._services.settings.dashboard_user}:{password}"
        return hmac.compare_digest(given, wanted.encode())


def _is_local(scope: Scope, headers: Headers) -> bool:
    client = scope.get("client")
    host = headers.get("host", "").rpartition("@")[2]
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    named = name.lower() == "localhost" or name.lower().endswith(".localhost") or _is_loopback(name)
    return named and client is not None and _is_loopback(client[0])


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)
