"""Write what a generator made, or take it away again: all of it, or nothing.

A file is written under another name beside its place, and gets its own only when every file is on
the disk. So a process that is killed leaves whole files or none in their places, and the same
command, given again, does the rest.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..errors import GenerateError
from .compare import Change


def write(root: Path, changes: Sequence[Change]) -> None:
    """Write what is missing or differs. Raises GenerateError, having written nothing."""
    place = root
    try:
        with _alone(root), ExitStack() as undo:
            for change in changes:
                place = root / change.path
                _forget(place)
                if change.old != change.new:
                    _make_folder(place.parent, undo)
                    _write_beside(place, change, undo)
            for change in changes:
                place = root / change.path
                if change.old is None:
                    _create(place, undo)
                elif change.old != change.new:
                    _replace(place, undo)
            undo.pop_all()
            for change in changes:
                _forget(root / change.path)
    except OSError as error:
        raise GenerateError(f"{place}: {error.strerror}; nothing was written") from error


def remove(root: Path, changes: Sequence[Change]) -> None:
    """Remove the files that are there, then the folders that are left empty.

    Raises GenerateError, having put back what was removed.
    """
    place = root
    removed = []
    try:
        with _alone(root):
            for change in changes:
                place = root / change.path
                _forget(place)
                if change.old is not None:
                    place.unlink()
                    removed.append(Change(change.path, change.old, change.executable, None))
    except OSError as error:
        write(root, removed)
        raise GenerateError(f"{place}: {error.strerror}; nothing was removed") from error
    for change in removed:
        with suppress(OSError):
            _remove_traces(root, root / change.path)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep two commands in one project from each other's files."""
    descriptor = os.open(root / "generators", os.O_RDONLY)
    try:
        with suppress(OSError):  # as of a network file system that locks no folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _beside(place: Path, what: str) -> Path:
    return place.with_name(f".{place.name}.generate-{what}")


def _forget(place: Path) -> None:
    """Remove what this run, or one before that was killed, has put beside a file."""
    for what in ("new", "old"):
        # Never written to: it may be a second name of the file in its place.
        with suppress(FileNotFoundError, NotADirectoryError):
            _beside(place, what).unlink()


def _make_folder(folder: Path, undo: ExitStack) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, undo)
        folder.mkdir()
        undo.callback(folder.rmdir)


def _write_beside(place: Path, change: Change, undo: ExitStack) -> None:
    new = _beside(place, "new")
    with new.open("xb") as file:
        undo.callback(new.unlink, missing_ok=True)
        file.write(change.new)
    if change.old is not None:
        shutil.copymode(place, new)
    if change.executable:
        new.chmod(new.stat().st_mode | 0o111)


def _create(place: Path, undo: ExitStack) -> None:
    # Fails if a file has come there meanwhile, where a renaming would overwrite it.
    os.link(_beside(place, "new"), place)
    undo.callback(place.unlink)


def _replace(place: Path, undo: ExitStack) -> None:
    old = _beside(place, "old")
    os.link(place, old)
    undo.callback(old.unlink, missing_ok=True)
    undo.callback(old.replace, place)
    _beside(place, "new").replace(place)


def _remove_traces(root: Path, place: Path) -> None:
    """Remove what Python has cached of a module, and the folders that are empty then."""
    caches = place.parent / "__pycache__"
    for cached in caches.glob(f"{place.stem}.*.pyc"):
        cached.unlink()
    if caches.is_dir() and not any(caches.iterdir()):
        caches.rmdir()
    for folder in place.parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()
