"""Jobs as views, scripts and other jobs meet them: found, filled in, scheduled, asked for."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import msgspec
from msgspec.structs import replace

from . import payload
from .discovery import Found, find_modules, is_mixed_up, refuse, takes
from .errors import InvalidOptionError, InvalidParamsError, UnknownJobError
from .hint import hint, meant
from .job import Enqueued, Job, NewJob, State
from .options import (
    LATEST,
    LONGEST_DELAY,
    JobOptions,
    check_key,
    check_priority,
    check_queue_name,
    check_seconds,
)
from .params import JobParams, Params, check_params, params_type
from .queue.protocol import Inspector

if TYPE_CHECKING:
    from loguru import Logger


NO_OPTIONS = "options must be a JobOptions(...)"
"""What is wrong with a job's options that are something else."""


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


def check_run(run: object) -> Iterator[str]:
    """Yield what keeps a job's `run` from being called; None is one that is missing."""
    if not inspect.isfunction(run):
        yield "has no function run(allocator, params, env); a helper's name begins with '_'"
    elif not takes(run, 3) or is_mixed_up(run, ("allocator", "params", "env")):
        yield f"run{inspect.signature(run)} must be run(allocator, params, env)"
    elif inspect.isgeneratorfunction(run) or inspect.isasyncgenfunction(run):
        yield "run has a yield in it, so that calling it would do nothing: move that to a helper"


def _check(found: Found) -> Iterator[str]:
    module = found.module
    run: Any = getattr(module, "run", None)
    wrong = list(check_run(run))
    yield from wrong
    if not wrong:
        try:
            kind = params_type(run)
        except Exception as error:  # noqa: BLE001 - an annotation is code, and may raise anything
            yield f"run{inspect.signature(run)}: {error}"
        else:
            yield from _check_cron(kind, getattr(module, "options", None))
    for name, value in vars(module).items():
        if isinstance(value, JobOptions) and name != "options":
            yield f"{name} = JobOptions(...) has no effect: name it options"
    if not isinstance(getattr(module, "options", JobOptions()), JobOptions):
        yield NO_OPTIONS


def _check_cron(kind: type[JobParams] | None, options: object) -> Iterator[str]:
    if kind is not None and isinstance(options, JobOptions) and options.cron is not None:
        try:
            check_params(kind, {})
        except InvalidParamsError as error:
            yield f"cron={options.cron!r} schedules it without params, but {error}"


class ScheduleOptions(TypedDict, total=False):
    """What `schedule()` takes, all of it optional."""

    delay: float | timedelta
    """Seconds to wait before it may run."""
    at: datetime
    """The moment from which it may run; a datetime with a time zone. One in the past is now."""
    priority: int
    """In place of the job's own."""
    queue: str
    """In place of the job's own."""
    unique: str
    """While a job is waiting or running under this key, it is answered instead of a new one."""
    limit_key: str
    """Count what runs at once by this key, and not by the job's name; jobs may share one."""


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
            own = sorted(each for each in self._definitions if not each.startswith("_"))
            known = f"{meant(name, own) or ';'} jobs/ has: {', '.join(own) or 'none yet'}"
            raise UnknownJobError(f"no job is called {name!r}{known}")
        return definition

    def draft(
        self, name: str, params: Mapping[str, object], request_id: str | None = None
    ) -> "JobDraft":
        """Return a job to fill in and schedule. Raises UnknownJobError at once."""
        return JobDraft(self, self.definition(name), Params(params), request_id)

    def get(self, job_id: str) -> Job | None:
        """Return the job with this id, whatever its state; None if there is none (any more)."""
        return self.queue.get(job_id)

    def schedule(self, new: NewJob, connection: object = None) -> Enqueued:
        """Keep a checked job in the queue. `JobDraft.schedule` is the way here."""
        (answer,) = self.queue.enqueue([new], connection)
        if answer.new:
            when = "" if connection is None else ", when its transaction commits"
            self._logger.info("Scheduled job: {} ({}){}", new.name, answer.id, when)
        else:
            self._logger.info("Job not scheduled: {}: {} has its unique key", new.name, answer.id)
        return answer

    def schedule_many(
        self,
        name: str,
        many: Iterable[Mapping[str, object]],
        **options: Unpack[ScheduleOptions],
    ) -> list[str]:
        """Schedule a job once for each of the params, all or none, in one transaction.

        Returns the ids in the same order. Raises as `JobDraft.schedule` does.
        """
        definition = self.definition(name)
        model = self.new_job(definition, {}, options, encoded="{}")
        new = []
        for place, params in enumerate(many):
            try:
                new.append(replace(model, payload=self.encode(definition, params)))
            except InvalidParamsError as error:
                raise InvalidParamsError(f"item {place} of many: {error}") from None
        answers = self.queue.enqueue(new)
        self._logger.info("Scheduled {} jobs: {}", sum(each.new for each in answers), name)
        return [answer.id for answer in answers]

    def new_job(
        self,
        definition: JobDefinition,
        params: Mapping[str, object],
        options: "ScheduleOptions",
        *,
        request_id: str | None = None,
        encoded: str | None = None,
    ) -> NewJob:
        """Return what the queue is given, checked. Raises as `JobDraft.schedule` does."""
        own = definition.options
        new = NewJob(
            name=definition.name,
            payload=self.encode(definition, params) if encoded is None else encoded,
            queue=own.queue,
            priority=own.priority,
            max_attempts=own.max_attempts,
            limit_key=None if own.limit is None else definition.name,
            limit_size=own.limit,
            request_id=request_id,
        )
        return replace(new, **_checked(definition, options)) if options else new

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
        self.new: bool | None = None
        """Then, whether it is a new job; False if one of the same unique key was live already."""
        self._jobs = jobs
        self._definition = definition
        self._request_id = request_id

    def put(self, key: str, value: object) -> None:
        """Set one of the params."""
        self.params[key] = value

    def schedule(self, connection: object = None, **options: Unpack[ScheduleOptions]) -> str:
        """Put the job in its queue and return its id. It is kept when this returns.

        With a `connection` of psycopg to the database of JOBS_URL, it is kept when the transaction
        commits that is open there, and never was if that is rolled back.
        Raises InvalidParamsError, InvalidOptionError or QueueError, and then nothing was scheduled.
        """
        if connection is not None and isinstance(connection, int | float | timedelta | datetime):
            raise InvalidOptionError(
                f"schedule({connection!r}): its options go by name, as in schedule(delay=60)"
            )
        answer = self._jobs.schedule(self.checked(**options), connection)
        self.id, self.new = answer.id, answer.new
        return answer.id

    def checked(self, **options: Unpack[ScheduleOptions]) -> NewJob:
        """Return what `schedule` would put in the queue. Raises as it does."""
        return self._jobs.new_job(
            self._definition, self.params, options, request_id=self._request_id
        )


def check_option(name: str, value: object) -> None:
    """Raise InvalidOptionError unless `schedule()` may be given this value for this option."""
    if value is None:
        return  # as if it were not given
    if name == "delay":
        check_seconds(name, value, LONGEST_DELAY)
    elif name == "priority":
        check_priority(value)
    elif name == "queue":
        check_queue_name(value)
    elif name == "at":
        if not isinstance(value, datetime) or value.utcoffset() is None:
            raise InvalidOptionError(f"at={value!r}: use a datetime with a time zone")
        if value.timestamp() > LATEST:
            raise InvalidOptionError(f"at={value!r}: use a time before the year 9999")
    else:
        check_key(name, value)


def _checked(definition: JobDefinition, options: ScheduleOptions) -> dict[str, Any]:
    """Return what the options say in place of the job's own, by the names of NewJob."""
    if unknown := options.keys() - ScheduleOptions.__annotations__.keys():
        word = min(unknown)
        known = hint(word, ScheduleOptions.__annotations__, "it takes")
        raise InvalidOptionError(f"schedule() has no option {word!r}{known}")
    for name, value in options.items():
        check_option(name, value)
    said: dict[str, Any] = {key: each for key, each in options.items() if each is not None}
    if "limit_key" in said and definition.options.limit is None:
        raise InvalidOptionError(
            f"limit_key={said['limit_key']!r}: the job {definition.name!r} has no limit; "
            "give it JobOptions(limit=...)"
        )
    if "at" in said:
        if said.get("delay"):
            raise InvalidOptionError("delay and at: give one of the two")
        said["run_at"] = said.pop("at").timestamp()
    if "delay" in said:
        said["delay"] = check_seconds("delay", said["delay"], LONGEST_DELAY)
    if "unique" in said:
        said["unique_key"] = said.pop("unique")
    return said
