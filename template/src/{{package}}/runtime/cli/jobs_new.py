"""`jobs enqueue` and `jobs run`: schedule a job, or run one here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec

from ..boot import App, open_app
from ..errors import AppError, InvalidParamsError
from ..job import Job, NewJob, State
from ..jobs import JobDraft
from ..operating import describe_job
from .job_lines import answer, as_json, describe, find

params_option = click.option(
    "--params", default="{}", help="""The job's params as a JSON object, as in '{"n": 1}'."""
)


@click.command()
@click.argument("name")
@params_option
@click.option("--delay", default=0.0, help="Seconds to wait before it may run.")
@click.option("--wait", is_flag=True, help="The same as `jobs run`.")
@as_json
def enqueue(name: str, params: str, delay: float, wait: bool, as_json: bool) -> None:
    """Schedule the job NAME."""
    if wait and delay:
        raise click.UsageError("--wait runs the job now, --delay later: choose one")
    values = _object(params)
    with open_app() as app:
        draft = app.jobs.draft(name, values)
        if wait:
            _run(app, draft, as_json=as_json)
            return
        if app.services.settings.jobs_url == "memory:":
            raise AppError("JOBS_URL=memory: this command's queue would end with it; use --wait")
        with _hint(draft.name):
            job_id = draft.schedule(delay=delay)
        answer({"id": job_id, "new": draft.new}, job_id, as_json=as_json)


@click.command()
@click.argument("name")
@params_option
@as_json
def run(name: str, params: str, as_json: bool) -> None:
    """Run the job NAME here and now, with its log; exit with 0 if it completed."""
    values = _object(params)
    with open_app() as app:
        _run(app, app.jobs.draft(name, values), as_json=as_json)


@contextmanager
def _hint(name: str) -> Iterator[None]:
    """Say how params are given, when they were wrong."""
    try:
        yield
    except InvalidParamsError as error:
        raise AppError(f"""{error}; give {name}'s params as in --params '{{"n": 1}}'""") from None


def _run(app: App, draft: JobDraft, *, as_json: bool) -> None:
    with _hint(draft.name):
        new = draft.checked()
    job = _run_here(app, new)
    answer(describe_job(job), describe(job), as_json=as_json)
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
        runner.wait_idle()
    finally:
        runner.stop(app.services.settings.jobs_grace)
    return find(app, job_id)
