"""Find files whose function is missing or cannot be called, which keep the app from starting."""

import ast
import difflib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType

from ..discovery import HOOKS, check_hook
from ..jobs import check_run
from ..mail.discovery import check_deliver
from ..routes import ACTIONS, NO_ACTION, check_actions
from ..settings import NEAR
from .outline import STAR, Plain, outline
from .words import Problem


def check_entry(folder: str, place: Path, tree: ast.Module) -> Iterator[Problem]:
    """Yield what is wrong, in the words of the start; `place` is the file's in its folder."""
    parts = place.with_suffix("").parts
    if folder == "mailers":
        if len(parts) != 2 or parts[1] != "__init__":
            return
        parts = parts[:1]
    if any(part.startswith(("_", ".")) for part in parts):
        return
    module = outline(tree)
    match folder:
        case "jobs":
            yield from _check(module, "run", check_run)
        case "mailers":
            yield from _check(module, "deliver", check_deliver)
        case "middleware":
            yield from _check(module, "wrap", _check_wrap)
        case "views":
            yield from check_actions(module)
            if vars(module).keys().isdisjoint({*ACTIONS, STAR}):
                yield 1, NO_ACTION


def check_config(tree: ast.Module) -> Iterator[Problem]:
    """Yield which of the functions that config.py may have is misspelt, or cannot be called."""
    module = outline(tree)
    for name, function in list(vars(module).items()):
        if name in HOOKS:
            yield from _check(module, name, partial(check_hook, name))
        elif isinstance(function, FunctionType):
            for near in difflib.get_close_matches(name, HOOKS, 1, NEAR):
                yield function.__code__.co_firstlineno, f"{name}: did you mean {near!r}?"


def _check(
    module: ModuleType, name: str, check: Callable[[object], Iterator[str]]
) -> Iterator[Problem]:
    function = getattr(module, name, None)
    if isinstance(function, FunctionType):
        yield from ((function.__code__.co_firstlineno, problem) for problem in check(function))
    elif isinstance(function, Plain):
        yield from ((function.line, problem) for problem in check(function))
    elif function is None and not hasattr(module, STAR):
        yield from ((1, problem) for problem in check(None))


def _check_wrap(wrap: object) -> Iterator[str]:
    if wrap is None:
        # It imports starlette, for which only those wait who have the problem.
        from ..web.middleware import NO_WRAP  # noqa: PLC0415

        yield NO_WRAP
