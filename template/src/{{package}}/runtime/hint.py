"""Tell who misspelt a name what was meant."""

import difflib
from collections.abc import Collection

LONGEST = 100
"""Characters of a word that may be a name misspelt; to compare a megabyte takes seconds."""


def hint(word: str, known: Collection[str], there_is: str) -> str:
    """Return the end of a line on a word that is not known: the nearest one, or all there are."""
    return meant(word, known) or f"; {there_is}: {', '.join(known) or 'none'}"


def meant(word: str, known: Collection[str]) -> str:
    """Return the question whether the nearest one was meant; "" if none is near."""
    # What is looked up may come from a client, and be anything, of any size.
    is_name = isinstance(word, str) and len(word) <= LONGEST
    close = difflib.get_close_matches(word, known, n=1) if is_name else []
    return f": did you mean {close[0]!r}?" if close else ""
