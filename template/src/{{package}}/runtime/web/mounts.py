"""Other ASGI apps inside this one: what config.py's `mounts(services)` gives, by its path."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ..env import Services
from ..errors import SettingsError

OURS = ("_jobs", "_metrics", "_health", "_ready")
"""What paths of the runtime's own begin with."""


def find_mounts(services: Services) -> Mapping[str, ASGIApp]:
    """Return the apps by their paths. Raises SettingsError, naming the one that is none."""
    found = {} if services.mounts is None else services.mounts(services)
    where = f"{services.package}/config.py: mounts"
    if not isinstance(found, Mapping):
        raise SettingsError(f'{where}: return a dict, as in {{"/api": api}}')
    paths = [str(path).rstrip("/") for path in found]
    for path, app in found.items():
        if not (isinstance(path, str) and path.startswith("/") and path.strip("/")):
            raise SettingsError(f"{where}: {path!r} is no path to mount at, such as '/api'")
        if path.split("/")[1] in OURS or paths.count(path.rstrip("/")) > 1:
            raise SettingsError(f"{where}: {path!r} is taken already")
        if not callable(app):
            raise SettingsError(f"{where}: what is at {path!r} is no ASGI app")
    return found


def route_mounts(app: ASGIApp, mounts: Mapping[str, ASGIApp]) -> ASGIApp:
    """Return an app that asks the mounted ones for what is below their paths, else `app`."""
    if not mounts:
        return app
    routes = [Mount(path, each) for path, each in mounts.items()]
    router = Router(routes, redirect_slashes=False, default=app)

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        # A router would take start and end of the server for itself.
        await (app if scope["type"] == "lifespan" else router)(scope, receive, send)

    return route


async def start_mounts(mounts: Mapping[str, Any], stack: AsyncExitStack) -> None:
    """Run the lifespan of each mounted app that is made with Starlette, as FastAPI's are."""
    for app in mounts.values():
        if isinstance(app, Starlette):
            await stack.enter_async_context(app.router.lifespan_context(app))
