"""`doctor`: tell whether the app can be updated, whether it should be, and what is in the way."""

from collections.abc import Iterator
from pathlib import Path

import click

from ..checkup.files import MANIFEST, check_files, read_manifest
from ..checkup.finding import Finding, Level
from ..checkup.git import check_conflicts, check_history
from ..checkup.template import check_releases, check_template, read_answers
from ..discovery import PACKAGE, project_root


@click.command()
@click.option("--check", is_flag=True, help="Exit with 1 if there is a problem.")
@click.option("--online", is_flag=True, help="Ask the template for newer releases.")
def doctor(check: bool, online: bool) -> None:
    """Say if the app can be updated, and what was edited of what the template wrote."""
    findings = list(examine(project_root(), online=online))
    for finding in findings:
        click.echo(str(finding))
    if check and any(finding.level is Level.PROBLEM for finding in findings):
        raise click.exceptions.Exit(1)


def examine(root: Path, *, online: bool) -> Iterator[Finding]:
    """Yield what each check finds."""
    yield from check_history(root)
    yield from check_conflicts(root)
    version = ""
    try:
        manifest = read_manifest()
    except ValueError as error:
        yield Finding(Level.PROBLEM, str(error), f"git checkout HEAD -- {MANIFEST}")
    else:
        version = manifest.version
        yield from check_files(root, manifest)
    try:
        answers = read_answers(root)
    except ValueError as error:
        yield Finding(Level.PROBLEM, str(error))
        return
    yield from check_template(answers, version, PACKAGE)
    if online:
        yield from check_releases(answers["_src_path"], version)
