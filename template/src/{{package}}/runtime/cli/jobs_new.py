"""`jobs enqueue` and `jobs run`: schedule a job, or run one here."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Unpack

import click
import msgspec

from ..boot import App, open_app
from ..errors import AppError, InvalidOptionError, InvalidParamsError, UnknownJobError
from ..hint import hint
from ..job import Job, NewJob, State
from ..jobs import JobDraft, ScheduleOptions
from ..operating import describe_job, is_worked
from .job_lines import answer, as_json, describe, find, tell_left
from .jobs_act import warn_of_queue
from .jobs_watch import wait_for_end
from .numbers import Number

params_option = click.option(
    "--params", default="{}", help="""The job's params as a JSON object, as in '{"n": 1}'."""
)


_WRITTEN = "it is written 2030-12-31T18:00+01:00"


def _moment(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time; {_WRITTEN}") from None
    if moment is not None and moment.utcoffset() is None:
        raise click.BadParameter(f"{text!r} has no time zone; {_WRITTEN}")
    return moment


@click.command()
@click.argument("name")
@params_option
@click.option("--delay", type=Number(0), help="Seconds to wait before it may run.")
@click.option("--at", callback=_moment, help="From when it may run: 2030-12-31T18:00+01:00, say.")
@click.option("--queue", help="The queue, in place of the job's own.")
@click.option("--priority", type=int, help="In place of the job's own; higher runs first.")
@click.option("--unique", help="A key: while a job with it waits or runs, that one is answered.")
@click.option("--limit-key", help="What to count by, for a job with a limit.")
@click.option("--wait", is_flag=True, help="Wait for its end; with no worker running, run it here.")
@as_json
def enqueue(
    name: str, params: str, *, wait: bool, as_json: bool, **options: Unpack[ScheduleOptions]
) -> None:
    """Schedule the job NAME.

    With --wait a worker runs it, and has its log; this ends with it, and with 0 if it completed.
    """
    if wait and (options["delay"] or options["at"]):
        raise click.UsageError("--wait is for a job that may run now: leave out --delay and --at")
    values = _object(params)
    with open_app() as app:
        draft = _draft(app, name, values)
        with _hint(app, name):
            new = draft.checked(**options)
        if options["queue"]:
            warn_of_queue(app, new.queue)
        if wait:
            _enqueue_and_wait(app, draft, options, new, as_json=as_json)
            return
        if app.services.settings.jobs_url == "memory:":
            raise AppError("JOBS_URL=memory: this command's queue would end with it; use --wait")
        job_id = draft.schedule(**options)
        answer({"id": job_id, "new": draft.new}, job_id, as_json=as_json)


def _enqueue_and_wait(
    app: App, draft: JobDraft, options: ScheduleOptions, new: NewJob, *, as_json: bool
) -> None:
    queue = new.queue
    if queue in app.queue.paused():
        raise AppError(
            f"the queue {queue} is paused, and nothing was scheduled: `jobs resume {queue}` opens "
            f"it, `jobs run {draft.name}` passes it"
        )
    if is_worked(app.queue):
        threads = app.services.settings.thread_counts()
        if threads and not threads.get(queue, threads["*"]):
            click.echo(f"JOBS_QUEUES leaves the queue {queue} to other processes", err=True)
        _tell_end(wait_for_end(app, draft.schedule(**options)), as_json=as_json)
    else:
        click.echo("no worker is running: run here", err=True)
        _tell_end(_run_here(app, new), as_json=as_json)


@click.command()
@click.argument("name")
@params_option
@as_json
def run(name: str, params: str, as_json: bool) -> None:
    """Run the job NAME here and now, with its log.

    It exits with 0 if the job completed.
    """
    values = _object(params)
    with open_app() as app:
        draft = _draft(app, name, values)
        with _hint(app, name):
            new = draft.checked()
        _tell_end(_run_here(app, new), as_json=as_json)


def _draft(app: App, name: str, params: dict[str, Any]) -> JobDraft:
    try:
        return app.jobs.draft(name, params)
    except UnknownJobError:
        names = sorted(each.name for each in app.jobs if not each.name.startswith("_"))
        told = hint(name, names, "jobs/ has") if names else "; jobs/ has: none yet"
        raise UnknownJobError(f"no job is called {name!r}{told}") from None


@contextmanager
def _hint(app: App, name: str) -> Iterator[None]:
    """Say how params are given, when they were wrong."""
    try:
        yield
    except InvalidOptionError as error:
        raise click.UsageError(str(error)) from None
    except InvalidParamsError as error:
        kind: Any = app.jobs.definition(name).params
        fields = msgspec.structs.fields(kind) if kind else ()
        needed = [f'"{each.encode_name}": ...' for each in fields if each.required]
        example = ", ".join(needed) or '"n": 1'
        told = f"give {name}'s params as in --params '{{{example}}}'"
        raise AppError(f"{error}; {told}") from None


def _tell_end(job: Job, *, as_json: bool) -> None:
    answer(describe_job(job), describe(job), as_json=as_json)
    if not job.finished:
        tell_left(job)
    if job.state is not State.COMPLETED:
        raise click.exceptions.Exit(1)


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
        with suppress(KeyboardInterrupt):
            runner.wait_idle()
    finally:
        # A second Ctrl-C: the next worker finds this process dead, and takes back what it ran.
        with suppress(KeyboardInterrupt):
            runner.stop(app.services.settings.jobs_grace)
    return find(app, job_id)
