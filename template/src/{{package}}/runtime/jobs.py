"""Jobs as views, scripts and other jobs meet them: found, filled in, scheduled, asked for."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from . import payload
from .discovery import Found, find_modules, refuse
from .errors import InvalidOptionError, UnknownJobError
from .job import Job, JobOptions, NewJob, State, check_priority, check_queue_name, check_seconds
from .params import JobParams, Params, check_params, params_type
from .queue.protocol import Inspector

if TYPE_CHECKING:
    from loguru import Logger

LONGEST_DELAY = 366 * 86_400.0
"""Seconds: a delay beyond a year is taken for a mistake in the unit."""

_ARGUMENTS = 3


class JobDefinition(msgspec.Struct, frozen=True):
    """A job that was found in jobs/."""

    name: str
    run: Callable[..., object]
    """The file's `run(allocator, params, env)`."""
    options: JobOptions
    path: Path
    params: type[JobParams] | None = None
    """The class of its params, if it has one."""


def find_jobs(package: str) -> dict[str, JobDefinition]:
    """Return every job in jobs/ by its name: `jobs/admin/report.py` is `admin/report`.

    Raises DiscoveryError naming each file that is not a job and what is wrong with it.
    """
    definitions: dict[str, JobDefinition] = {}
    problems: list[str] = []
    for found in find_modules(package, "jobs"):
        reasons = list(_check(found))
        problems += [f"{found.path}: {reason}" for reason in reasons]
        if not reasons:
            options = getattr(found.module, "options", JobOptions())
            run = found.module.run
            definitions[found.name] = JobDefinition(
                found.name, run, options, found.path, params_type(run)
            )
    owners = {name: name for name in definitions}
    for definition in definitions.values():
        for alias in definition.options.aliases:
            if alias in owners:
                problems.append(f"{definition.path}: alias {alias!r} is the job {owners[alias]!r}")
            owners[alias] = definition.name
    refuse(problems)
    return definitions


def _check(found: Found) -> Iterator[str]:
    module = found.module
    run = getattr(module, "run", None)
    if not inspect.isfunction(run):
        yield "has no function run(allocator, params, env); a helper's name begins with '_'"
    elif not _takes_three(run):
        yield f"run{inspect.signature(run)} must be run(allocator, params, env)"
    else:
        try:
            params_type(run)
        except Exception as error:  # noqa: BLE001 - an annotation is code, and may raise anything
            yield f"run{inspect.signature(run)}: {error}"
    for name, value in vars(module).items():
        if isinstance(value, JobOptions) and name != "options":
            yield f"{name} = JobOptions(...) has no effect: name it options"
    if not isinstance(getattr(module, "options", JobOptions()), JobOptions):
        yield "options must be a JobOptions(...)"


def _takes_three(run: Callable[..., object]) -> bool:
    try:
        inspect.signature(run).bind(*range(_ARGUMENTS))
    except TypeError:
        return False
    return True


class Jobs:
    """All jobs that were detected at startup, and the queue they wait in."""

    def __init__(
        self,
        definitions: Mapping[str, JobDefinition],
        queue: Inspector,
        logger: "Logger",
        params_limit: int,
    ) -> None:
        self.queue = queue
        """The same, for what is not here: find, counts, retry, cancel, pause and so on."""
        self._definitions = definitions
        self._aliases = {
            alias: each for each in definitions.values() for alias in each.options.aliases
        }
        self._logger = logger
        self._params_limit = params_limit

    def __iter__(self) -> Iterator[JobDefinition]:
        return iter(self._definitions.values())

    def __len__(self) -> int:
        return len(self._definitions)

    def __contains__(self, name: object) -> bool:
        return name in self._definitions

    def definition(self, name: str) -> JobDefinition:
        """Return the job of this name, or the one that had it before.

        Raises UnknownJobError, which names the jobs there are.
        """
        definition = self._definitions.get(name) or self._aliases.get(name)
        if definition is None:
            known = ", ".join(sorted(self._definitions)) or "none yet"
            raise UnknownJobError(f"no job is called {name!r}; jobs/ has: {known}")
        return definition

    def draft(
        self, name: str, params: Mapping[str, object], request_id: str | None = None
    ) -> "JobDraft":
        """Return a job to fill in and schedule. Raises UnknownJobError at once."""
        return JobDraft(self, self.definition(name), Params(params), request_id)

    def get(self, job_id: str) -> Job | None:
        """Return the job with this id, whatever its state; None if there is none (any more)."""
        return self.queue.get(job_id)

    def schedule(self, new: NewJob) -> str:
        """Keep a checked job in the queue; return its id. `JobDraft.schedule` is the way here."""
        (answer,) = self.queue.enqueue([new])
        if answer.new:
            self._logger.info("Scheduled job: {} ({})", new.name, answer.id)
        else:
            self._logger.info("Job is waiting already: {} ({})", new.name, answer.id)
        return answer.id

    def encode(self, definition: JobDefinition, params: Mapping[str, object]) -> str:
        """Return the params as they are kept. Raises InvalidParamsError naming the key."""
        encoded = payload.encode(params, self._params_limit)
        if definition.params is not None:
            check_params(definition.params, params)
        return encoded

    def waiting(self) -> int:
        """Return how many jobs are scheduled or ready."""
        counts = self.queue.counts()
        return counts[State.SCHEDULED] + counts[State.READY]


class JobDraft:
    """One job to be scheduled: `request.job("iguanas")` gives it, `schedule()` sends it off."""

    def __init__(
        self, jobs: Jobs, definition: JobDefinition, params: Params, request_id: str | None
    ) -> None:
        self.name = definition.name
        self.params = params
        """What `run` will receive: `job.params["foo"] = "bar"`."""
        self.id: str | None = None
        """The job's id, once it is scheduled."""
        self._jobs = jobs
        self._definition = definition
        self._request_id = request_id

    def put(self, key: str, value: object) -> None:
        """Set one of the params."""
        self.params[key] = value

    def schedule(
        self,
        *,
        delay: float | timedelta = 0,
        priority: int | None = None,
        queue: str | None = None,
        unique: str | None = None,
    ) -> str:
        """Put the job in its queue and return its id. It is kept when this returns.

        `delay` is in seconds or a timedelta; `priority` and `queue` replace the job's own
        options. With `unique`, a job that is waiting or running under the same key is answered
        instead of a new one. Raises InvalidParamsError, InvalidOptionError or QueueError, and
        then nothing was scheduled.
        """
        new = self.checked(delay=delay, priority=priority, queue=queue, unique=unique)
        self.id = self._jobs.schedule(new)
        return self.id

    def checked(
        self,
        *,
        delay: float | timedelta = 0,
        priority: int | None = None,
        queue: str | None = None,
        unique: str | None = None,
    ) -> NewJob:
        """Return what `schedule` would put in the queue. Raises as it does."""
        options = self._definition.options
        new = NewJob(
            name=self.name,
            payload=self._jobs.encode(self._definition, self.params),
            queue=options.queue if queue is None else queue,
            priority=options.priority if priority is None else priority,
            delay=_seconds(delay),
            max_attempts=options.max_attempts,
            unique_key=_key(unique),
            request_id=self._request_id,
        )
        check_queue_name(new.queue)
        check_priority(new.priority)
        return new


def _seconds(delay: Any) -> float:
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
    check_seconds("delay", seconds, LONGEST_DELAY)
    return float(seconds)


def _key(unique: Any) -> str | None:
    if unique is None:
        return None
    if not isinstance(unique, str) or not 1 <= len(unique.encode("utf-8", "replace")) <= 512:
        raise InvalidOptionError(f"unique={unique!r}: use a text of 1 to 512 bytes")
    return unique
