"""Run one claimed job and say how it ended. Retry policy lives here and nowhere else."""

import asyncio
import inspect
import random
import time
import traceback
from collections.abc import Callable
from types import TracebackType

from ..arena import Arena
from ..env import Invocation, Services, job_env
from ..errors import AppError, Cancel, InvalidParamsError, Retry, UnknownJobError
from ..job import Job, Outcome, State, backoff_delay
from ..jobs import JobDefinition
from ..logs import LogContext, current_job
from ..params import JobParams, Params, check_params, unknown_keys

ERROR_LIMIT = 20_000
"""Characters of an error that the queue keeps; the log has it all."""


class Executor:
    """Runs jobs one at a time per thread; shares nothing between two invocations."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.time) -> None:
        self._services = services
        self._clock = clock

    def execute(self, current: Invocation) -> Outcome:
        """Run the job to its end, in this thread. Never raises."""
        job = current.job
        token = current_job.set(LogContext(job.name, job.id, job.attempt))
        try:
            self.run(current)
        except (UnknownJobError, InvalidParamsError) as error:
            self._services.logger.error("Job cannot run: {}: {}", job.name, error)
            return Outcome(State.FAILED, str(error))
        except BaseException as error:  # noqa: BLE001 - sys.exit() in a job is its failure too
            return self._judge(current, error.with_traceback(_own_frames(error)))
        else:
            return Outcome(State.COMPLETED)
        finally:
            current_job.reset(token)

    def run(self, current: Invocation) -> None:
        """Run the job, in this thread, and let its own exception out."""
        definition = self._services.jobs.definition(current.name)
        params = self._params(definition, current.job)
        env = job_env(self._services, current)
        with Arena(self._log_release) as allocator:
            result = definition.run(allocator, params, env)
            if inspect.iscoroutine(result):
                asyncio.run(result)

    def _params(self, definition: JobDefinition, job: Job) -> Params | JobParams:
        params = job.params
        if definition.params is None:
            return Params(params)
        for key in sorted(unknown_keys(definition.params, params)):
            self._services.logger.warning("Params of {} have an unknown key: {}", job.name, key)
            del params[key]
        return check_params(definition.params, params)

    def _judge(self, current: Invocation, error: BaseException) -> Outcome:
        job, logger = current.job, self._services.logger
        match error:
            case Cancel() if current.given_back:
                return Outcome(State.READY, keep_attempt=True)
            case Cancel():
                logger.info("Job cancelled: {}: {}", job.name, error)
                return Outcome(State.CANCELLED, str(error))
            case _ if job.attempt >= job.max_attempts:
                logger.opt(exception=error).error("Job failed: {}, attempts spent", job.name)
                return Outcome(State.FAILED, describe(error))
            case _:
                delay = self._delay(job, error)
                logger.opt(exception=_unless_asked(error)).warning(
                    "Job failed: {}, attempt {} of {}; again in {:.1f} s: {}",
                    *(job.name, job.attempt, job.max_attempts, delay, error),
                )
                return Outcome(State.SCHEDULED, describe(error), self._clock() + delay)

    def _delay(self, job: Job, error: BaseException) -> float:
        if isinstance(error, Retry) and error.after is not None:
            return max(0.0, error.after)
        base = self._services.jobs.definition(job.name).options.backoff
        if base is None:
            base = self._services.settings.jobs_backoff
        return backoff_delay(job.attempt, base, random.random())  # noqa: S311 - spreads load only

    def _log_release(self, error: BaseException) -> None:
        self._services.logger.opt(exception=error).error("A release of the job's arena failed")


def _own_frames(error: BaseException) -> TracebackType | None:
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__name__") == __name__:
        frames = frames.tb_next
    return frames


def _unless_asked(error: BaseException) -> BaseException | None:
    return None if isinstance(error, Retry) else error


def describe(error: BaseException) -> str:
    """Return the error in one line, then its traceback."""
    headline = " ".join(f"{type(error).__name__}: {error}".split()) or type(error).__name__
    if isinstance(error, Retry | AppError):
        return _storable(headline)
    text = "".join(traceback.format_exception(error))
    return _storable(f"{headline}\n\n{text}")


def _storable(text: str) -> str:
    # Lone surrogates and NUL are legal in a message, and in no database.
    clean = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    if len(clean) <= ERROR_LIMIT:
        return clean
    half = ERROR_LIMIT // 2
    return f"{clean[:half]}\n[...]\n{clean[-half:]}"
