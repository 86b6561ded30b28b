"""What the readers share: a problem, a name in the tree, and a hint at the right word."""

import ast
import difflib
from collections.abc import Collection, Iterator

Problem = tuple[int, str]
"""The line, and what is wrong there."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in a scope, and not what is in the functions in it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function):
            waiting += ast.iter_child_nodes(node)


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
