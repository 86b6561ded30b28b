"""Compare what a generator makes with what is in its place, before anything is written."""

import difflib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ..errors import GenerateError
from .render import NewFile


class Change(msgspec.Struct, frozen=True):
    """A file of a generator, and what is in its place."""

    path: Path
    """From the project's folder."""
    new: bytes
    executable: bool
    old: bytes | None
    """None if nothing is there."""

    @property
    def overwrites(self) -> bool:
        """Whether a file of another content is in its place."""
        return self.old is not None and self.old != self.new


def compare(root: Path, files: Iterable[NewFile]) -> list[Change]:
    """Return each file with what the project at `root` has in its place.

    Raises GenerateError if something else than a plain file is there.
    """
    changes = []
    for file in files:
        place = root / file.path
        old = None
        if os.path.lexists(place):
            if not stat.S_ISREG(place.lstat().st_mode):
                raise GenerateError(f"{file.path} is there already, and is no plain file")
            old = place.read_bytes()
        changes.append(Change(file.path, file.content, file.executable, old))
    return changes


def refuse_hiding(root: Path, changes: Iterable[Change]) -> None:
    """Raise GenerateError if a new module would hide others, or be hidden by one."""
    for path in [change.path for change in changes if change.old is None]:
        beside = path.with_suffix("")
        if path.suffix == ".py" and any((root / beside).rglob("*.py")):
            raise GenerateError(f"{beside}/ has modules, which {path} would hide; use another name")
        for folder in path.parents[:-1]:
            module = folder.with_name(f"{folder.name}.py")
            if (root / module).is_file():
                raise GenerateError(f"{module} would hide what is in {folder}/; use another name")


def diff(change: Change, *, removing: bool = False) -> str:
    """Return what writing the file would change in its place; `removing`, what would be lost."""
    path, old, new = str(change.path), list(_lines(change.old)), list(_lines(change.new))
    if removing:
        lines = difflib.unified_diff(new, old, path, path, "generated", "yours")
    elif change.old is None:
        lines = difflib.unified_diff(old, new, "/dev/null", path)
    else:
        lines = difflib.unified_diff(old, new, path, path, "yours", "generated")
    return "".join(lines).rstrip("\n")


def _lines(content: bytes | None) -> Iterator[str]:
    *lines, last = (content or b"").decode("utf-8", "replace").split("\n")
    yield from (f"{line}\n" for line in lines)
    if last:
        yield f"{last}\n\\ No newline at end of file\n"
