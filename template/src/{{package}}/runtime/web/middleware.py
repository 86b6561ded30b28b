"""The app's own middleware: one file in middleware/ is one layer around every view.

Its function `wrap(app)` takes an ASGI application and returns the one that is called in its place.
The layers go by name: the first name is the outermost. Files of public/ are served before them.
"""

from collections.abc import Callable

import anyio.to_thread
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..discovery import Found, explain_import, find_modules, refuse
from ..errors import DiscoveryError

NO_WRAP = "has no function wrap(app): write one, or begin the name of a helper with '_'"

Answer = Callable[[Scope, Exception], Response]
"""Makes the answer to a request that ended in an exception; it may take its time."""


def find_middleware(package: str) -> list[Middleware]:
    """Return the layers of middleware/, outermost first.

    Raises DiscoveryError naming each file that has no function `wrap`.
    """
    found = find_modules(package, "middleware")
    refuse(
        [
            f"{each.path}:1: {NO_WRAP}"
            for each in found
            if not callable(getattr(each.module, "wrap", None))
        ]
    )
    return [Middleware(_checked(each)) for each in found]


def _checked(found: Found) -> Callable[[ASGIApp], ASGIApp]:
    def wrap(app: ASGIApp) -> ASGIApp:
        try:
            layer: ASGIApp = found.module.wrap(app)
        except Exception as error:
            raise DiscoveryError(explain_import(found.path, error)) from error
        if not callable(layer):
            kind = type(layer).__name__
            raise DiscoveryError(f"{found.path}:1: wrap(app) gave {kind}: return an application")
        return layer

    return wrap


class Guard:
    """Answers for a layer that raises, as a view that raises is answered for."""

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        begun = False

        async def send_on(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            answer = await anyio.to_thread.run_sync(self._answer, scope, error)
            await answer(scope, receive, send)
