"""What a job can reach: its `env`, and in it the invocation that is running."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from .errors import Cancel
from .job import Job
from .jobs import JobDraft, Jobs
from .mail.mailers import MailDraft, Mailers
from .mutex import Mutex
from .routes import Route
from .settings import Environment, Settings
from .store.protocol import Store

if TYPE_CHECKING:
    from loguru import Logger

T = TypeVar("T")

NOTE_LIMIT = 200
"""Characters of what a job tells of its progress."""


class Shared(msgspec.Struct, frozen=True):
    """What requests and jobs see of the one app that is running."""

    logger: "Logger"
    """The server's own logger; in a job, each line carries the job's name, id and attempt."""
    settings: Settings
    """The app's settings, an instance of config.py's Config; as `request.settings`."""
    routes: tuple[Route, ...]
    """All routes detected on startup."""
    mailers: Mailers
    """All mailers detected on startup."""
    jobs: Jobs
    """All jobs detected on startup, and the queue to ask about them."""
    store: Store
    """Global key-value store; survives a restart."""
    cache: Store
    """Global cache; may forget at any time."""
    mutex: Mutex
    """Global mutex: held by one job worker at a time, over all processes of this machine."""


class Services(Shared, frozen=True, kw_only=True):
    """Everything that one running app shares; boot.py makes it."""

    package: str
    """The app's package, as in `my_app`."""
    clock: Callable[[], float] = time.time
    """UTC seconds, for all that is due; a test may move it."""
    around_job: "AroundJob | None" = None
    """The app's own function around every run, if it has one."""
    mounts: "Mounts | None" = None
    """The app's own function that gives the other ASGI apps inside, if it has one."""
    may_operate: Callable[[Any], object] | None = None
    """The app's own function that says who may use the dashboard, if it has one."""

    def job(self, name: str, /, **params: object) -> JobDraft:
        """Return a job to schedule, as `request.job` does. Raises UnknownJobError."""
        return self.jobs.draft(name, params)


Report = Callable[[Job, float, str | None], None]


class Invocation(msgspec.Struct, gc=False):
    """One run of one job: `env.current`."""

    job: Job
    _report: Report
    deadline: float | None = None
    """UTC seconds at which the run is ended, if its job has a timeout."""
    given_back: bool = False
    """Whether it should stop because its process goes down, and will run again later."""
    knows: bool = False
    """Whether the job has seen that it should stop, and so ends by itself; for the runner."""
    given_up: bool = False
    """Whether another thread has its place, as it did not end: nobody takes its word any more."""
    _stops: bool = False
    _tell: Callable[[], None] | None = None

    @property
    def id(self) -> str:
        """The job's id."""
        return self.job.id

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    @property
    def params(self) -> dict[str, Any]:
        """The params as they were scheduled, whatever class `run` takes them as."""
        return self.job.params

    @property
    def attempt(self) -> int:
        """Which run this is, from 1."""
        return self.job.attempt

    @property
    def cancelled(self) -> bool:
        """Whether the job should stop: somebody cancelled it, or the server's grace is over.

        Look at it in a long loop, and raise Cancel: a job that does so for a server that is going
        down runs again later. One that returns has completed.
        """
        self.knows = self._stops
        return self.knows

    def stop(self, *, given_back: bool) -> None:
        """Ask the job to stop; for the runner. The first asker's reason counts."""
        if not self._stops:
            self.given_back, self._stops = given_back, True
            if (tell := self._tell) is not None:
                tell()

    def on_stop(self, tell: Callable[[], None] | None) -> None:
        """Have `tell` called when the job is to stop, in any thread, or twice; None ends that."""
        self._tell = tell
        if tell is not None and self._stops:
            tell()

    def progress(self, done: float, note: str | None = None) -> None:
        """Tell how far the job has come, from 0 to 1, and a word on it; seen where jobs are."""
        if note is not None:
            note = str(note)[:NOTE_LIMIT].encode("utf-8", "replace").decode()
        self._report(self.job, max(0.0, min(float(done), 1.0)), note)

    def track(self, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Give the items one by one, telling progress, and raise Cancel if the job is to stop.

        `total` is how many there are, for items that have no length; without it, the note says how
        many are done. A job that stops for a server that goes down runs again, from the start.
        """
        if total is None and isinstance(items, Sized):
            total = len(items)
        of_total = f" of {total}" if total else ""
        for done, item in enumerate(items):
            if self.cancelled:
                raise Cancel(f"stopped after {done}{of_total}")
            yield item
            self.progress((done + 1) / total if total else 0.0, f"{done + 1}{of_total}")


class JobEnv(Shared, frozen=True):
    """The environment passed to every job. Read-only."""

    current: Invocation
    """This invocation: id, attempt, deadline, cancelled, progress(), track(). That of a mail sent
    outside of any job has no name."""

    @property
    def environment(self) -> Environment:
        """The current server environment: development, testing or production."""
        return self.settings.environment

    def job(self, name: str, /, **params: object) -> JobDraft:
        """Return another job to schedule, as `request.job` does. Raises UnknownJobError."""
        return self.jobs.draft(name, params, self.current.job.request_id)

    def mail(self, name: str, /, **given: object) -> MailDraft:
        """Return a mail to fill in and deliver, as `request.mail` does. Raises MailError."""
        return self.mailers.draft(name, given, self)


def outside_env(services: Services, request_id: str | None = None) -> JobEnv:
    """Return what mails are drafted with, and their mailers get, outside of any job."""
    nothing: dict[str, Any] = dict.fromkeys(Job.__struct_fields__)
    known = {"number": 0, "token": "", "name": "", "attempt": 1, "request_id": request_id}
    return job_env(services, Invocation(Job(**nothing | known), lambda *_: None))


Mounts = Callable[[Services], Mapping[str, Any]]
"""`mounts(services)` in config.py: it returns ASGI apps by their paths, as in `{"/api": api}`."""

AroundJob = Callable[[JobEnv, Callable[[], None]], None]
"""`around_job(env, run)` in config.py: it calls `run()`, and lets its exceptions out."""


def job_env(services: Services, current: Invocation) -> JobEnv:
    """Return the environment of one invocation."""
    return JobEnv(
        logger=services.logger,
        settings=services.settings,
        routes=services.routes,
        mailers=services.mailers,
        jobs=services.jobs,
        store=services.store,
        cache=services.cache,
        mutex=services.mutex,
        current=current,
    )
