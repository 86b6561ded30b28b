"""`server` and `worker`: run the app until it is told to stop. `routes`: what it would serve."""

import signal
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any

import click

from ..boot import PACKAGE, open_app, read_settings
from ..discovery import package_folder
from ..routes import find_routes
from ..settings import Environment
from ..web import server as web


@click.command()
@click.option("--bind", help="The address to listen on (BIND).")
@click.option("--port", help="The port to listen on (PORT).")
@click.option(
    "--threads", help="How many jobs run at once; 0 serves without running any (THREADS)."
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Start again when a file changes; on by default in development.",
)
def server(bind: str | None, port: str | None, threads: str | None, reload: bool | None) -> None:
    """Serve the app and run its jobs."""
    overrides = {"bind": bind, "port": port, "threads": threads}
    settings = read_settings(overrides)
    socket = web.listen(settings.bind, settings.port)
    if reload is None:
        reload = settings.environment is Environment.DEVELOPMENT
    if reload:
        web.reload_on_change(serve, socket, package_folder(PACKAGE), overrides)
    else:
        serve(socket, overrides)


def serve(socket: Any, overrides: Mapping[str, object], *, reloading: bool = False) -> None:
    """Open the app and serve it on a listening socket until a signal ends it."""
    settings = read_settings(overrides)
    with open_app(settings, routes=find_routes(PACKAGE)) as app:
        web.announce(app.services, socket)
        runner = app.runner() if settings.threads else None
        web.run(app.services, runner, socket, reloading=reloading)


@click.command()
@click.option("--threads", help="How many jobs run at once (THREADS).")
def worker(threads: str | None) -> None:
    """Run jobs without serving, until SIGTERM or Ctrl-C; a second one ends it at once."""
    settings = read_settings({"threads": threads})
    stop = threading.Event()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            web.end_at_once(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    with open_app(settings, routes=find_routes(PACKAGE)) as app:
        runner = app.runner()
        runner.start()
        web.announce(app.services, None)
        stop.wait()
        runner.stop(settings.jobs_grace)


@click.command()
def routes() -> None:
    """List the routes of all views."""
    for route in find_routes(PACKAGE):
        click.echo(f"{route.method:<7} {route.path:<40} {route.view}.{route.action}")
