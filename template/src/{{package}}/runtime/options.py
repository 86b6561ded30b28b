"""What a job may ask for, and the checks of it. Words only: nothing here reads a clock."""

import re
from dataclasses import dataclass
from datetime import timedelta

from .errors import InvalidOptionError

MAX_BACKOFF = 6 * 3600.0
"""Seconds: the longest delay between two attempts, whatever the policy gives."""

BACKOFF_FACTOR = 3.0
"""Each delay is this many times the one before: eight attempts from 10 s span four hours."""

LATEST = 253_370_764_800.0
"""UTC seconds: the year 9999. Python can tell of no later one, in any time zone."""

LONGEST_DELAY = 366 * 86_400.0
"""Seconds: a delay beyond a year is taken for a mistake in the unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What a job asks for: `options = JobOptions(...)` in its file. Everything is optional.

    Raises InvalidOptionError, naming the option, for what cannot be used.
    """

    queue: str = "default"
    """The named queue it waits in; JOBS_QUEUES gives a queue threads of its own."""
    priority: int = 0
    """Within its queue, higher runs first."""
    max_attempts: int = 8
    """Runs before it is kept as failed, the first one included."""
    backoff: float | None = None
    """Seconds before the second attempt; None takes the setting JOBS_BACKOFF."""
    jitter: float = 0.1
    """The part of each such delay, from 0 to 1, that is added at random, so that jobs that failed
    together do not come back together."""
    timeout: float | None = None
    """Seconds that one run may take, then JobTimeout is raised in it; see docs/jobs.md for what
    cannot be interrupted."""
    limit: int | None = None
    """How many of it run at once, over all processes; `schedule(limit_key=...)` counts by key."""
    cron: str | None = None
    """When it is scheduled by itself, as in "0 3 * * *" for every day at three; without params."""
    timezone: str = "UTC"
    """The zone of `cron`, as in "Europe/Berlin"."""
    aliases: tuple[str, ...] = ()
    """Names that this job had before: what was scheduled under them still runs."""

    def __post_init__(self) -> None:
        check_queue_name(self.queue)
        check_priority(self.priority)
        _check_count("max_attempts", self.max_attempts)
        if self.backoff is not None:
            check_seconds("backoff", self.backoff, MAX_BACKOFF)
        if type(self.jitter) not in (int, float) or not 0 <= self.jitter <= 1:
            raise InvalidOptionError(f"jitter={self.jitter!r}: use a number from 0 to 1")
        if self.timeout is not None and check_seconds("timeout", self.timeout, 7 * 86_400.0) == 0:
            raise InvalidOptionError("timeout=0: no run is that short; leave it out for no limit")
        if self.limit is not None:
            _check_count("limit", self.limit)
        if self.cron is not None:
            # A job in ten recurs: the others need no parser.
            from .cron import check_cron  # noqa: PLC0415

            check_cron(self.cron, self.timezone)
        names = self.aliases if isinstance(self.aliases, tuple | list | set) else [None]
        if not all(isinstance(each, str) for each in names):
            raise InvalidOptionError("aliases is a tuple of names: write aliases=('old_name',)")


def check_queue_name(name: object) -> None:
    """Raise InvalidOptionError unless `name` can name a queue."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name):
        raise InvalidOptionError(
            f"queue={name!r}: use up to 64 letters, digits, '_', '-' and '.', as in 'reports'"
        )


def check_seconds(option: str, value: object, most: float) -> float:
    """Return `value`, seconds or a timedelta, as seconds from 0 to `most`.

    Raises InvalidOptionError naming the option.
    """
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not 0 <= seconds <= most
    ):
        raise InvalidOptionError(f"{option}={value!r}: use seconds from 0 to {most:.0f}")
    return float(seconds)


def check_priority(value: object) -> None:
    """Raise InvalidOptionError unless `value` can be a priority."""
    if type(value) is not int or not -1000 <= value <= 1000:
        raise InvalidOptionError(f"priority={value!r}: use a whole number from -1000 to 1000")


def check_key(option: str, key: object) -> None:
    """Raise InvalidOptionError unless `key` can be what jobs are told apart by."""
    if not isinstance(key, str) or not key.isprintable() or not 1 <= len(key.encode()) <= 512:
        raise InvalidOptionError(f"{option}={key!r}: use a printable text of 1 to 512 bytes")


def _check_count(option: str, value: object) -> None:
    if type(value) is not int or not 1 <= value <= 1000:
        raise InvalidOptionError(f"{option}={value!r}: use a whole number from 1 to 1000")


def backoff_delay(attempt: int, base: float, spread: float) -> float:
    """Return the seconds to wait after attempt number `attempt` (from 1) has failed.

    `base` is the delay after the first; `spread` is the part of the delay that is added.
    """
    exponent = min(attempt - 1, 60)
    return float(min(base * BACKOFF_FACTOR**exponent, MAX_BACKOFF) * (1 + spread))
