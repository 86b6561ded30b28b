"""`check`: find what is misspelt, or would keep the app from starting, by reading its code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

from ..reading.entries import check_config, check_entry
from ..reading.job_calls import check_calls
from ..reading.job_files import JobFiles, check_params_class, read_jobs, read_source
from ..reading.job_options import check_among, check_options
from ..reading.mail_calls import check_mails, read_mailers
from ..reading.words import Problem

PACKAGE = Path(__file__).parents[2]
"""The app's own package."""

RUNTIME = "runtime"
"""The folder that is not read, as nobody writes in it."""

IGNORE = re.compile(rb"#\s*check:\s*ignore\b")
"""In a line: what is found there is meant so."""


@click.command()
def check() -> None:
    """Find misspelt jobs, mails, params, options and actions, and missing functions.

    All files of the app's package are read; none is run. What is found in a line with the
    comment `# check: ignore` is not told.
    """
    problems = list(read_all(PACKAGE))
    for problem in problems:
        click.echo(problem)
    if problems:
        raise click.exceptions.Exit(1)
    click.echo("no problems")


def read_all(package: Path) -> Iterator[str]:
    """Yield a line for each problem of a package: the file, the line in it, and what is wrong."""
    jobs = read_jobs(package / "jobs")
    mailers = read_mailers(package / "mailers")
    for path in sorted(package.rglob("*.py")):
        folder, *rest = path.relative_to(package).parts
        if folder == RUNTIME:
            continue
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        try:
            tree = read_source(path)
            own = _check_job(tree, Path(*rest), jobs) if folder == "jobs" else ()
            entry = check_entry(folder, Path(*rest), tree) if rest else ()
            if folder == "config.py":
                entry = check_config(tree)
            calls = {*check_calls(tree, jobs), *check_mails(tree, mailers)}
            found = _leave_out(sorted({*calls, *own, *entry}), path)
        except SyntaxError as error:
            found = [(error.lineno or 1, f"SyntaxError: {error.msg}")]
        for line, problem in found:
            yield f"{shown}:{line}: {problem}"


def _leave_out(found: list[Problem], path: Path) -> list[Problem]:
    """Return what is not in a line that says that it is meant so."""
    lines = enumerate(path.read_bytes().splitlines(), 1) if found else ()
    meant = {number for number, line in lines if IGNORE.search(line)}
    return [each for each in found if each[0] not in meant]


def _check_job(tree: ast.Module, place: Path, jobs: JobFiles) -> Iterator[Problem]:
    yield from check_options(tree)
    yield from check_params_class(tree)
    if (own := jobs.by_name.get(place.with_suffix("").as_posix())) is not None:
        yield from check_among(tree, own, jobs)
