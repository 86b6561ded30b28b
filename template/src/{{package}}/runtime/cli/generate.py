"""`generate job NAME`: write a new job and its test."""

import gc
from pathlib import Path

import click

from ..errors import GenerateError
from ..names import check_name

ROOT = Path(__file__).parents[4]
"""The project's folder: the app is run from its source tree, src/<package>/runtime/cli/."""


class Refused(click.ClickException):
    """End the command with one line on stderr and exit code 2."""

    exit_code = 2


@click.group()
def generate() -> None:
    """Write new code, from the templates in generators/."""


@generate.command()
@click.argument("name")
@click.pass_context
def job(context: click.Context, name: str) -> None:
    """Write a job and its test. NAME is word_count, or admin/report in a folder."""
    try:
        check_name(name)
        from ..scaffold import make_files  # noqa: PLC0415 - not needed to refuse a name

        gc.disable()  # looking for garbage takes a sixth of this short process, and finds none
        made = make_files(ROOT, "job", {"name": name})
    except GenerateError as error:
        raise Refused(str(error)) from error
    for path in made:
        click.echo(f"created {path}")
    program = context.find_root().info_name
    click.echo(f"Try it: uv run {program} jobs enqueue {name} --wait")
