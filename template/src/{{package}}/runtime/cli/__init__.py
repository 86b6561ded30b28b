"""The app's command line: `my-app server`, `my-app generate job iguanas` and so on."""

import importlib
import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ..errors import AppError, GenerateError
from .groups import Group

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "server": (".server", "server", "Serve the app and run its jobs."),
    "worker": (".server", "worker", "Run jobs without serving."),
    "generate": (".generate", "generate", "Make a job and other parts of the app."),
    "g": (".generate", "generate", "The same as generate."),
    "destroy": (".destroy", "destroy", "Remove what generate has made."),
    "jobs": (".jobs", "jobs", "See the jobs, schedule new ones, and steer them."),
    "console": (".console", "console", "Open Python with the app at hand."),
    "settings": (".settings", "settings", "Show every setting that is in force."),
    "check": (".check", "check", "Find misspelt jobs, mails, params and options."),
    "doctor": (".doctor", "doctor", "Say if the app can be updated, and what is in the way."),
    "routes": (".server", "routes", "List the routes of all views."),
}
"""Each command's module, its name there, and its line of help: help imports none of them."""


class LazyGroup(Group):
    """Imports a command when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        try:
            command: click.Command = getattr(importlib.import_module(module, __name__), name)
        except (SyntaxError, ImportError) as error:
            raise AppError(_explain(error)) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for the shell only

        return [
            CompletionItem(name, help=line)
            for name, (_, _, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Run and extend this app."""


def _explain(error: SyntaxError | ImportError) -> str:
    """Return why the runtime cannot be loaded: as a rule, an update left conflict markers in it."""
    advice = "`git status` tells what an update left, `git checkout HEAD -- FILE` takes a file back"
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}; {advice}"
    if (error.name or "").partition(".")[0] == __name__.partition(".")[0]:
        return f"{error}; {advice}"
    return f"{error}; uv sync installs what is missing"


def _command_name() -> str:
    name = Path(sys.argv[0]).name
    return f"python -m {__name__.split('.', maxsplit=1)[0]}" if name == "__main__.py" else name


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command; exit with 0, 1 for what went wrong, or 2 for a command that makes no sense."""
    try:
        # Not standalone: that would say "Error: " where this says "error: ".
        sys.exit(commands.main(arguments, prog_name=_command_name(), standalone_mode=False))
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        text = re.sub(r"^Error: ", "error: ", told.getvalue(), count=1, flags=re.MULTILINE)
        click.echo(text, nl=False, err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("aborted", err=True)
        sys.exit(1)
    except AppError as error:
        for line in str(error).splitlines():
            click.echo(f"error: {line}", err=True)
        sys.exit(2 if isinstance(error, GenerateError) else 1)
