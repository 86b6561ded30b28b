"""Run one claimed job and say how it ended. Retry policy lives here and nowhere else."""

import inspect
import os
import random
import traceback
from collections.abc import Callable
from types import FrameType, TracebackType

from ..arena import Arena
from ..env import AroundJob, Invocation, JobEnv, Services, job_env
from ..errors import (
    AppError,
    Cancel,
    HookError,
    InvalidOptionError,
    InvalidParamsError,
    JobTimeout,
    MailRefusedError,
    Retry,
    UnknownJobError,
    text_of,
)
from ..job import Job, Outcome, State
from ..jobs import JobDefinition
from ..logs import current_job
from ..options import LONGEST_DELAY, backoff_delay, check_seconds
from ..params import JobParams, Params, check_params, unknown_keys
from ..settings import Environment
from .alarm import Alarm, Watch
from .coroutine import run_coroutine
from .forks import end_if_forked

ERROR_LIMIT = 20_000
"""Characters of an error that the queue keeps; the log has it all."""


COMPLETED = Outcome(State.COMPLETED)


class Executor:
    """Runs jobs one at a time per thread; shares nothing between two invocations."""

    def __init__(
        self, services: Services, on_stuck: Callable[[Invocation], None] = lambda _: None
    ) -> None:
        self._services = services
        self._on_stuck = on_stuck
        """Called if a run does not end after its timeout."""
        self._alarm = Alarm()

    def execute(self, current: Invocation) -> Outcome:
        """Run the job to its end, in this thread. Never raises."""
        job = current.job
        token = current_job.set(job)
        try:
            try:
                definition, params = self._find(job)
            except (UnknownJobError, InvalidParamsError) as error:
                return self._refuse(job, error)
            self._run(current, definition, params)
        except BaseException as error:  # noqa: BLE001 - sys.exit() in a job is its failure too
            return Outcome(State.FAILED) if current.given_up else self.outcome_of(current, error)
        else:
            return COMPLETED
        finally:
            current_job.reset(token)

    def outcome_of(self, current: Invocation, error: BaseException) -> Outcome:
        """Return what follows from whatever a run raised, and log it. Never raises."""
        try:
            return self.judge(current, error.with_traceback(own_frames(error.__traceback__)))
        except BaseException:  # noqa: BLE001 - the thread has other jobs to run
            return self.judge(current, RuntimeError(_named(error)))

    def _refuse(self, job: Job, error: AppError) -> Outcome:
        services, told = self._services, storable(str(error))
        # The server may be about to end, as it has seen that very job's new file.
        developing = services.settings.environment is Environment.DEVELOPMENT
        if developing and isinstance(error, UnknownJobError) and job.attempt < job.max_attempts:
            services.logger.warning("Job cannot run yet: {}; again in 1 s", error)
            return Outcome(State.SCHEDULED, told, services.clock() + 1.0)
        services.logger.error("Job cannot run: {}: {}", job.name, error)
        return Outcome(State.FAILED, told)

    def run(self, current: Invocation) -> None:
        """Run the job, in this thread, and let its own exception out."""
        self._run(current, *self._find(current.job))

    def _find(self, job: Job) -> tuple[JobDefinition, Params | JobParams]:
        definition = self._services.jobs.definition(job.name)
        return definition, self._params(definition, job)

    def _run(
        self, current: Invocation, definition: JobDefinition, params: Params | JobParams
    ) -> None:
        if definition.options.timeout is not None:
            current.deadline = self._services.clock() + definition.options.timeout
        env = job_env(self._services, current)
        around = self._services.around_job
        try:
            with Arena(self._log_release) as allocator:
                if around is None:
                    self._call(definition, allocator, params, env)
                else:
                    _go_around(around, env, lambda: self._call(definition, allocator, params, env))
        finally:
            # A timeout can strike right before a job's `with env.mutex` would have released it.
            self._services.mutex.release_if_held()

    def _call(
        self, definition: JobDefinition, allocator: Arena, params: Params | JobParams, env: JobEnv
    ) -> None:
        current, timeout = env.current, definition.options.timeout
        if timeout is None:
            result = _call(definition.run, allocator, params, env)
            if inspect.iscoroutine(result):
                run_coroutine(result, current, None)
            return
        watch = Watch(timeout, lambda: self._on_stuck(current))
        try:
            try:
                self._alarm.begin(watch)
                result = _call(definition.run, allocator, params, env)
                if inspect.iscoroutine(result):
                    watch.only_watch()
                    if run_coroutine(result, current, timeout) and not current.given_up:
                        self._services.logger.warning(
                            "{} has completed, but after its timeout of {:g} s: it did not await "
                            "in time, or caught what was to end it",
                            *(current.name, timeout),
                        )
            finally:
                self._alarm.end(watch)
        except JobTimeout as error:
            # It may have come while the watch was ended; it comes once.
            self._alarm.end(watch)
            # Frees what the frames hold, such as the lock of a library torn out of its `with`.
            traceback.clear_frames(error.__traceback__)
            late = JobTimeout(f"took longer than its timeout of {timeout:g} s")
            raise late.with_traceback(error.__traceback__) from None

    def _params(self, definition: JobDefinition, job: Job) -> Params | JobParams:
        params = job.params
        if definition.params is None:
            return Params(params)
        for key in sorted(unknown_keys(definition.params, params)):
            self._services.logger.warning("Params of {} have an unknown key: {}", job.name, key)
            del params[key]
        return check_params(definition.params, params)

    def judge(self, current: Invocation, error: BaseException) -> Outcome:
        """Return what follows from an error in a run, and log it."""
        job, logger = current.job, self._services.logger
        shown = error if isinstance(error, Retry | Cancel) else _showable(error)
        match error:
            case Cancel() if current.given_back:
                if error.__cause__ is not None:
                    words = "{} failed as it was stopped with its process; it runs again"
                    logger.opt(exception=_showable(error.__cause__)).warning(words, job.name)
                return Outcome(State.READY, keep_attempt=True)
            case MailRefusedError():
                logger.opt(exception=shown).error(
                    "Job failed: {}: the mail was refused: {}; not tried again", job.name, error
                )
                return Outcome(State.FAILED, describe(shown))
            case Cancel():
                logger.info("Job cancelled: {}: {}", job.name, text_of(error))
                return Outcome(State.CANCELLED, storable(text_of(error)))
            case _ if job.attempt >= job.max_attempts:
                logger.opt(exception=shown).error("Job failed: {}, attempts spent", job.name)
                return Outcome(State.FAILED, describe(shown))
            case _ if current.cancelled and not current.given_back:
                words = "Job cancelled: {}: it was asked to stop, and did not complete"
                logger.opt(exception=shown).warning(words, job.name)
                return Outcome(State.CANCELLED, describe(shown))
            case _:
                delay, asked = self._delay(job, error), isinstance(error, Retry)
                logger.opt(exception=None if asked else shown).log(
                    "INFO" if asked else "WARNING",
                    "{}: {}, attempt {} of {}; again in {:.1f} s: {}",
                    "Job is to be tried again" if asked else "Job failed",
                    *(job.name, job.attempt, job.max_attempts, delay),
                    text_of(error) if asked else _named(error),
                )
                return Outcome(State.SCHEDULED, describe(shown), self._services.clock() + delay)

    def _delay(self, job: Job, error: BaseException) -> float:
        if isinstance(error, Retry) and error.after is not None:
            try:
                return check_seconds("after", error.after, LONGEST_DELAY)
            except InvalidOptionError as wrong:
                self._services.logger.error("Retry of {}: {}", job.name, wrong)
        options = self._services.jobs.definition(job.name).options
        base = self._services.settings.jobs_backoff if options.backoff is None else options.backoff
        spread = random.random() * options.jitter  # noqa: S311 - it spreads load only
        return backoff_delay(job.attempt, base, spread)

    def _log_release(self, error: BaseException) -> None:
        self._services.logger.opt(exception=error).error("A release of the job's arena failed")


def _go_around(around: AroundJob, env: JobEnv, run: Callable[[], None]) -> None:
    """Call the app's hook with the run, and then let the run's own exception out in any case."""
    ends: list[tuple[BaseException | None, TracebackType | None]] = []

    def told() -> None:
        try:
            run()
        except BaseException as error:
            ends.append((error, own_frames(error.__traceback__)))
            raise
        ends.append((None, None))

    try:
        around(env, told)
    except BaseException as error:
        if not ends or ends[-1][0] is not error:
            raise
    if not ends:
        raise HookError("around_job in config.py did not call run(): the job has not run")
    failure, frames = ends[-1]
    if failure is not None:
        raise failure.with_traceback(frames)


def _call(run: Callable[..., object], *arguments: object) -> object:
    process = os.getpid()
    try:
        result = run(*arguments)
    except BaseException as error:
        end_if_forked(process, error)
        raise
    end_if_forked(process, None)
    return result


def own_frames(frames: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the job's own first line on; None if it comes to none."""
    while frames is not None and _called_from(frames.tb_frame) in _CALLERS:
        frames = frames.tb_next
    return frames


_CALLERS = {__name__.rpartition(".")[0], "asyncio", "selectors", "threading"}
"""Packages that call a job, or wait for it."""


def _called_from(frame: FrameType) -> str:
    name = str(frame.f_globals.get("__name__"))
    return name.rpartition(".")[0] or name


def describe(error: BaseException) -> str:
    """Return the error in one line, then its traceback if it has one that tells something."""
    if isinstance(error, Retry) or error.__traceback__ is None:
        return storable(_named(error))
    text = "".join(traceback.format_exception(error))
    return storable(f"{_named(error)}\n\n{text}")


def _showable(error: BaseException) -> BaseException:
    """Return the error, or one in its place that a traceback can be made of."""
    try:
        traceback.format_exception(error)
    except Exception:  # noqa: BLE001 - its parts may be of any kind, as in SyntaxError("x", (1, 2))
        return RuntimeError(_named(error)).with_traceback(error.__traceback__)
    return error


def _named(error: BaseException) -> str:
    """Return kind and text in one line; the text of a KeyError, say, is no more than the key."""
    return " ".join(f"{type(error).__name__}: {text_of(error)}".split()).removesuffix(":")


def storable(text: str) -> str:
    """Return the text as every queue can keep it: no longer than ERROR_LIMIT, and clean."""
    # Lone surrogates and NUL are legal in a message, and in no database.
    clean = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    if len(clean) <= ERROR_LIMIT:
        return clean
    half = ERROR_LIMIT // 2
    return f"{clean[:half]}\n[...]\n{clean[-half:]}"
