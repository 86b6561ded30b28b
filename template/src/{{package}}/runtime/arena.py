"""Give a job what it needs for one run, and release all of it when that run ends.

This is what Python can make of an arena allocator: memory is freed anyway, files and connections
are not. Nothing is shared between two runs, and an arena that nobody uses costs next to nothing.
"""

import io
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

from .errors import ArenaClosedError
from .shield import shielded

P = ParamSpec("P")
T = TypeVar("T")
Release = Callable[[BaseException | None], object]


class Arena:
    """Releases what was taken from it, the last first, however the job ends.

    `report` is called with each error of a release, when everything has been released: such an
    error neither hides the job's own nor keeps the rest from being released.
    """

    __slots__ = ("_releases", "_report")

    def __init__(self, report: Callable[[BaseException], object]) -> None:
        self._report = report
        self._releases: list[Release] | None = []

    def enter_context(self, manager: AbstractContextManager[T]) -> T:
        """Enter a context manager, return what it gives, and leave it at the end of the run.

        It is told the job's exception, so that a transaction rolls back; it cannot swallow it.
        """
        releases = self._open()
        leave = type(manager).__exit__
        value = manager.__enter__()

        def release(error: BaseException | None) -> None:
            if error is None:
                leave(manager, None, None, None)
            else:
                leave(manager, type(error), error, error.__traceback__)

        releases.append(release)
        return value

    def callback(
        self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> Callable[P, object]:
        """Call `function` with these arguments at the end of the run; return it."""
        self._open().append(lambda _: function(*args, **kwargs))
        return function

    @shielded
    def temp_file(self, suffix: str = "") -> Path:
        """Return the path of a new, empty file that only this user can read."""
        releases = self._open()
        handle, name = tempfile.mkstemp(suffix, "job-")
        os.close(handle)
        path = Path(name)
        releases.append(lambda _: path.unlink(missing_ok=True))
        return path

    @shielded
    def temp_dir(self) -> Path:
        """Return the path of a new, empty folder, removed with all that is in it by then."""
        releases = self._open()
        path = Path(tempfile.mkdtemp(prefix="job-"))
        releases.append(lambda _: _remove_folder(path))
        return path

    def buffer(self) -> io.BytesIO:
        """Return an empty buffer of bytes in memory."""
        return self.enter_context(io.BytesIO())

    def close(self, error: BaseException | None = None) -> None:
        """Release everything; the runner does so. `error` is how the job failed, if it did."""
        releases, self._releases = self._releases or [], None
        failures: list[BaseException] = []
        while releases:
            try:
                releases.pop()(error)
            except BaseException as failure:  # noqa: BLE001 - the rest must still be released
                failures.append(failure)
        for each in failures:
            if each is not error:
                self._report(each)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        self.close(error)

    def _open(self) -> list[Release]:
        if self._releases is None:
            raise ArenaClosedError("the arena is closed: its run has ended; take it from `run`")
        return self._releases


def _remove_folder(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
