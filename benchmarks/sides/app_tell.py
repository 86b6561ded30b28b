"""Tell how far the app's queue is."""

import platform
import sqlite3

from body import answer
from my_app.runtime import State, open_app

LIVE = (State.SCHEDULED, State.READY, State.RUNNING)

with open_app() as app:

    def count() -> dict[str, int]:
        """Count what the queue holds."""
        counts = app.queue.counts()
        return {
            "waiting": counts[State.SCHEDULED] + counts[State.READY],
            "claimed": counts[State.RUNNING],
            "failed": counts[State.FAILED] + counts[State.CANCELLED],
        }

    def left() -> list[int]:
        """Name the jobs that the queue has still to finish."""
        found = [job for state in LIVE for job in app.queue.find(state=state, limit=10**9)]
        return [job.params["number"] for job in found]

    versions = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    answer({"versions": lambda: versions, "counts": count, "left": left})
