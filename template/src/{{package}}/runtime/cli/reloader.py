"""`server` in development: it starts again when a file changes, or when its process has died."""

import contextlib
import os
import signal
import socket as sockets
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import click

from ..errors import AppError, DiscoveryError
from ..signals import STOP_SIGNALS, Stops, end_at_once, handle, watch_parent
from ..web.server import OPEN_REQUESTS_GRACE, RELOAD_GRACE, refuse
from .child import SPAWN, describe_end, held_back
from .supervisor import MARGIN, QUICK_END, restart_delay

if TYPE_CHECKING:
    from loguru import Logger

TICK = 0.25
"""Seconds between two looks at the files."""

PATIENCE = RELOAD_GRACE + OPEN_REQUESTS_GRACE + MARGIN
"""Seconds after which a process that does not end is killed."""

MOST_NAMED = 5
"""How many changed files the log names."""


class Watched:
    """The Python files of a folder, and `.env`."""

    def __init__(self, folder: Path, env_file: Path) -> None:
        self._folder = folder
        self._env_file = env_file
        self._seen = self._look()

    def changes(self) -> list[str]:
        """Return what has changed, come or gone since the last call."""
        before, self._seen = self._seen, self._look()
        return sorted({name for name, _ in before.items() ^ self._seen.items()})

    def _look(self) -> dict[str, tuple[int, int]]:
        paths = {self._env_file.name: self._env_file}
        for place, _, names in os.walk(self._folder):
            files = [Path(place, name) for name in names if name.endswith(".py")]
            paths |= {str(path.relative_to(self._folder)): path for path in files}
        found = {}
        for name, path in paths.items():
            with contextlib.suppress(OSError):
                about = path.stat()
                found[name] = about.st_mtime_ns, about.st_size
        return found


class Reloader:
    """Keeps one process that serves, until a signal stops it; a second one kills it."""

    def __init__(
        self, serve: Callable[..., None], socket: sockets.socket, watched: Watched, logger: "Logger"
    ) -> None:
        self._serve = serve
        self._socket = socket
        self._watched = watched
        self._logger = logger
        # What a signal handler may fill, whatever it interrupts; not so an Event.
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._stops = Stops()
        self._stopping = False
        self._process: SpawnProcess | None = None
        self._again = False
        self._started = self._due = 0.0
        self._quick_ends = 0

    def run(self) -> None:
        """Return when a signal has come and the process has ended."""
        for each in (*STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(each, lambda number, _frame: self._signals.put(number))
        while not self._stopping:
            self._look_after()
            self._wait()
        self._end()
        self._socket.close()

    def _look_after(self) -> None:
        # By the exit code: the sentinel tells nothing while a fork of that process lives.
        if self._process is not None and (code := self._process.exitcode) is not None:
            self._put_off(f"The server's process {self._process.pid} {describe_end(code)}")
        if changes := self._watched.changes():
            more = len(changes) - MOST_NAMED
            names = ", ".join(changes[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
            self._logger.info("Changed: {}; starting again", names)
            self._end()
            self._quick_ends, self._due = 0, 0.0
        if not (self._process or self._stopping) and self._due <= time.monotonic():
            self._start()

    def _start(self) -> None:
        process = SPAWN.Process(target=_run, args=(self._serve, self._socket, self._again))
        self._started = time.monotonic()
        try:
            with held_back():
                process.start()
        except OSError as error:
            self._put_off(f"No process can be started: {error}")
        else:
            self._process, self._again = process, True

    def _put_off(self, why: str) -> None:
        """Tell why there is no process; the next starts at once, or later if they die in a row."""
        self._process = None
        lived = time.monotonic() - self._started
        delay = restart_delay(self._quick_ends) if lived < QUICK_END else 0.0
        self._quick_ends = self._quick_ends + 1 if lived < QUICK_END else 0
        self._due = time.monotonic() + delay
        when = f"in {delay:g} s, or when a file changes" if delay else "at once"
        self._logger.warning("{}; the next starts {}", why, when)

    def _wait(self) -> None:
        with contextlib.suppress(Empty):
            number = self._signals.get(timeout=TICK)
            if number in STOP_SIGNALS:
                if self._stops.is_second(number):
                    self._kill()
                    end_at_once(number)
                self._stopping = True

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        deadline = time.monotonic() + PATIENCE
        while self._process.exitcode is None:
            self._wait()
            if time.monotonic() >= deadline:
                pid = self._process.pid
                self._logger.error("The server's process {} did not end in time: killing it", pid)
                self._kill()
        self._process = None

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()


def _run(serve: Callable[..., None], socket: sockets.socket, again: bool) -> None:
    # Ctrl-C reaches the parent as well, which then sends SIGTERM.
    handle(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    watch_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    with contextlib.suppress(OSError):
        # For breakpoint(): multiprocessing has put an empty one in its place.
        sys.stdin = os.fdopen(0, closefd=False)
    wait = "Waiting for a change."
    try:
        serve(socket, again=again)
    except AppError as error:
        reason = "\n".join(f"error: {line}" for line in str(error).splitlines())
        if not isinstance(error, DiscoveryError):
            wait = (
                "Waiting for a change of the code or of .env. If neither can mend it, end this by "
                "Ctrl-C, and start it again."
            )
    except Exception:  # noqa: BLE001 - such as what config.py raises
        reason = traceback.format_exc().rstrip()
    else:
        return
    click.echo(f"{reason}\n{wait}", err=True)
    refuse(reason, socket)
