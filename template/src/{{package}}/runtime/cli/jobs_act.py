"""`jobs retry`, `cancel`, `discard`, `now`, `pause`, `resume` and `prune`."""

import sys
from collections.abc import Callable

import click

from ..boot import App, open_app
from ..errors import AppError
from ..hint import hint
from ..job import FINAL, State
from ..operating import DEEDS, act_on_all
from ..options import check_queue_name
from ..queue.overview import Action, Filter
from ..queue.protocol import ANY_QUEUE
from .job_lines import answer, as_json, find, tell_state
from .numbers import Number

BATCH = 1000
"""Jobs that are pruned in one transaction."""

_ASKED = "asked to stop"
"""What is done to running jobs in place of cancelling them."""


def _command(action: Action, name: str, told: str) -> click.Command:
    """Return the command that does this to jobs by their ids, or to all that match."""
    usual = [str(state) for state in DEEDS[action].states]

    @click.command(name, help=told)
    @click.argument("job_ids", metavar="[ID]...", nargs=-1)
    @click.option("--all", "all_", is_flag=True, help="All jobs that match, in place of ids.")
    @click.option(
        "--state", type=click.Choice(usual), help=f"With --all: {', '.join(usual)}; needed."
    )
    @click.option("--name", default="", help="With --all: only jobs with this in their name.")
    @click.option("--error", default="", help="With --all: only jobs with this in their error.")
    @click.option("--queue", default="", help="With --all: only jobs of this queue.")
    @click.option("--yes", is_flag=True, help="With --all: do not ask.")
    @as_json
    def command(
        *,
        job_ids: tuple[str, ...],
        all_: bool,
        state: str | None,
        name: str,
        error: str,
        queue: str,
        yes: bool,
        as_json: bool,
    ) -> None:
        if all_ == bool(job_ids) or (not all_ and (state or name or error or queue)):
            raise click.UsageError("give the ids of jobs, or --all and what they have in common")
        if not all_:
            _act_on_each(action, job_ids, as_json=as_json)
            return
        if state is None:
            raise click.UsageError(f"--all needs --state: {', '.join(usual)}")
        if not yes:
            word = "Make ready" if action is Action.RUN else action.capitalize()
            _confirm(f"{word} all {state} jobs that match?")
        wanted = Filter(state=State(state), name=name, error=error, queue=queue)
        with open_app(strict=False) as app:
            count, _ = act_on_all(app.queue, action, wanted)
        done = _ASKED if state == State.RUNNING else DEEDS[action].done
        answer({"count": count}, f"jobs {done}: {count}", as_json=as_json)

    return command


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise AppError(f"{question} Nobody is there to ask: add --yes")
    click.confirm(question, abort=True)


def _act_on_each(action: Action, job_ids: tuple[str, ...], *, as_json: bool) -> None:
    problems = []
    with open_app(strict=False) as app:
        for job_id in job_ids:
            try:
                live, done = _act(app, action, job_id)
            except AppError as error:
                problems.append(str(error))
            else:
                answer({"id": live}, f"{done}: {live}", as_json=as_json)
    if problems:
        raise AppError("\n".join(problems))


def _act(app: App, action: Action, job_id: str) -> tuple[str, str]:
    """Return the id of the job that is there now, and what became of it."""
    if action is Action.RETRY:
        live = app.queue.retry(job_id)
    else:
        live = job_id if app.queue.act(action, [job_id]) else None
    if live is None:
        job = find(app, job_id)
        states = " or ".join(DEEDS[action].states)
        raise AppError(f"{job_id}: only {states} jobs are {DEEDS[action].done}; {tell_state(job)}")
    if live != job_id:
        return live, f"waits already, under the unique key of {job_id}"
    if action is Action.CANCEL and (left := app.queue.get(job_id)) and not left.finished:
        return live, _ASKED
    return live, DEEDS[action].done


retry = _command(Action.RETRY, "retry", "Give failed or cancelled jobs all their attempts anew.")
cancel = _command(Action.CANCEL, "cancel", "Cancel waiting jobs, and ask running ones to stop.")
discard = _command(Action.DISCARD, "discard", "Delete finished jobs for good.")
now = _command(Action.RUN, "now", "Make scheduled jobs ready at once.")


def _queue_command(name: str, told: str, do: Callable[[App, str], None]) -> click.Command:
    @click.command(name, help=told)
    @click.argument("queue")
    @as_json
    def command(queue: str, as_json: bool) -> None:
        with open_app(strict=False) as app:
            do(app, queue)
            paused = app.queue.paused()
        told = f"paused queues: {', '.join(paused) or 'none'}"
        answer({"paused": paused}, told, as_json=as_json)

    return command


def _pause(app: App, queue: str) -> None:
    check_queue_name(queue)
    warn_of_queue(app, queue)
    app.queue.pause(queue)


def warn_of_queue(app: App, queue: str) -> None:
    """Say on stderr if nothing knows a queue: it may be misspelt. Not if no job could be read."""
    if all(each.name.startswith("_") for each in app.jobs):
        return
    known = {each.options.queue for each in app.jobs} | {
        depth.queue for depth in app.queue.overview().depths
    }
    known |= {"default", *app.services.settings.thread_counts()} - {ANY_QUEUE}
    if queue not in known:
        told = hint(queue, sorted(known), "known are")
        line = f"no job's options, JOBS_QUEUES or waiting job names the queue {queue!r}{told}"
        click.echo(f"warning: {line}", err=True)


pause = _queue_command("pause", "Let no job of QUEUE be started until it is resumed.", _pause)
resume = _queue_command(
    "resume", "Open the paused QUEUE again.", lambda app, queue: app.queue.resume(queue)
)


@click.command()
@click.option("--state", type=click.Choice([str(state) for state in FINAL]), help="Only those.")
@click.option("--days", type=Number(0), help="Those that ended longer ago than this.")
@click.option("--yes", is_flag=True, help="With --days: do not ask.")
@as_json
def prune(*, state: str | None, days: float | None, yes: bool, as_json: bool) -> None:
    """Delete old finished jobs now.

    Old are those that the settings JOBS_KEEP_... name, or that ended more than --days ago.
    """
    states = [State(state)] if state else list(FINAL)
    if days is not None and not yes:
        _confirm(f"Delete all {', '.join(states)} jobs that ended over {days:g} days ago?")
    count = 0
    with open_app(strict=False) as app:
        settings = app.services.settings
        for each in states:
            age, keep = settings.kept(each)
            if days is not None:
                age = days * 86_400
            up_to = app.queue.old(each, age=age, keep=keep)
            while (pruned := app.queue.prune(each, up_to, most=BATCH)) > 0:
                count += pruned
    answer({"pruned": count}, f"jobs pruned: {count}", as_json=as_json)
