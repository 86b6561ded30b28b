"""Let the server drain some jobs that do nothing; print the seconds that it took, and clear up."""

import sys
import time

from my_app.runtime import open_app
from my_app.runtime.job import NewJob, State
from my_app.runtime.queue.overview import Filter

BATCH = 1000
LOOK = 0.1

with open_app() as app:
    queue = app.queue
    queue.pause("default")
    for _ in range(int(sys.argv[1]) // BATCH):
        queue.enqueue([NewJob(name="nothing", payload="{}")] * BATCH)
    began = time.time()
    queue.resume("default")
    while any(queue.page(Filter(state=state), limit=1).jobs for state in ("ready", "running")):
        time.sleep(LOOK)
    (last,) = queue.page(Filter(state=State.COMPLETED), limit=1).jobs
    sys.stdout.write(f"{last.finished_at - began}\n")
    up_to = queue.old(State.COMPLETED, age=0.0, keep=0)
    while queue.prune(State.COMPLETED, up_to, most=BATCH):
        pass
