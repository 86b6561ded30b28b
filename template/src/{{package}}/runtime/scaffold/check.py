"""Look at what a generator made before it is written: a copier.yml cannot read a cron's times."""

from collections.abc import Iterable

from ..errors import GenerateError
from .render import NewFile


def refuse_options(files: Iterable[NewFile]) -> None:
    """Raise GenerateError for a job with options that the app would not start with."""
    for file in files:
        if file.path.suffix == ".py" and b"JobOptions(" in file.content:
            # Seldom needed, and it takes as long to import as the rest of a command.
            import ast  # noqa: PLC0415

            from ..reading.job_options import check_options  # noqa: PLC0415

            try:
                tree = ast.parse(file.content)
            except SyntaxError:
                continue  # a generator may make what is no Python yet
            for line, problem in check_options(tree):
                raise GenerateError(f"{file.path}:{line}: {problem}; nothing was written")
