"""Fixtures for the app's tests: the whole app in this process, jobs and mails captured.

Queue, store and cache are in memory and new for each test, and relative paths of the settings lead
into the test's `tmp_path`. `tests/conftest.py` loads this file.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from starlette.testclient import TestClient

from .boot import App, open_app, read_settings
from .discovery import PACKAGE
from .env import Invocation
from .errors import InvalidParamsError, UnknownJobError
from .job import Finished, Job, Outcome, State
from .mail.mail import Mail
from .mail.transport import Envelope, Refused
from .queue.protocol import ANY_QUEUE
from .routes import find_routes
from .runner.cron import Cron
from .runner.executor import Executor, describe
from .web.application import build_application


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "settings(**by_name): what the app has set in this test")


class RunJob(Protocol):
    """The fixture `run_job`."""

    def __call__(self, name: str, /, **params: object) -> None:
        """Run one job here with these params; its own exception comes out."""


class RunJobs(Protocol):
    """The fixture `run_jobs`."""

    def __call__(self) -> int:
        """Run every job that is ready, and those they schedule; return how many ran.

        The first job that raises ends it, and its own exception comes out. If it has attempts
        left, it runs again when the `clock` has been moved beyond its backoff.
        """


class ExpectJob(Protocol):
    """The fixture `expect_job`."""

    def __call__(self, name: str, /, **params: object) -> Job:
        """Return the newest job of this name that was scheduled with at least these params.

        Fails the test otherwise, showing what was expected and what was scheduled.
        """


class Clock:
    """The fixture `clock`: the time as the app sees it. It goes on, from where it was moved to."""

    def __init__(self) -> None:
        self._moved = 0.0

    def __call__(self) -> float:
        """Return UTC seconds."""
        return time.time() + self._moved

    def move(self, by: timedelta) -> None:
        """Make it later: what is due by then runs with the next `run_jobs()`."""
        self._moved += by.total_seconds()

    def move_to(self, moment: datetime) -> None:
        """Make it this moment, which has a time zone."""
        self._moved = moment.timestamp() - time.time()


@pytest.fixture
def clock() -> Clock:
    """A clock to move, for delays, retries, expiry and cron: `clock.move(timedelta(hours=1))`."""
    return Clock()


@pytest.fixture
def settings() -> dict[str, object]:
    """What is set in all tests, by the settings' names: for a fixture of yours to say instead."""
    return {}


@pytest.fixture
def app(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, settings: Mapping[str, object]
) -> Iterator[App]:
    """The app as the environment `testing` has it; variables and `.env` do not reach it.

    A test marked with `@pytest.mark.settings(page_size=5)` has that set.
    """
    changed = dict(settings)
    for marker in reversed(list(request.node.iter_markers("settings"))):
        changed |= marker.kwargs
    read = read_settings(changed, {"APP_ENV": "testing"}, tmp_path)
    with open_app(read, routes=find_routes(PACKAGE), clock=clock) as opened:
        yield opened


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    """A client that sends requests to the app in this process."""
    web = build_application(app.services, lambda: None, lambda: None)
    with TestClient(web, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def run_job(app: App) -> RunJob:
    """Run one job by its name: `run_job("iguanas", n=1)`."""

    def run(name: str, /, **params: object) -> None:
        new = app.job(name, **params).checked()
        app.queue.register("test", 1)
        try:
            _run(app, app.queue.enqueue_claimed(new, "test"))
        finally:
            app.queue.leave("test")

    return run


@pytest.fixture
def run_jobs(app: App) -> RunJobs:
    """Run what was scheduled so far, and by its cron since the test began: `run_jobs()`."""
    cron = Cron(app.queue, app.jobs, app.services.logger, app.services.clock)
    cron.round()

    def run() -> int:
        count = 0
        cron.round()
        app.queue.register("test", 1)
        try:
            while claimed := app.queue.exchange("test", [], {ANY_QUEUE: 1}).claimed:
                _run(app, claimed[0])
                count += 1
        finally:
            app.queue.leave("test")
        return count

    return run


@pytest.fixture
def expect_job(app: App) -> ExpectJob:
    """Find what was scheduled: `expect_job("iguanas", n=1)`."""

    def expect(name: str, /, **params: object) -> Job:
        scheduled = app.queue.find(limit=1000)
        for job in scheduled:
            if job.name == name and _holds(job.params, params):
                return job
        lines = [f"  {job.name} {job.params}" for job in scheduled] or ["  nothing"]
        pytest.fail("\n".join([f"expected job {name} {params}; scheduled were:", *lines]))

    return expect


@pytest.fixture
def mails(app: App) -> list[Mail]:
    """The mails that were sent so far, whole as their receivers get them; none leaves the test.

    One that is delivered in the background is sent when `run_jobs()` runs its job.
    """
    sent: list[Mail] = []

    def keep(envelope: Envelope) -> Refused:
        sent.append(envelope.mail)
        return {}

    app.services.mailers.send = keep
    return sent


def _run(app: App, job: Job) -> None:
    outcome = Outcome(State.COMPLETED)
    executor, current = Executor(app.services), Invocation(job, lambda *_: None)
    try:
        executor.run(current)
    except (UnknownJobError, InvalidParamsError) as error:
        outcome = Outcome(State.FAILED, describe(error))
        raise
    except BaseException as error:
        outcome = executor.outcome_of(current, error)
        raise
    finally:
        app.queue.exchange("test", [Finished(job, outcome)], {})


def _holds(params: Mapping[str, Any], wanted: Mapping[str, object]) -> bool:
    return all(key in params and params[key] == value for key, value in wanted.items())
