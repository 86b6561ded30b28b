"""Serve the application with uvicorn: the listening socket, and the signals."""

import errno
import logging
import os
import signal
import socket as sockets
import time
from types import FrameType
from typing import TYPE_CHECKING, Literal

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from ..env import Services
from ..errors import AppError
from ..settings import LogLevel
from ..signals import STOP_SIGNALS, Stops, end_at_once, handle
from .application import build_application

if TYPE_CHECKING:
    from ..runner.threads import ThreadRunner

BACKLOG = 2048
OPEN_REQUESTS_GRACE = 5
"""Seconds that requests have to be answered when the server stops; jobs may run meanwhile."""

RELOAD_GRACE = 1.0
"""Seconds that jobs have at most when the server starts again for a changed file."""


def listen(bind: str, port: int) -> sockets.socket:
    """Return a listening socket. Raises AppError, saying why and what to do."""
    family = sockets.AF_INET6 if ":" in bind else sockets.AF_INET
    # Without the protocol's number asyncio would not know that it is TCP, and leave Nagle's
    # algorithm on: answers over a connection that stays open would take 40 ms.
    socket = sockets.socket(family, sockets.SOCK_STREAM, sockets.IPPROTO_TCP)
    socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        socket.bind((bind, port))
        socket.listen(BACKLOG)
    except OSError as error:
        socket.close()
        advice = "end what uses it, or choose another with --port or PORT"
        if isinstance(error, sockets.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            advice = "BIND is an address of this machine, as in 0.0.0.0"
        reason = error.strerror or error
        raise AppError(f"cannot listen on {bind} port {port}: {reason}; {advice}") from None
    return socket


class _Server(uvicorn.Server):
    """Ends at once on a second signal: whatever it was doing is taken back by the next process."""

    def __init__(self, config: uvicorn.Config, *, reloading: bool) -> None:
        super().__init__(config)
        self._reloading = reloading
        self._stops = Stops()
        self._grace_began: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._reloading and sig == signal.SIGINT:
            return  # Ctrl-C reaches parent and child; the parent then sends SIGTERM.
        if self._stops.is_second(sig):
            end_at_once(sig)
        if self._grace_began is None:
            self._grace_began = time.monotonic()
            super().handle_exit(sig, frame)

    def left_of(self, grace: float) -> float:
        """Return the seconds left since the signal to stop."""
        began = self._grace_began
        return grace if began is None else max(grace - (time.monotonic() - began), 0.0)


def run(
    services: Services, runner: "ThreadRunner | None", socket: sockets.socket, *, reloading: bool
) -> None:
    """Serve until a signal says to stop, with the runner started before and stopped after."""
    grace = services.settings.jobs_grace
    if reloading:
        grace = min(grace, RELOAD_GRACE)

    def start() -> None:
        if runner is not None:
            runner.start()

    def stop() -> None:
        if runner is not None:
            runner.stop(server.left_of(grace))

    application = build_application(services, start, stop)
    server = _server(application, reloading=reloading, lifespan="on")
    if services.settings.log_level is LogLevel.DEBUG:
        _log_requests()

    def stop_early(_number: int, _frame: FrameType | None) -> None:
        # Until uvicorn has its own handlers; and again after it, as it then raises the signal anew.
        server.should_exit = True

    for number in STOP_SIGNALS:
        handle(number, stop_early)
    # A process that a job has forked may outlive this one, and must not keep the address.
    os.register_at_fork(after_in_child=socket.close)
    server.run(sockets=[socket])


def _server(application: ASGIApp, *, reloading: bool, lifespan: Literal["on", "off"]) -> _Server:
    config = uvicorn.Config(
        application,
        log_config=None,
        lifespan=lifespan,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=OPEN_REQUESTS_GRACE,
    )
    # Silent, it would put its lines together all the same.
    logging.getLogger("uvicorn.access").propagate = False
    return _Server(config, reloading=reloading)


def _log_requests() -> None:
    access = logging.getLogger("uvicorn.access")
    access.propagate = True
    access.setLevel(logging.INFO)
    # A page of the dashboard that is open asks for itself again and again.
    access.addFilter(lambda record: '"GET /_' not in record.getMessage())


def refuse(reason: str, socket: sockets.socket) -> None:
    """Answer every request with the reason why the app cannot start, until a signal."""
    answer = PlainTextResponse(f"The app cannot start.\n\n{reason}\n", 503)
    _server(answer, reloading=True, lifespan="off").run(sockets=[socket])
