"""`jobs list`, `jobs show`, `jobs stats` and `jobs recurring`."""

import difflib
import sys
import time

import click
from msgspec import structs

from ..boot import App, open_app
from ..job import State
from ..operating import (
    describe_job,
    recurring,
    to_iso,
    visible_params,
    why_it_waits,
    workers,
)
from ..printable import printable
from ..queue.overview import MINUTES_KEPT, Filter
from .job_lines import HEADER, STATES, as_json, describe, find, print_json, tell_moment
from .numbers import WholeNumber


@click.command("list")
@click.option("--state", type=STATES, help="Only jobs in this state.")
@click.option("--name", default="", help="Only jobs with this in their name.")
@click.option("--error", default="", help="Only jobs with this in their error.")
@click.option("--queue", default="", help="Only jobs of this queue.")
@click.option("--limit", default=20, show_default=True, type=WholeNumber(1, 10_000))
@as_json
def list_(
    *, state: str | None, name: str, error: str, queue: str, limit: int, as_json: bool
) -> None:
    """List the newest jobs, or those of a state."""
    wanted = Filter(state=State(state) if state else None, name=name, error=error, queue=queue)
    with open_app(strict=False) as app:
        page = app.queue.page(wanted, limit=limit)
        if as_json:
            print_json([describe_job(job) for job in page.jobs])
            return
        counts = app.queue.counts()
        if page.jobs and sys.stdout.isatty():
            click.echo(HEADER)
        for job in page.jobs:
            click.echo(describe(job))
        if page.looked_at:
            click.echo(f"the search ended after {page.looked_at:,} jobs; there are more")
        if name and not page.jobs:
            _hint(app, name)
    if state is None and not wanted.searches:
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        click.echo(told or "no jobs")
    elif page.looked_at is None:
        more = "; there are more: --limit" if page.after else ""
        click.echo(f"{len(page.jobs)} shown{more}" if page.jobs else "no jobs")


def _hint(app: App, name: str) -> None:
    names = [each.name for each in app.jobs]
    close = difflib.get_close_matches(name, names, n=1)
    if close and not any(name.lower() in each for each in names):
        click.echo(f"no job has {name!r} in its name: did you mean {close[0]}?", err=True)


@click.command()
@click.argument("job_id", metavar="ID")
@as_json
def show(job_id: str, as_json: bool) -> None:
    """Show the job ID: its state, queue, times, params and error."""
    with open_app(strict=False) as app:
        job = find(app, job_id)
        why = why_it_waits(app.queue, job)
    if as_json:
        print_json(describe_job(job))
        return
    click.echo(describe(job, error=False))
    keys = {"unique key": job.unique_key, "limit key": job.limit_key}
    told = "".join(f", {word} {key}" for word, key in keys.items() if key)
    click.echo(f"queue {job.queue}, priority {job.priority}{told}")
    times = {"due": job.run_at, "started": job.started_at, "ended": job.finished_at}
    click.echo(", ".join(f"{word} {tell_moment(at)}" for word, at in times.items() if at))
    if why:
        click.echo(why)
    click.echo(f"params {printable(visible_params(job))}")
    if job.error:
        if not job.finished:
            click.echo("the last error, after which it is tried again:")
        click.echo(printable(job.error))


@click.command()
@as_json
def stats(as_json: bool) -> None:
    """Show what waits, what runs where, and how the last hour was."""
    with open_app(strict=False) as app:
        queue, now = app.queue, time.time()
        overview, processes = queue.overview(), workers(queue)
        counts = {str(state): count for state, count in overview.counts.items()}
        ended: dict[str, int] = {}
        for minute in queue.minutes(int(now // 60) - MINUTES_KEPT):
            ended[minute.outcome] = ended.get(minute.outcome, 0) + minute.runs
        removed = queue.removed()
    if as_json:
        print_json(
            {
                "counts": counts,
                "queues": [
                    structs.asdict(each) | {"oldest": to_iso(each.oldest)}
                    for each in overview.depths
                ],
                "workers": [
                    {
                        "pid": each.peer.pid,
                        "host": each.peer.host,
                        "threads": each.peer.threads,
                        "heartbeat_at": to_iso(each.peer.heartbeat_at),
                        "jobs": [job.id for job in each.jobs],
                    }
                    for each in processes
                ],
                "ended_in_the_last_hour": ended,
                "removed": removed,
            }
        )
        return
    click.echo("jobs      " + ", ".join(f"{count:,} {state}" for state, count in counts.items()))
    for depth in overview.depths:
        paused = ", paused" if depth.paused else ""
        waits = "" if depth.oldest is None else f", the oldest for {now - depth.oldest:.0f} s"
        click.echo(
            f"queue     {depth.queue}: {depth.ready:,} ready{waits}, {depth.running:,} running, "
            f"{depth.scheduled:,} scheduled{paused}"
        )
    for each in processes:
        busy = f"{each.busy} of {each.peer.threads} threads busy"
        if not each.peer.threads:
            busy = "runs one job by hand"
        click.echo(f"worker    process {each.peer.pid} on {each.peer.host}: {busy}")
    if not processes:
        click.echo("worker    none is there: start `server` or `worker`")
    click.echo("last hour " + (", ".join(f"{n:,} {word}" for word, n in ended.items()) or "none"))
    click.echo("removed   " + (", ".join(f"{n:,} {word}" for word, n in removed.items()) or "none"))


@click.command("recurring")
@as_json
def recurring_(as_json: bool) -> None:
    """Show the jobs with a cron, and when each is due."""
    with open_app() as app:
        found = recurring(app.jobs, time.time())
    if as_json:
        print_json(
            [
                structs.asdict(each) | {"last": to_iso(each.last), "next": to_iso(each.next)}
                for each in found
            ]
        )
        return
    for each in found:
        last = "never yet" if each.last is None else tell_moment(each.last)
        when = f"next {tell_moment(each.next)}, last {last}"
        click.echo(f"{each.name:<24} {each.cron:<16} {each.timezone:<16} {when}")
    if not found:
        click.echo("""no job recurs: options = JobOptions(cron="0 3 * * *") would, every day""")
