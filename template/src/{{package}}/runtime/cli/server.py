"""`server` and `worker`: run the app until it is told to stop. `routes`: what it would serve."""

import functools
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ..boot import open_app, read_settings
from ..checkup.git import BEGIN, is_in_git
from ..dashboard.address import BASE
from ..discovery import PACKAGE, package_folder
from ..env import Services
from ..errors import SettingsError, StoreError
from ..logs import configure_logging
from ..queue.sqlite import count_left
from ..routes import find_routes
from ..settings import (
    DEVELOPMENT_SECRET,
    Environment,
    Settings,
    database_path,
    find_misspelt,
    find_misspelt_queues,
    jobs_server,
)
from ..signals import STOP_SIGNALS, Stops, end_at_once, end_within, handle
from ..store import Store
from ..web import server as web
from .child import wait_for
from .numbers import WholeNumber
from .reloader import Reloader, Watched
from .supervisor import Supervisor

if TYPE_CHECKING:
    from loguru import Logger

SWITCH_INTERVAL = 0.0003
"""Seconds for which a thread may compute while others wait, in a process that runs jobs. With
Python's own 0.005 one job that computes kept another from starting for 27 ms. With 0.0005 that is
5, with 0.0002 it is 3, and a drain takes 3 % more."""

USUAL_FILE = "var/queue.db"
"""Where the jobs of an app are that came to PostgreSQL later."""

LAST_WAIT = 2.0
"""Seconds that threads which jobs have begun themselves may keep a process that is done."""


@click.command()
@click.option("--bind", "--host", help="The address to listen on (BIND).")
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
        serve_again = functools.partial(serve, overrides=overrides, reloading=True)
        watched = Watched(package_folder(PACKAGE), settings.root / ".env")
        Reloader(serve_again, socket, watched, configure_logging(settings)).run()
    else:
        serve(socket, overrides)


def serve(
    socket: Any, overrides: Mapping[str, object], *, reloading: bool = False, again: bool = False
) -> None:
    """Open the app and serve it on a listening socket until a signal ends it.

    With `again` the log leaves out what it has told at the first start.
    """
    settings = read_settings(overrides)
    unkept = _is_first_start(settings) and not is_in_git(settings.root)
    with open_app(settings, routes=find_routes(PACKAGE)) as app:
        _announce(app.services, socket, again=again)
        if unkept:
            logger = app.services.logger
            logger.warning("No git repository, which `copier update` needs: {}", BEGIN)
        runner = None
        if settings.threads:
            sys.setswitchinterval(SWITCH_INTERVAL)
            runner = app.runner()
        web.run(app.services, runner, socket, reloading=reloading)
    end_within(LAST_WAIT)


def _announce(services: Services, socket: Any = None, *, again: bool = False) -> None:
    """Log the first line: where it serves, with how many threads, which queue, what waits.

    After it what that queue promises less of, and what was not meant so, as it seems.
    """
    settings = services.settings
    where, address = "worker", ""
    if socket is not None:
        host, port = socket.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        where = f"server on {address}"
    path = database_path(settings.jobs_url, settings.root)
    here = path or "in memory (lost at the end)"
    services.logger.info(
        "{} {}, {} threads, queue {}, jobs waiting: {}",
        *(settings.environment.capitalize(), where, sum(settings.thread_counts().values())),
        *(jobs_server(settings.jobs_url) or here, services.jobs.waiting()),
    )
    if weaker := services.jobs.queue.weaker:
        told = "Weaker than with SQLite, as docs/scaling.md of the template says: {}"
        services.logger.info(told, ", ".join(weaker))
    if jobs_server(settings.jobs_url) and (left := count_left(settings.root / USUAL_FILE)):
        services.logger.warning(
            "Jobs that wait in {} as before: {}; a worker with JOBS_URL=sqlite:{} runs them",
            *(settings.root / USUAL_FILE, left, USUAL_FILE),
        )
    first = socket is not None and not again
    if first and settings.environment is Environment.DEVELOPMENT:
        services.logger.info("Dashboard: {}{}", address, BASE)
    if first and settings.secret == DEVELOPMENT_SECRET:
        services.logger.warning(
            "SECRET is not set: sessions are signed with one that everybody knows; set in .env "
            "what `generate secret` prints"
        )
    queues = {"default", *(each.options.queue for each in services.jobs)}
    for line in (*find_misspelt(settings), *find_misspelt_queues(settings, queues)):
        services.logger.warning("{}", line)
    for name, url, store in (
        ("STORE_URL", settings.store_url, services.store),
        ("CACHE_URL", settings.cache_url, services.cache),
    ):
        if not url.startswith(("memory:", "sqlite:")):
            # In a thread: who does not answer may take STORE_TIMEOUT over it.
            arguments = (name, store, services.logger)
            threading.Thread(target=_try_store, args=arguments, daemon=True).start()


def _try_store(name: str, store: Store, logger: "Logger") -> None:
    try:
        # A key that nobody has. Of `get` the cache would write a line.
        store.remove(f"_start_{secrets.token_hex(8)}")
    except StoreError as error:
        logger.warning("{} cannot be used yet: {}", name, error)


def _is_first_start(settings: Settings) -> bool:
    path = database_path(settings.jobs_url, settings.root)
    developing = settings.environment is Environment.DEVELOPMENT
    return developing and path is not None and not path.exists()


@click.command()
@click.option("--threads", help="How many jobs run at once, in each process (THREADS).")
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=WholeNumber(1, 1000),
    help="How many processes run jobs; of several, one that dies is replaced.",
)
def worker(threads: str | None, processes: int) -> None:
    """Run jobs without serving, until SIGTERM or Ctrl-C; a second one ends it at once."""
    overrides = {"threads": threads}
    settings = read_settings(overrides)
    if not any(settings.thread_counts().values()):
        raise SettingsError("a worker without threads runs nothing: see THREADS and JOBS_QUEUES")
    if processes == 1:
        work(overrides, _wait_for_signal(), lambda: None)
        return
    if settings.jobs_url.startswith("memory:"):
        raise SettingsError(
            f"JOBS_URL={settings.jobs_url!r}: each of {processes} worker processes would have a "
            "queue of its own; name a file, as in JOBS_URL=sqlite:var/queue.db"
        )
    Supervisor(functools.partial(work, overrides), processes, settings).run()


def work(
    overrides: Mapping[str, object], wait: Callable[[], None], on_stuck: Callable[[], None]
) -> None:
    """Run jobs; call `wait` when it has begun, and end within the grace when that returns.

    `on_stuck` is called when a job has not ended after its timeout.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    settings = read_settings(overrides)
    with open_app(settings, routes=find_routes(PACKAGE)) as app:
        runner = app.runner(on_stuck=on_stuck)
        _announce(app.services)
        runner.start()
        wait()
        runner.stop(settings.jobs_grace)
    end_within(LAST_WAIT)


def _wait_for_signal() -> Callable[[], None]:
    stops = Stops()
    # What a signal handler may fill, whatever it interrupts; not so an Event.
    stop: SimpleQueue[int] = SimpleQueue()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stops.is_second(number):
            end_at_once(number)
        stop.put(number)

    for each in STOP_SIGNALS:
        handle(each, on_signal)
    return functools.partial(wait_for, stop)


@click.command()
def routes() -> None:
    """List the routes of all views."""
    for route in find_routes(PACKAGE):
        click.echo(f"{route.method:<7} {route.path:<40} {route.view}.{route.action}")
