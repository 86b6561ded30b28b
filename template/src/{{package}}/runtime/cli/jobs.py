"""`jobs`: see and steer the queue from the command line."""

import time
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from ..boot import App, open_app
from ..errors import AppError
from ..job import Job, NewJob, State
from .groups import Group

STATES = click.Choice([str(state) for state in State])


@click.group(cls=Group)
def jobs() -> None:
    """List, schedule and retry jobs."""


@jobs.command("list")
@click.option("--state", type=STATES, help="Only jobs in this state.")
@click.option("--name", help="Only jobs of this name.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
def list_(state: str | None, name: str | None, limit: int) -> None:
    """List the newest jobs."""
    with open_app() as app:
        found = app.queue.find(state=State(state) if state else None, name=name, limit=limit)
        counts = app.queue.counts()
    for job in found:
        click.echo(describe(job))
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no jobs")


@jobs.command()
@click.argument("name")
@click.option("--params", default="{}", help="The job's params as a JSON object.")
@click.option("--delay", default=0.0, help="Seconds to wait before it may run.")
@click.option("--wait", is_flag=True, help="Run it here and now; show its log and its end.")
def enqueue(name: str, params: str, delay: float, wait: bool) -> None:
    """Schedule the job NAME."""
    values = _object(params)
    if wait and delay:
        raise click.UsageError("--wait runs the job now, --delay later: choose one")
    with open_app() as app:
        draft = app.jobs.draft(name, values)
        if wait:
            job = _run_here(app, draft.checked())
        elif app.services.settings.jobs_url == "memory:":
            raise AppError("JOBS_URL=memory: this command's queue would end with it; use --wait")
        else:
            click.echo(draft.schedule(delay=delay))
            return
    click.echo(describe(job))
    if job.state is not State.COMPLETED:
        raise click.exceptions.Exit(1)


@jobs.command()
@click.argument("job_id", metavar="ID")
def retry(job_id: str) -> None:
    """Make the failed or cancelled job ID ready again, with all its attempts before it."""
    with open_app() as app:
        answer = app.queue.retry(job_id)
        if answer is None:
            job = _find(app, job_id)
            reason = "only failed and cancelled jobs are retried"
            raise AppError(f"{job_id}: {reason}; {tell_state(job)}")
    click.echo(answer)


@jobs.command()
@click.argument("job_id", metavar="ID")
def show(job_id: str) -> None:
    """Show the job ID: its state, its params, and why it failed."""
    with open_app() as app:
        job = _find(app, job_id)
    click.echo(describe(job))
    click.echo(f"params {job.payload}")
    click.echo(job.error or "no error")


def describe(job: Job) -> str:
    """Return a job in one line."""
    when = datetime.fromtimestamp(job.created_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    reason = f"  {job.error.splitlines()[0]}" if job.error else ""
    if job.state is State.SCHEDULED:
        reason = f"  {tell_state(job)}{reason}"
    attempts = f"attempt {job.attempt} of {job.max_attempts}"
    return f"{job.id:<18} {job.state:<9} {job.name:<24} {when}  {attempts}{reason}"


def tell_state(job: Job) -> str:
    """Return the job's state in words, and when it is due if it waits for its time."""
    seconds = job.run_at - time.time()
    due = f", due in {max(seconds, 0):.0f} s" if job.state is State.SCHEDULED else ""
    return f"it is {job.state}{due}"


def _find(app: App, job_id: str) -> Job:
    job = app.queue.get(job_id)
    if job is None:
        raise AppError(f"{job_id}: no job has this id: see jobs list")
    return job


def _object(params: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(params.encode("utf-8", "surrogateescape"))
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"not JSON ({error}): {params}", param_hint="--params") from None
    if not isinstance(value, dict):
        raise click.BadParameter(
            f"""must be an object, as in '{{"n": 1}}': {params}""", param_hint="--params"
        )
    return value


def _run_here(app: App, new: NewJob) -> Job:
    runner = app.runner(claims=False, threads=1)
    runner.start()
    try:
        job_id = runner.run_one(new)
        runner.wait_idle()
    finally:
        runner.stop(app.services.settings.jobs_grace)
    return _find(app, job_id)
