"""What the readers share: a problem, a name in the tree, and a hint at the right word."""

import ast
import difflib
from collections.abc import Collection

Problem = tuple[int, str]
"""The line, and what is wrong there."""


def last_name(node: ast.expr) -> str:
    """Return `c` of `a.b.c`; "" for what is no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def hint(word: str, known: Collection[str], there_is: str) -> str:
    """Return the end of a line on a word that is not known: the nearest one, or all there are."""
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f": did you mean {close[0]!r}?"
    return f"; {there_is}: {', '.join(known) or 'none'}"
