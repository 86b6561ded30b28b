"""`destroy job NAME`: remove what `generate job NAME` has made."""

from typing import TYPE_CHECKING

import click

from ..errors import GenerateError
from .generators import ROOT, Generators

if TYPE_CHECKING:
    from ..scaffold.generator import Generator


def unmake(
    generator: "Generator", name: str, answers: dict[str, object], *, pretend: bool, force: bool
) -> None:
    """Remove what the generator would make now, if it is there. Raises GenerateError.

    What differs from that was edited, or made with other answers: it goes only with a yes.
    """
    from ..scaffold.compare import compare, diff  # noqa: PLC0415 - not needed for help
    from ..scaffold.files import remove  # noqa: PLC0415
    from ..scaffold.render import render  # noqa: PLC0415

    changes = compare(ROOT, render(generator, {"name": name, **answers}).files)
    there = [change for change in changes if change.old is not None]
    edited = [change for change in there if change.overwrites]
    if not there:
        raise GenerateError(f"{', '.join(str(each.path) for each in changes)}: not there")
    for change in edited:
        click.echo(diff(change, removing=True))
    if pretend:
        for change in there:
            click.echo(f"would remove {change.path}")
        return
    if edited and not (force or _confirmed(len(edited))):
        raise GenerateError(
            f"{', '.join(str(each.path) for each in edited)}: not as it was generated; nothing was "
            "removed: give the options that it was made with, or --force"
        )
    remove(ROOT, there)
    for change in there:
        click.echo(f"removed {change.path}")


def _confirmed(count: int) -> bool:
    try:
        return click.confirm(f"{count} edited as shown above. Remove all the same?")
    except click.Abort:
        click.echo()
        return False


destroy = Generators(
    unmake,
    name="destroy",
    help="Remove what a generator has made; what was edited since only with a yes.",
    pretend="Show what would be removed, and stop.",
    force="Remove what was edited, too.",
    new=False,
)
