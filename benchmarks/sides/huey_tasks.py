"""The same job on Huey with SQLite, set up as Huey's documentation advises."""

from body import note, work
from huey import SqliteHuey
from huey.signals import SIGNAL_ERROR, SIGNAL_INTERRUPTED

huey = SqliteHuey(filename="huey.db", fsync=True)


@huey.task(retries=7)
def drain(number):
    """Note the start, sleep, note the end."""
    work(number)


@huey.signal(SIGNAL_INTERRUPTED)
def on_interrupted(_signal, task, *_args, **_options):
    """Put a task back that was interrupted: the recipe for production in Huey's documentation."""
    huey.enqueue(task)


@huey.signal(SIGNAL_ERROR)
def on_error(_signal, task, *_args, **_options):
    """Note a task that raised."""
    note("error", task.args[0])
