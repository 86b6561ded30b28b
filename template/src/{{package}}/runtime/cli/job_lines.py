"""Jobs in the lines that the commands print."""

import json
import time
from datetime import UTC, datetime

import click

from ..boot import App
from ..errors import AppError
from ..job import Job, State
from ..printable import printable

HEADER = f"{'ID':<18} {'STATE':<9} {'JOB':<24} {'CREATED':<20}  ATTEMPT"
"""Stands over the lines of `describe`."""

AN_HOUR = 3600
"""Seconds from which on a moment is told as such, and not by the seconds until then."""

STATES = click.Choice([str(state) for state in State])
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def print_json(value: object) -> None:
    """Print the value as one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False))


def answer(value: object, line: str, *, as_json: bool) -> None:
    """Print the value as JSON, or the line that says the same."""
    print_json(value) if as_json else click.echo(line)


def describe(job: Job, *, error: bool = True) -> str:
    """Return a job in one line, with the first line of its `error` if that is wanted."""
    when = tell_moment(job.created_at)
    reason = f"  {printable(job.error.splitlines()[0])}" if job.error and error else ""
    if job.state is State.SCHEDULED:
        reason = f"  {tell_state(job)}{reason}"
    attempts = f"attempt {job.attempt} of {job.max_attempts}{tell_asked(job)}"
    return f"{job.id:<18} {job.state:<9} {job.name:<24} {when}  {attempts}{reason}"


def tell_moment(moment: float) -> str:
    """Return UTC seconds as a date and a time."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def tell_state(job: Job) -> str:
    """Return the job's state in words, and when it is due if it waits for its time."""
    return f"it is {job.state}{_tell_due(job)}{tell_asked(job)}"


def _tell_due(job: Job) -> str:
    if job.state is not State.SCHEDULED:
        return ""
    seconds = job.run_at - time.time()
    if seconds >= AN_HOUR:
        return f", due at {tell_moment(job.run_at)}"
    return f", due in {max(seconds, 0):.0f} s"


def tell_asked(job: Job) -> str:
    """Return the end of a line on a job that runs, and was asked to stop; else ""."""
    return ", asked to stop" if job.state is State.RUNNING and job.cancel_asked else ""


def tell_left(job: Job) -> None:
    """Say on stderr what becomes of a job that has not ended with this command."""
    app = click.get_current_context().find_root().info_name
    click.echo(
        f"{job.id} is left to the workers: {tell_state(job)}; "
        f"to cancel it: {app} jobs cancel {job.id}",
        err=True,
    )


def find(app: App, job_id: str) -> Job:
    """Return the job of this id. Raises AppError if there is none."""
    job = app.queue.get(job_id)
    if job is None:
        raise AppError(f"{job_id}: no job has this id: see jobs list")
    return job
