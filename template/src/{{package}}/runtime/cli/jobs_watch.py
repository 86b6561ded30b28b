"""`jobs watch`: the queue, or one job, as it goes on."""

import contextlib
import shutil
import sys
import time

import click

from ..boot import App, open_app
from ..errors import AppError
from ..job import Job, State
from ..operating import describe_job, is_worked, why_it_waits, workers
from ..printable import printable
from .job_lines import (
    answer,
    as_json,
    describe,
    find,
    print_json,
    tell_asked,
    tell_left,
    tell_state,
)
from .numbers import Number, WholeNumber

WIDTH = 24
"""Characters of a progress bar."""

CLEAR = "\x1b[H\x1b[2J"
"""Tells a terminal to begin again at the top."""

CLEAR_LINE = "\r\x1b[K"
"""Tells a terminal to begin the line again."""

MOST = 20
"""Running jobs that are shown."""

LOOKS = 0.1
"""Seconds between two looks at a job that is waited for."""

ASKED_EACH = 1.0
"""Seconds between two questions whether a worker is there; each looks at all of them."""

LATE = 2.0
"""Seconds after which it is told that a job is not begun, though a worker is there."""

PATIENCE = 10.0
"""Seconds without a worker after which a job is waited for no more: a server that reloads is
back sooner."""


@click.command()
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--interval", default=1.0, show_default=True, type=Number(0.1, 3600))
@click.option("--times", type=WholeNumber(1), help="End after this many looks.")
@as_json
def watch(job_id: str | None, interval: float, times: int | None, as_json: bool) -> None:
    """Show how all jobs go on, or one.

    Without an ID: counts and running jobs, until Ctrl-C. With one: that job, until it ends.
    With an ID it exits with 0 if the job completed.
    """
    with open_app(strict=False) as app, contextlib.suppress(KeyboardInterrupt):
        looks = 0
        while True:
            began = time.monotonic()
            looks += 1
            if job_id is None:
                _show_all(app, as_json=as_json)
            else:
                job = find(app, job_id)
                why = why_it_waits(app.queue, job)
                line = f"{_line(job)}  {why}".rstrip()
                answer(describe_job(job), line, as_json=as_json)
                if job.finished:
                    raise click.exceptions.Exit(int(job.state is not State.COMPLETED))
            if looks == times:
                return
            time.sleep(max(interval - (time.monotonic() - began), 0.0))


def _show_all(app: App, *, as_json: bool) -> None:
    counts = {str(state): count for state, count in app.queue.counts().items()}
    running = [job for worker in workers(app.queue) for job in worker.jobs]
    if as_json:
        print_json({"counts": counts, "running": [describe_job(job) for job in running]})
        return
    lines = ["  ".join(f"{state} {count:,}" for state, count in counts.items())]
    lines += [_line(job) for job in running[:MOST]]
    if len(running) > MOST:
        lines.append(f"and {len(running) - MOST} more")
    text = "\n".join(lines)
    click.echo(CLEAR + text if sys.stdout.isatty() else text)


def _line(job: Job) -> str:
    if job.state is not State.RUNNING:
        return describe(job)
    return f"{job.id:<18} {job.name:<24} {_seconds(job):6.0f} s  {_progress(job)}"


def _seconds(job: Job) -> float:
    """Return for how long it has been running."""
    return max(time.time() - (job.started_at or time.time()), 0.0)


def _progress(job: Job) -> str:
    return f"{progress_bar(job)}{tell_asked(job)}".removeprefix(", ")


def progress_bar(job: Job) -> str:
    """Return how far a running job has come, as it told."""
    if job.progress is None:
        return ""
    full = round(job.progress * WIDTH)
    note = f"  {printable(job.progress_note)}" if job.progress_note else ""
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {job.progress:4.0%}{note}"


def wait_for_end(app: App, job_id: str) -> Job:
    """Return the job when a worker has ended it; a terminal is shown meanwhile how it goes.

    Raises AppError if no worker is there any more. At Ctrl-C the job is left to the workers.
    """
    told, worked, asked = 0, time.monotonic(), 0.0
    late: float | None = worked + LATE
    try:
        while not (job := find(app, job_id)).finished:
            failed = job.state is State.SCHEDULED and job.attempt > told
            if failed:
                told = job.attempt
            _show(describe(job) if failed else _brief(job), lasting=failed)
            now = time.monotonic()
            if late is not None and now > late and job.state is State.READY:
                late = None
                _show(f"{job.id} waits: {_why_late(app, job)}", lasting=True)
            if now - asked > ASKED_EACH:
                asked = now
                worked = now if is_worked(app.queue) else worked
            if now - worked > PATIENCE:
                tell_left(job)
                raise AppError("no worker is running any more: start `server` or `worker`")
            time.sleep(LOOKS)
    except KeyboardInterrupt:
        return find(app, job_id)
    finally:
        _show("", lasting=False)
    return job


def _why_late(app: App, job: Job) -> str:
    limit = f"as many of {job.limit_key} as may run do, or " if job.limit_key else ""
    threads = f"the threads that serve the queue {job.queue} are busy, or there are none"
    usual = f"{limit}{threads}; see `jobs stats` and JOBS_QUEUES"
    return why_it_waits(app.queue, job) or usual


def _brief(job: Job) -> str:
    """Return how a job goes on, for one line of a narrow terminal."""
    if job.state is not State.RUNNING:
        return f"{job.id}: {tell_state(job)}"
    return f"{job.id}: {_seconds(job):.0f} s  {_progress(job)}"


def _show(line: str, *, lasting: bool) -> None:
    """Write a line over the one before; on what is no terminal only one that is `lasting`."""
    if sys.stderr.isatty():
        shown = line if lasting else line[: shutil.get_terminal_size().columns - 1]
        click.echo(f"{CLEAR_LINE}{shown}", nl=lasting, err=True)
    elif lasting:
        click.echo(line, err=True)
