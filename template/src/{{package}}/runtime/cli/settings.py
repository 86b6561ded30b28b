"""`settings`: show what is in force."""

import click

from ..boot import read_settings
from ..settings import describe


@click.command()
def settings() -> None:
    """Show every setting that is in force, with secrets hidden."""
    for line in describe(read_settings()):
        click.echo(line)
