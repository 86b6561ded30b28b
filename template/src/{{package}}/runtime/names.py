"""Which names new code may have: they become files, modules and words in tests."""

import keyword
import re

from .errors import GenerateError

MAX_NAME = 50
"""Characters: longer ones would not fit on a line of the generated test."""


def check_name(name: str) -> None:
    """Raise GenerateError unless `name` can name a job: `word_count`, or `admin/report`.

    Its parts are modules below the package, so they are words that an import statement takes.
    Small letters only: `Report` and `report` would be one file on some disks, and two on others.
    """
    if len(name) > MAX_NAME:
        raise GenerateError(f"{name[:MAX_NAME]}...: use a name of at most {MAX_NAME} characters")
    for part in name.split("/"):
        if keyword.iskeyword(part):
            raise GenerateError(
                f"{name!r}: {part} is a word of Python; use another, as in {part}_job"
            )
        if not re.fullmatch(r"[a-z][a-z0-9_]*", part):
            raise GenerateError(
                f"{name!r}: use small letters, digits and '_', beginning with a letter, "
                "as in word_count, or admin/report in a folder"
            )
