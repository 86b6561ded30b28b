"""One worker process of several: its start by the supervisor, and its own side.

Multiprocessing spawns it, as it does the server's for reloading: the process gets the options and
import path of this interpreter, whatever the command was, and a pipe that closes when the
supervisor dies. The same command in a subprocess would have to build both.
"""

import contextlib
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue

from loguru import logger

from ..errors import AppError
from ..logs import WORKER_PROCESS
from ..signals import STOP_SIGNALS, handle, watch_parent

TICK = 1.0
"""Seconds for which the main thread waits at most: a signal that comes in the instant before it
begins to wait is not handled until it ends."""

Work = Callable[[Callable[[], None], Callable[[], None]], None]
"""Runs jobs: it calls its first argument when it has begun, and comes to an end when that returns;
the second when one of its threads is stuck."""

SPAWN = multiprocessing.get_context("spawn")


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Start a process in this block, and STOP_SIGNALS wait for it until it unblocks them."""
    # Here, as otherwise the first process starts it, and that unblocks the signals too early.
    resource_tracker.ensure_running()
    # Blocked until the child handles them: Ctrl-C reaches every process of a terminal.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def describe_end(code: int) -> str:
    """Say how a process ended that has this exit code, which is below 0 for a signal."""
    if code < 0:
        return f"was ended by signal {-code} ({signal.strsignal(-code)})"
    return f"ended with exit code {code}"


class Child:
    """A worker process, started with this object. Raises OSError if the system refuses one."""

    def __init__(self, work: Work) -> None:
        self._reports, reports = SPAWN.Pipe(duplex=False)
        self._process = SPAWN.Process(name=WORKER_PROCESS, target=_run, args=(work, reports))
        self.started = time.monotonic()
        with contextlib.closing(reports), held_back():
            self._process.start()
        self.pid = self._process.pid or 0

    def stop(self) -> None:
        """Tell the process to end within the jobs' grace period."""
        self._process.terminate()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def take_end(self) -> tuple[str, str] | None:
        """Return None while it lives, then once how it ended and, if so, why it never began."""
        code = self._process.exitcode
        if code is None:
            return None
        reports = []
        with contextlib.suppress(EOFError, OSError):
            while self._reports.poll():
                reports.append(self._reports.recv())
        self._reports.close()
        self._process.close()
        error = reports[-1] if reports else ""
        if error:
            refusal = error if len(reports) == 1 else ""
            return f"failed: {error.replace(chr(10), '; ')}", refusal
        return describe_end(code), ""


def wait_for(stop: "SimpleQueue[int]") -> None:
    """Return when a signal handler has put something in."""
    while stop.empty():
        with contextlib.suppress(Empty):
            stop.get(timeout=TICK)
            return


def _run(work: Work, reports: Connection) -> None:
    stop: SimpleQueue[int] = SimpleQueue()
    # A second SIGTERM changes nothing: systemd sends one to every process, as the supervisor does.
    handle(signal.SIGTERM, lambda number, _frame: stop.put(number))
    handle(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def stop_alone() -> None:
        logger.warning("The supervisor is gone: stopping")
        stop.put(0)

    watch_parent(stop_alone)

    def stop_stuck() -> None:
        logger.warning("A thread is stuck: this process stops, and another takes its place")
        stop.put(0)

    def begun() -> None:
        with contextlib.suppress(BrokenPipeError):
            reports.send("")
        wait_for(stop)

    try:
        work(begun, stop_stuck)
    except AppError as error:
        reports.send(str(error))
        sys.exit(1)
