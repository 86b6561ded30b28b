"""Which names new code may have: they become files, modules and words in tests."""

import keyword
import re
import sys

from ..errors import GenerateError

MAX_NAME = 50
"""Characters: longer ones would not fit on a line of the generated test."""

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word begins within `IguanaFarm` or `HTMLPage`."""


def tidy_name(name: str, kind: str) -> str:
    """Return `name` as a path of modules: `IguanaFarm` is iguana_farm, `admin.report` admin/report.

    The `kind` of what is named is dropped from its end: the job `iguanas_job` is iguanas.
    Raises GenerateError unless that gives words which an import statement takes.
    """
    path = re.split(r"[/.]", name.removesuffix(".py"))
    parts = [_CAPITAL.sub("_", part).replace("-", "_").lower() for part in path]
    stem = parts[-1].removesuffix(f"_{kind}")
    if not (keyword.iskeyword(stem) or stem in sys.stdlib_module_names):
        parts[-1] = stem
    tidy = "/".join(parts)
    if len(tidy) > MAX_NAME:
        raise GenerateError(f"{tidy[:MAX_NAME]}...: use a name of at most {MAX_NAME} characters")
    for part in parts:
        if keyword.iskeyword(part):
            raise GenerateError(
                f"{name!r}: {part} is a word of Python; use another, as in {part}_{kind}"
            )
        # Small letters only: `Report` and `report` are one file on some disks, and two on others.
        if not re.fullmatch(r"[a-z][a-z0-9_]*", part):
            raise GenerateError(
                f"{name!r}: use letters, digits and '_', beginning with a letter, "
                "as in word_count, or admin/report in a folder"
            )
    return tidy


def check_free(tidy: str, kind: str) -> None:
    """Raise GenerateError if the file of this name would hide a module of the standard library.

    It does so from the files beside it when one of them is run by its path, as editors do.
    """
    word = tidy.rpartition("/")[2]
    if word in sys.stdlib_module_names:
        raise GenerateError(
            f"{tidy}: {word} is a module of Python's standard library, which this file would hide "
            f"from a file beside it that is run as a script; use {tidy}_{kind}, or say --force"
        )
