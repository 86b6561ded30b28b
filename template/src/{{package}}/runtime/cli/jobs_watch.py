"""`jobs watch`: the queue, or one job, as it goes on."""

import contextlib
import sys
import time

import click

from ..boot import App, open_app
from ..job import Job, State
from ..operating import describe_job, workers
from .job_lines import answer, as_json, describe, find, print_json

WIDTH = 24
"""Characters of a progress bar."""

CLEAR = "\x1b[H\x1b[2J"
"""Tells a terminal to begin again at the top."""

MOST = 20
"""Running jobs that are shown."""


@click.command()
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1, 3600))
@click.option("--times", type=click.IntRange(1), help="End after this many looks.")
@as_json
def watch(job_id: str | None, interval: float, times: int | None, as_json: bool) -> None:
    """Show counts and running jobs until Ctrl-C; or the job ID until it ends.

    With an ID it exits with 0 if the job completed.
    """
    with open_app() as app, contextlib.suppress(KeyboardInterrupt):
        looks = 0
        while True:
            began = time.monotonic()
            looks += 1
            if job_id is None:
                _show_all(app, as_json=as_json)
            else:
                job = find(app, job_id)
                answer(describe_job(job), _line(job), as_json=as_json)
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
    seconds = max(time.time() - (job.started_at or time.time()), 0.0)
    return f"{job.id:<18} {job.name:<24} {seconds:6.0f} s  {progress_bar(job)}"


def progress_bar(job: Job) -> str:
    """Return how far a running job has come, as it told."""
    if job.progress is None:
        return ""
    full = round(job.progress * WIDTH)
    note = f"  {job.progress_note}" if job.progress_note else ""
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {job.progress:4.0%}{note}"
