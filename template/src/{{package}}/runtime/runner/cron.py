"""Schedule the recurring jobs: each tick once, over any number of processes.

Every process that runs jobs looks. The queue notes when a job was last scheduled, in the
transaction that keeps the job, so of several that come at one tick one succeeds. Ticks that were
missed, as nothing ran, make one job together.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..cron import next_tick
from ..errors import InvalidParamsError
from ..jobs import JobDefinition, Jobs
from ..queue.protocol import Queue

if TYPE_CHECKING:
    from loguru import Logger

FARTHEST = 86_400.0
"""Seconds: a last run further ahead was noted by a clock that has been put back since. One that is
nearer is waited for, so that no tick comes twice."""


class Cron:
    """The recurring jobs of an app."""

    def __init__(
        self, queue: Queue, jobs: Jobs, logger: "Logger", clock: Callable[[], float]
    ) -> None:
        self._queue = queue
        self._jobs = jobs
        self._logger = logger
        self._clock = clock
        self._recurring = [each for each in jobs if each.options.cron is not None]
        self._due: dict[str, float] = {}
        self._begun: set[str] = set()
        self._looked = 0.0

    def round(self) -> float:
        """Schedule what is due; return the seconds until the next is, infinity if none recurs."""
        now = self._clock()
        if now < self._looked:
            self._due.clear()
        self._looked = now
        if any(self._due.get(each.name, now) <= now for each in self._recurring):
            self._look(now)
        return min(self._due.values(), default=float("inf")) - now

    def _look(self, now: float) -> None:
        ticks, newest = {}, dict.fromkeys((each.name for each in self._recurring), 0.0)
        for tick in self._queue.ticks():
            ticks[tick.name, tick.schedule] = tick
            if tick.begun_at <= now + FARTHEST:
                newest[tick.name] = max(tick.begun_at, newest.get(tick.name, 0.0))
        for each in self._recurring:
            schedule = f"{each.options.cron} {each.options.timezone}"
            known = ticks.get((each.name, schedule))
            # Another release may have other times in mind now. But those that this one finds as it
            # starts were followed by others since: of them nothing has been missed.
            past = known and each.name not in self._begun and known.begun_at < newest[each.name]
            self._begun.add(each.name)
            if known is None or past or known.last_run > now + FARTHEST:
                self._queue.begin_cron(each.name, schedule)
                last_run = now
            else:
                last_run = known.last_run
            due = _next(each, last_run)
            if due <= now:
                self._tick(each, schedule, last_run)
                due = _next(each, now)
            self._due[each.name] = due

    def _tick(self, each: JobDefinition, schedule: str, last_run: float) -> None:
        try:
            new = self._jobs.new_job(each, {}, {})
        except InvalidParamsError as error:
            self._logger.error("Job not scheduled by its cron: {}: {}", each.name, error)
        else:
            if (answer := self._queue.tick(schedule, last_run, new)) is not None:
                self._logger.info("Scheduled job: {} ({}), by its cron", each.name, answer.id)


def _next(definition: JobDefinition, after: float) -> float:
    return next_tick(definition.options.cron or "", definition.options.timezone, after)
