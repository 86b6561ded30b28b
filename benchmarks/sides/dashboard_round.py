"""Let the server drain some jobs that do nothing; print the seconds that it took, and clear up.

With the word `wait` after their number, leave them in the paused queue.
"""

import sys
import time

from my_app.runtime import open_app
from my_app.runtime.job import NewJob, State
from my_app.runtime.queue.overview import Filter
from my_app.runtime.queue.protocol import Inspector

BATCH = 1000
LOOK = 0.1


def drain(queue: Inspector) -> float:
    """Open the queue; return the seconds until the last job's end."""
    began = time.time()
    queue.resume("default")
    while any(queue.page(Filter(state=state), limit=1).jobs for state in ("ready", "running")):
        time.sleep(LOOK)
    (last,) = queue.page(Filter(state=State.COMPLETED), limit=1).jobs
    return last.finished_at - began


with open_app() as app:
    app.queue.pause("default")
    for _ in range(int(sys.argv[1]) // BATCH):
        app.queue.enqueue([NewJob(name="nothing", payload="{}")] * BATCH)
    if "wait" not in sys.argv:
        sys.stdout.write(f"{drain(app.queue)}\n")
        up_to = app.queue.old(State.COMPLETED, age=0.0, keep=0)
        while app.queue.prune(State.COMPLETED, up_to, most=BATCH):
            pass
