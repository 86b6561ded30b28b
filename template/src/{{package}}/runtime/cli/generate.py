"""`generate job NAME`: write new files from a generator. `generate secret`: print a new secret."""

import gc
from typing import TYPE_CHECKING

import click

from ..errors import GenerateError
from .generators import ROOT, Generators

if TYPE_CHECKING:
    from ..scaffold.generator import Generator


def make(
    generator: "Generator", name: str, answers: dict[str, object], *, pretend: bool, force: bool
) -> None:
    """Write what the generator makes, and tell each file. Raises GenerateError."""
    gc.disable()  # looking for garbage takes a tenth of this short process, and finds none
    # Not needed for help, nor to refuse a name.
    from ..scaffold.check import refuse_options  # noqa: PLC0415
    from ..scaffold.compare import compare, diff, refuse_hiding  # noqa: PLC0415
    from ..scaffold.files import write  # noqa: PLC0415
    from ..scaffold.render import render  # noqa: PLC0415

    rendering = render(generator, {"name": name, **answers})
    refuse_options(rendering.files)
    changes = compare(ROOT, rendering.files)
    refuse_hiding(ROOT, changes)
    made = [change for change in changes if change.old != change.new]
    for change in made:
        if pretend or (force and change.overwrites):
            click.echo(diff(change))
    in_the_way = [str(change.path) for change in made if change.overwrites]
    if in_the_way and not (pretend or force):
        raise GenerateError(
            f"{', '.join(in_the_way)}: there already, and different; nothing was written: "
            "--pretend shows the difference, --force overwrites"
        )
    if not pretend:
        write(ROOT, changes)
        for change in made:
            click.echo(f"{'overwrote' if change.overwrites else 'created'} {change.path}")
        if made and rendering.message:
            click.echo(rendering.message)
    if not made:
        click.echo("nothing to do: all of it is there already")


generate = Generators(
    make,
    name="generate",
    help="Write new code from a generator: a folder of templates in generators/.",
    pretend="Show what would be written, and stop.",
    force="Overwrite, and show what was different.",
    new=True,
)


@generate.command()
def secret() -> None:
    """Print a new SECRET for .env."""
    import secrets  # noqa: PLC0415 - takes longer than to refuse a name

    click.echo(f"SECRET={secrets.token_urlsafe(32)}")
