"""Our side of `make bench`: an app made from this template."""

import functools
import platform
import shutil
import sqlite3

from my_app.runtime import open_app

FILL = 10_000
"""Jobs in one transaction when the queue is filled."""


@functools.cache
def app():
    """Open the app, once."""
    return open_app()


def versions():
    """Tell what decides the figures."""
    return {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}


def drop():
    """Remove the queue."""
    shutil.rmtree("var", ignore_errors=True)


def prepare():
    """Make an empty queue."""
    drop()
    app()


def schedule(name, **params):
    """Schedule a job as a script does."""
    app().job(name, **params).schedule()


def schedule_many(count):
    """Schedule many at once."""
    app().jobs.schedule_many("noop", [{}] * count)


def fill(name, count):
    """Put jobs in the queue."""
    for done in range(0, count, FILL):
        app().jobs.schedule_many(name, [{}] * min(FILL, count - done))
