"""`settings`: show what is in force."""

import click

from ..boot import read_settings
from ..settings import describe, find_misspelt


@click.command()
def settings() -> None:
    """Show every setting that is in force, with secrets hidden."""
    found = read_settings()
    for line in describe(found):
        click.echo(line)
    for line in find_misspelt(found):
        click.echo(f"warning: {line}", err=True)
