"""Find user code by its folder: jobs/, mailers/ and views/ need no registry file.

Importing user code can fail in any way; every problem is gathered and told together, with the
file and the line, so that one start shows all that is to be mended.
"""

import importlib
import inspect
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from .errors import DiscoveryError

PACKAGE = __name__.partition(".runtime.")[0]
"""The app's own package: the one that this runtime lies in."""

HOOKS = {"around_job": ("env", "run"), "mounts": ("services",), "may_operate": ("request",)}
"""The functions that config.py may have, and their arguments."""


class Found(msgspec.Struct, frozen=True):
    """A module of the user's: `jobs/admin/report.py` is found as `admin/report`."""

    name: str
    module: ModuleType
    path: Path


def package_folder(package: str) -> Path:
    """Return the folder of an importable package, such as `my_app`."""
    file = importlib.import_module(package).__file__
    if file is None:
        raise DiscoveryError(f"{package}: not a package with an __init__.py")
    return Path(file).parent


def project_root() -> Path:
    """Return the folder with the app's pyproject.toml; for an installed app, the current one."""
    folder = package_folder(PACKAGE).parents[1]
    return folder if (folder / "pyproject.toml").is_file() else Path.cwd()


def find_modules(package: str, folder: str) -> list[Found]:
    """Import each module below `folder` of the package, in the order of their names.

    Files and folders that begin with `_` or `.` are helpers and are passed over. A missing folder
    holds nothing. Raises DiscoveryError with every module that cannot be imported.
    """
    root = package_folder(package) / folder
    files = {path.relative_to(root).with_suffix(""): path for path in root.rglob("*.py")}
    return _import_each(f"{package}.{folder}", files)


def find_packages(package: str, folder: str) -> list[Found]:
    """Import each folder in `folder` of the package that has an `__init__.py`, likewise."""
    root = package_folder(package) / folder
    files = {path.parent.relative_to(root): path for path in root.glob("*/__init__.py")}
    return _import_each(f"{package}.{folder}", files)


def _import_each(prefix: str, files: Mapping[Path, Path]) -> list[Found]:
    found: list[Found] = []
    problems: list[str] = []
    for place, path in sorted(files.items()):
        if any(part.startswith(("_", ".")) for part in place.parts):
            continue
        try:
            module = importlib.import_module(".".join((prefix, *place.parts)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - user code may raise anything
            problems.append(explain_import(path, error))
        else:
            found.append(Found(place.as_posix(), module, path))
    refuse(problems)
    return found


def explain_import(path: Path, error: BaseException) -> str:
    """Return one line: the file, the line in it where the import failed, and why."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename) == path:
            line = frame.lineno
    reason = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{path}:{line or 1}: {type(error).__name__}: {' '.join(reason.split())}"


def takes(function: Any, count: int) -> bool:
    """Say whether this can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    return True


def is_mixed_up(function: Any, names: Sequence[str]) -> bool:
    """Say whether its first arguments are called so, but come in another order."""
    first = [*inspect.signature(function).parameters][: len(names)]
    return first != [*names] and sorted(first) == sorted(names)


def check_hook(name: str, function: object) -> Iterator[str]:
    """Yield what is wrong with a function of config.py."""
    arguments = HOOKS[name]
    fits = takes(function, len(arguments)) and not inspect.iscoroutinefunction(function)
    if not fits or is_mixed_up(function, arguments):
        yield f"write def {name}({', '.join(arguments)})"


def refuse(problems: list[str]) -> None:
    """Raise DiscoveryError listing the problems, if there are any."""
    if problems:
        raise DiscoveryError("\n".join(problems))
