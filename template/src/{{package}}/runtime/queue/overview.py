"""What the dashboard and the commands ask a queue for, and are told."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from ..job import Job, State

BOUNDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0)
"""Seconds: the upper bounds of the run times that are counted together; beyond them is one more."""

MINUTES_KEPT = 60
"""Minutes for which tallies are kept one by one; older ones are summed up."""


class Action(StrEnum):
    """What can be done to a job by hand."""

    RETRY = "retry"
    """A failed or cancelled job is ready again, with all its attempts before it."""
    CANCEL = "cancel"
    """A waiting job is cancelled, a running one asked to stop."""
    DISCARD = "discard"
    """A finished job is deleted."""
    RUN = "run"
    """A scheduled job is ready now."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs are meant. Texts are looked for in any case, anywhere; an empty one is in all."""

    state: State | None = None
    name: str = ""
    error: str = ""
    queue: str = ""
    """A queue's whole name."""

    @property
    def searches(self) -> bool:
        """Whether jobs have to be looked at for more than their state."""
        return bool(self.name or self.error or self.queue)


class Page(msgspec.Struct, frozen=True):
    """Some jobs of a list."""

    jobs: list[Job]
    after: str | None
    """What to ask for the next page with; None at the end."""
    looked_at: int | None = None
    """After how many jobs the search was broken off, if it was: the next page goes on."""


class Depth(msgspec.Struct, frozen=True):
    """How much there is to do in one queue."""

    queue: str
    ready: int = 0
    running: int = 0
    scheduled: int = 0
    """Of those that are due next: SCHEDULED_COUNTED over all queues are looked at."""
    oldest: float | None = None
    """UTC seconds at which the first was due of those ready jobs that are next in each priority."""
    paused: bool = False


SCHEDULED_COUNTED = 10_000
"""How many scheduled jobs `Depth` counts, the next ones."""


class Overview(msgspec.Struct, frozen=True):
    """How many jobs there are."""

    counts: dict[State, int]
    """Every state is a key."""
    depths: list[Depth]
    """Of each queue that has live jobs or is paused, by its name."""


class Tick(NamedTuple):
    """What is noted of a recurring job and its times."""

    name: str
    schedule: str
    """Its cron and time zone, with a space between: an app's releases may differ in it."""
    begun_at: float
    """UTC seconds: when it was first seen with these times."""
    last_run: float
    """The same until it was scheduled by them, then when it last was."""


class Tally(msgspec.Struct, frozen=True):
    """How many runs ended alike: in one minute, with one outcome, after about the same time."""

    minute: int
    """UTC seconds divided by 60; 0 is for all that is older than MINUTES_KEPT."""
    queue: str
    name: str
    outcome: str
    """completed, failed, cancelled or retried."""
    bucket: int
    """The place in BOUNDS of the first that the run did not exceed."""
    runs: int
    waited: float
    """Seconds from when each was due until it was claimed, of all together."""
    ran: float
    """Seconds that the runs took, of all together."""


class Minute(msgspec.Struct, frozen=True):
    """How many runs of all queues ended in one minute with one outcome."""

    minute: int
    outcome: str
    runs: int
    waited: float
    """Seconds of all together, as in Tally."""
    ran: float
