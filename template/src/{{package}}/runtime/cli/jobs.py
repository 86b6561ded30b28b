"""`jobs`: see and steer the queue from the command line."""

from .groups import Group
from .jobs_act import cancel, discard, now, pause, prune, resume, retry
from .jobs_new import enqueue, run
from .jobs_see import list_, recurring_, show, stats
from .jobs_watch import watch

jobs = Group(
    "jobs",
    [
        *(list_, show, stats, recurring_, watch, enqueue, run),
        *(retry, cancel, discard, now, pause, resume, prune),
    ],
    help="See the jobs, schedule new ones, and steer them.",
)
