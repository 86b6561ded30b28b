"""Tell how far Huey's queue is."""

import platform
import sqlite3
from importlib.metadata import version

from body import answer
from huey_tasks import huey


def count():
    """Count what the queue holds; what is running it does not know."""
    return {"waiting": huey.pending_count() + huey.scheduled_count()}


def left():
    """Name the jobs that wait in the queue."""
    return [task.args[0] for task in (*huey.pending(), *huey.scheduled())]


versions = {
    "Huey": version("huey"),
    "Python": platform.python_version(),
    "SQLite": sqlite3.sqlite_version,
}
answer({"versions": lambda: versions, "counts": count, "left": left})
