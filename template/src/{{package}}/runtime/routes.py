"""Find the routes: one file in views/ is one resource, its functions are what can be done to it.

`views/uploads.py` serves /uploads, `views/admin/report.py` serves /admin/report and
`views/root.py` serves /.
"""

import difflib
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import msgspec

from .discovery import Found, find_modules, refuse

ACTIONS = {
    "index": ("GET", ""),
    "new": ("GET", "/new"),
    "edit": ("GET", "/{id}/edit"),
    "get": ("GET", "/{id}"),
    "post": ("POST", ""),
    "put": ("PUT", "/{id}"),
    "patch": ("PATCH", "/{id}"),
    "delete": ("DELETE", "/{id}"),
}
"""The method of each action, and its path below the resource's own."""

NO_ACTION = (
    f"has no usable action: write one of {', '.join(ACTIONS)}, or begin a helper file's name "
    "with '_'"
)


class Route(msgspec.Struct, frozen=True):
    """One thing that can be asked for: `GET /uploads/{id}` calls `get` of views/uploads.py."""

    method: str
    path: str
    view: str
    """The resource: `uploads`, `admin/report`, `root`."""
    action: str
    handler: Callable[..., Any]
    """The view's function; it is given the request, and the id if the path has one."""


def find_routes(package: str) -> tuple[Route, ...]:
    """Return every route of views/ in the order to match them: fixed words before an id.

    So nothing in views/root.py, whose ids stand at the front of a path, hides another resource.
    Raises DiscoveryError with every function that cannot be used, its file and line.
    """
    problems: list[str] = []
    routes: dict[tuple[str, str], Route] = {}
    for found in find_modules(package, "views"):
        own = _routes_of(found)
        wrong = check_actions(found.module)
        problems += [f"{found.path}:{line}: {reason}" for line, reason in wrong]
        if not own:
            problems.append(f"{found.path}:1: {NO_ACTION}")
        for route in own:
            first = routes.setdefault((route.method, route.path), route)
            if first is not route:
                problems.append(
                    f"{found.path}:{_line(route.handler)}: {route.method} {route.path} is already "
                    f"served by {first.action} of views/{first.view}.py; rename one of the two"
                )
    refuse(problems)
    return tuple(sorted(routes.values(), key=_order))


def check_actions(module: ModuleType) -> Iterator[tuple[int, str]]:
    """Yield the line of each function of a view that cannot be used, and what is wrong with it."""
    for name, handler in vars(module).items():
        if isinstance(handler, FunctionType):
            if name in ACTIONS:
                problem = _signature_problem(handler, takes_id="{id}" in ACTIONS[name][1])
            else:
                problem = _name_problem(name, handler, module)
            if problem:
                yield _line(handler), f"{name} {problem}"


def _routes_of(found: Found) -> list[Route]:
    base = "" if found.name == "root" else f"/{found.name}"
    return [
        Route(method, base + below or "/", found.name, name, handler)
        for name, handler in vars(found.module).items()
        if isinstance(handler, FunctionType) and name in ACTIONS
        for method, below in [ACTIONS[name]]
    ]


def _signature_problem(handler: FunctionType, *, takes_id: bool) -> str | None:
    if inspect.iscoroutinefunction(handler) or inspect.isasyncgenfunction(handler):
        return "is async: write a plain function, it runs in a thread of its own"
    parameters = inspect.signature(handler).parameters.values()
    wanted = "(request, id)" if takes_id else "(request)"
    kinds = {parameter.kind for parameter in parameters}
    fits = len(parameters) == (2 if takes_id else 1) and inspect.Parameter.KEYWORD_ONLY not in kinds
    if fits or inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    return f"takes ({', '.join(p.name for p in parameters)}): write def {handler.__name__}{wanted}"


def _name_problem(name: str, handler: FunctionType, module: ModuleType) -> str | None:
    own = handler.__module__ == module.__name__ and not name.startswith("_")
    if not own or next(iter(inspect.signature(handler).parameters), None) != "request":
        return None
    close = difflib.get_close_matches(name, ACTIONS, n=1)
    meant = f"did you mean {close[0]}?" if close else f"use one of {', '.join(ACTIONS)}"
    return f"is not an action: {meant} (a helper's name begins with '_')"


def _line(handler: Callable[..., Any]) -> int:
    return int(inspect.unwrap(handler).__code__.co_firstlineno)


def _order(route: Route) -> tuple[list[tuple[bool, str]], str]:
    return [(part.startswith("{"), part) for part in route.path.split("/")], route.method
