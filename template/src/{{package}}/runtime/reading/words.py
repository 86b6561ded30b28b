"""What the readers share: a problem, and a name in the tree."""

import ast
from collections.abc import Iterator

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


def text(node: ast.expr | None) -> str | None:
    """Return the text that is written here; None for what is something else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def is_foreign(tree: ast.Module, name: str) -> bool:
    """Whether the file has a name of the runtime from somewhere else: made here, or imported."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(made) | ast.FunctionDef(made) if made == name:
                return True
            case ast.ImportFrom(module, names) if "runtime" not in (module or "").split("."):
                if any(name == (each.asname or each.name) for each in names):
                    return True
    return False
