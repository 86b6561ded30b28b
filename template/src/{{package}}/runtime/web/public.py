"""Serve the files of public/: `public/style.css` is /style.css."""

import os.path
from pathlib import Path

from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send


def find_file(public: Path, path: str) -> Path | None:
    """Return the file that a URL's path names, if there is one inside the folder.

    Names that begin with a dot are not served, except .well-known; a link out of the folder
    leads nowhere. A path that names no file costs one look at the disk.
    """
    if "/." in path.replace("/.well-known/", "/"):
        return None
    name = f"{public}{path}"
    if not os.path.isfile(name):  # noqa: PTH113 - takes any text for a name, where pathlib raises
        return None
    file = Path(name)
    return file if file.resolve().is_relative_to(public) else None


async def send_file(file: Path, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the file, or with 304 if the client has this version of it."""
    files = StaticFiles(directory=file.parent)
    answer = files.file_response(file, file.stat(), scope)
    answer.headers["Cache-Control"] = "no-cache"
    await answer(scope, receive, send)
