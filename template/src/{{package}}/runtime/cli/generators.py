"""Make a command of every folder in generators/: its questions are the command's options."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import GenerateError
from ..scaffold.folders import find_generators, summary
from ..scaffold.names import check_free, tidy_name
from .groups import Group

if TYPE_CHECKING:
    from ..scaffold.generator import Generator

ROOT = Path(__file__).parents[4]
"""The project's folder: the app is run from its source tree, src/<package>/runtime/cli/."""


@click.pass_context
def _show_help(context: click.Context) -> None:
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


class Generators(Group):
    """A group with a command for each generator, which does what `act` does.

    `act` is given the generator, the name of what is made, the answers, and whether to `pretend`
    and to `force` it: these two are the words of help. Where something `new` is made, its name
    must be free.
    """

    def __init__(
        self, act: Callable[..., None], *, pretend: str, force: str, new: bool, **attrs: Any
    ):
        super().__init__(invoke_without_command=True, callback=_show_help, **attrs)
        self.act = act
        self.new = new
        self.flags = [
            click.Option(["--pretend"], is_flag=True, help=pretend),
            click.Option(["--force"], is_flag=True, help=force),
        ]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*find_generators(ROOT), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        folder = find_generators(ROOT).get(cmd_name)
        if folder is None:
            return super().get_command(ctx, cmd_name)
        return _Command(folder, self)


class _Command(click.Command):
    """Reads its generator when it is used: a list of all commands needs none of them."""

    def __init__(self, folder: Path, group: Generators):
        super().__init__(folder.name, help=summary(folder))
        self._folder = folder
        self._group = group
        self._generator: Generator | None = None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-"):
            # Before the generator is read: the modules for that take longer than all of this.
            self._tidy(args[0], force="--force" in args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        if not self.params:
            try:
                from .questions import make_params  # noqa: PLC0415 - as said above

                self.params = make_params(self._read(), self._group.flags)
            except GenerateError:
                if not ctx.resilient_parsing:
                    raise
        return super().get_params(ctx)

    def invoke(self, ctx: click.Context) -> None:
        given = dict(ctx.params)
        name, pretend, force = (given.pop(key) for key in ("name", "pretend", "force"))
        answers = {key: value for key, value in given.items() if value not in (None, ())}
        name = self._tidy(name, force=force)
        self._group.act(self._read(), name, answers, pretend=pretend, force=force)

    def _tidy(self, name: str, *, force: bool) -> str:
        tidy = tidy_name(name, self._folder.name)
        if self._group.new and not force:
            check_free(tidy, self._folder.name)
        return tidy

    def _read(self) -> "Generator":
        if self._generator is None:
            from ..scaffold.generator import read_generator  # noqa: PLC0415 - as said above

            self._generator = read_generator(self._folder)
        return self._generator
