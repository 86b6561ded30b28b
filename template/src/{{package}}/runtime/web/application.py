"""Build the web application of one app."""

import functools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request as RawRequest
from starlette.responses import Response
from starlette.routing import Route as PathRoute

from ..dashboard.application import attach
from ..discovery import package_folder
from ..env import Services
from ..routes import Route
from ..settings import Environment
from .failures import answer_failure
from .front import Front
from .middleware import Guard, find_middleware
from .mounts import find_mounts, route_mounts, start_mounts
from .pages import Pages
from .resource import Resource


def build_application(
    services: Services, on_start: Callable[[], None], on_stop: Callable[[], None]
) -> Starlette:
    """Return the ASGI application with all routes of `services`, within the app's middleware.

    The server calls `on_start` before the first request and `on_stop` after the last, each in a
    thread, so that they may take their time. Raises DiscoveryError for middleware without use.
    """
    folder = package_folder(services.package)
    fresh = services.settings.environment is Environment.DEVELOPMENT
    app_name = services.package.replace("_", " ").title()
    pages = Pages(folder / "templates", app_name, fresh=fresh)
    mounts = find_mounts(services)
    by_path: dict[str, list[Route]] = {}
    for route in services.routes:
        by_path.setdefault(route.path, []).append(route)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(on_start)
        try:
            async with AsyncExitStack() as stack:
                await start_mounts(mounts, stack)
                yield
        finally:
            await anyio.to_thread.run_sync(on_stop)

    answer = functools.partial(answer_failure, services, pages)

    def answer_unrouted(raw: RawRequest, error: Exception) -> Response:
        return answer(raw.scope, error)

    application = Starlette(
        routes=[
            PathRoute(path, Resource(services, pages, routes)) for path, routes in by_path.items()
        ],
        middleware=[
            Middleware(Front, public=folder / "public", mounts=mounts),
            Middleware(Guard, answer=answer),
            Middleware(attach, services, pages, app_name),
            *find_middleware(services.package),
            Middleware(route_mounts, mounts),
        ],
        exception_handlers={HTTPException: answer_unrouted},
        lifespan=lifespan,
    )
    # Here, so that a layer which cannot be made stops the start with its reason.
    application.middleware_stack = application.build_middleware_stack()
    return application
