"""Wire the app together. The only file that knows every part."""

import importlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

from .discovery import (
    HOOKS,
    PACKAGE,
    check_hook,
    explain_import,
    package_folder,
    project_root,
)
from .env import Services, outside_env
from .errors import DiscoveryError, SettingsError
from .jobs import JobDraft, Jobs, find_jobs
from .logs import configure_logging
from .mail.discovery import find_mailers
from .mail.job import MAIL_JOB, MAIL_JOB_DEFINITION
from .mail.mailers import MailDraft, Mailers
from .mail.transport import choose_transport
from .mutex import Mutex
from .queue.protocol import Queue
from .queue.sqlite import SqliteQueue
from .routes import Route
from .runner.threads import ThreadRunner
from .settings import Environment, Settings, database_path, jobs_server, load_settings
from .storage.filesystem import check_filesystem
from .store import LoggedStore, open_store

if TYPE_CHECKING:
    from loguru import Logger


class App:
    """An app with its queue, store and cache open; close it, or use it in a `with` block."""

    def __init__(self, services: Services, queue: Queue) -> None:
        self.services = services
        self.queue = queue

    @property
    def settings(self) -> Settings:
        """The app's settings, an instance of config.py's Config; as `request.settings`."""
        return self.services.settings

    @property
    def jobs(self) -> Jobs:
        """All jobs, and the queue to ask about them."""
        return self.services.jobs

    def job(self, name: str, /, **params: object) -> JobDraft:
        """Return a job to schedule, as `request.job` does. Raises UnknownJobError."""
        return self.jobs.draft(name, params)

    def mail(self, name: str, /, **given: object) -> MailDraft:
        """Return a mail to fill in and deliver, as `request.mail` does. Raises MailError."""
        return self.services.mailers.draft(name, given, outside_env(self.services))

    def runner(
        self,
        *,
        claims: bool = True,
        threads: int | None = None,
        on_stuck: Callable[[], None] = lambda: None,
    ) -> ThreadRunner:
        """Return a runner for this app's jobs, not started; threads default to the settings.

        `on_stuck` is called when a job has not ended after its timeout.
        """
        counts = self.services.settings.thread_counts() if threads is None else {"*": threads}
        return ThreadRunner(self.services, self.queue, counts, claims=claims, on_stuck=on_stuck)

    def close(self) -> None:
        """Release the files and connections."""
        self.queue.close()
        self.services.store.close()
        self.services.cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_app(
    settings: Settings | None = None,
    *,
    routes: tuple[Route, ...] = (),
    clock: Callable[[], float] = time.time,
    strict: bool = True,
) -> App:
    """Open the app without a server: for scripts, a console, tests, another web framework.

    The settings default to those of the environment; `routes` are what jobs see as `env.routes`;
    `clock` gives UTC seconds. Not `strict`, it opens also with a job or mailer that cannot be used,
    and then without any, to see and steer the queue: the log says so.
    Raises SettingsError, DiscoveryError, QueueError or StoreError, each fit to be shown.
    """
    settings = read_settings() if settings is None else settings
    logger = configure_logging(settings)
    try:
        jobs, mailers = find_jobs(PACKAGE), find_mailers(PACKAGE)
    except DiscoveryError as error:
        if strict:
            raise
        for problem in str(error).splitlines():
            logger.warning("{}", problem)
        jobs, mailers = {}, ()
    definitions = jobs | {MAIL_JOB: MAIL_JOB_DEFINITION}
    names = list(definitions) if strict else []
    queue, mutex = _open_queue(settings, logger, names, clock)
    # On a server, store and cache are told apart, and so are the apps that share it.
    opened = partial(open_store, root=settings.root, timeout=settings.store_timeout, clock=clock)
    store = opened(settings.store_url, prefix=f"{PACKAGE}:store:")
    cache = opened(settings.cache_url, prefix=f"{PACKAGE}:cache:", durable=False)
    services = Services(
        package=PACKAGE,
        settings=settings,
        logger=logger,
        routes=routes,
        mailers=Mailers(mailers, choose_transport(settings, logger, needed=bool(mailers))),
        jobs=Jobs(definitions, queue, logger, settings.jobs_params_limit),
        store=store,
        cache=LoggedStore(cache, logger.debug),
        mutex=mutex,
        clock=clock,
        **{name: _hook(name) for name in HOOKS},
    )
    return App(services, queue)


def _open_queue(
    settings: Settings, logger: "Logger", jobs: Sequence[str], clock: Callable[[], float]
) -> tuple[Queue, Mutex]:
    if jobs_server(settings.jobs_url) is not None:
        return _open_server(settings, logger, jobs, clock)
    path = database_path(settings.jobs_url, settings.root)
    # In development jobs may get lost, and containers for it forget: a warning would be noise.
    production = settings.environment is Environment.PRODUCTION
    if production and path is not None and not settings.jobs_any_filesystem:
        check_filesystem(path)
    return SqliteQueue(path, clock=clock), Mutex(path and path.with_name("mutex.lock"))


def _open_server(
    settings: Settings, logger: "Logger", jobs: Sequence[str], clock: Callable[[], float]
) -> tuple[Queue, Mutex]:
    try:
        part = importlib.import_module(".postgres", __package__)
    except ModuleNotFoundError as error:
        if error.name == f"{__package__}.postgres":
            advice = "this app was made without it; run `copier update`, and choose it as a part"
        elif error.name in ("psycopg", "procrastinate"):
            advice = "its client is not installed: uv sync --extra postgres"
        else:
            raise
        raise SettingsError(f"JOBS_URL=postgresql://...: {advice}") from None
    opened: tuple[Queue, Mutex] = part.open_queue(
        settings.jobs_url, schema=f"{PACKAGE}_jobs", jobs=jobs, tell=logger.warning, clock=clock
    )
    return opened


def read_settings(
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    root: Path | None = None,
) -> Settings:
    """Return the settings of `config.py`'s Config, or plain ones, from the environment and .env.

    `root` is the folder of .env, from which relative paths are taken: else the project's.
    """
    config = _config()
    kind = getattr(config, "Config", Settings)
    if not (isinstance(kind, type) and issubclass(kind, Settings)):
        raise SettingsError(f"{PACKAGE}/config.py: Config must be a class made from Settings")
    return load_settings(root or project_root(), environ or os.environ, overrides, kind)


def _hook(name: str) -> Any:
    function = getattr(_config(), name, None)
    if function is not None:
        for problem in check_hook(name, function):
            raise SettingsError(f"{PACKAGE}/config.py: {problem}")
    return function


def _config() -> ModuleType | None:
    name = f"{PACKAGE}.config"
    try:
        return importlib.import_module(name)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            return None
        path = package_folder(PACKAGE) / "config.py"
        raise SettingsError(explain_import(path, error)) from error
