"""What the readers share: a problem, a name in the tree, and variables that hold a draft."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

Draft = TypeVar("Draft")
"""What stands for a job or a mail that is filled in, and then sent off."""

AskedFor = Callable[[ast.expr | None], Draft | None]
"""Returns what a call such as `request.job("name")` gives; None for what is no such call."""

Problem = tuple[int, str]
"""The line, and what is wrong there."""

ANY = "*"
"""Among names: whichever there are."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def scopes(tree: ast.Module) -> Iterator[tuple[ast.AST, list[ast.AST]]]:
    """Yield the module and each function in it, with what is in it by itself."""
    for scope in (tree, *(node for node in ast.walk(tree) if isinstance(node, Function))):
        yield scope, list(own_nodes(scope))


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


def drafts_in(nodes: Iterable[ast.AST], asked_for: AskedFor[Draft]) -> dict[str, Draft]:
    """Return the variables that hold one draft alone whenever they hold anything."""
    times: Counter[str] = Counter()
    held: dict[str, list[Draft]] = {}
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            times[node.id] += 1
        for target, value in _bindings(node):
            if (draft := asked_for(value)) is not None:
                held.setdefault(target, []).append(draft)
    return {
        name: found[0]
        for name, found in held.items()
        if len(found) == times[name] and all(draft == found[0] for draft in found)
    }


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(node, ast.AnnAssign | ast.NamedExpr):
        if isinstance(node.target, ast.Name):
            yield node.target.id, node.value
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value


def forgotten(
    scope: ast.AST,
    nodes: Iterable[ast.AST],
    drafts: Mapping[str, Draft],
    asked_for: AskedFor[Draft],
) -> Iterator[tuple[int, Draft]]:
    """Yield the drafts that are let fall as they are made, or filled in and then let fall."""
    used = _used_names(scope)
    tried = {each for node in nodes if isinstance(node, ast.Try) for each in node.body}
    for node in nodes:
        match node:
            case ast.Expr(ast.Call(ast.Attribute(value, "put")) | value):
                # In a `try` it may be asked whether there is one of this name.
                draft = None if node in tried else asked_for(value)
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), value=value):
                # What a module holds, others may send.
                here = name in drafts and not isinstance(scope, ast.Module)
                kept = not here or not used.isdisjoint((name, ANY))
                draft = None if kept else asked_for(value)
            case _:
                continue
        if draft is not None:
            yield node.lineno, draft


def _used_names(scope: ast.AST) -> set[str]:
    """Return the names of which more is made than to fill in what they hold, or ANY."""
    names: set[str] = set()
    filled: set[ast.expr] = set()
    for node in ast.walk(scope):
        match node:
            case (
                ast.Attribute(ast.Attribute(ast.Attribute(value, "mail")), "append" | "extend")
                | ast.Attribute(ast.Attribute(value, "mail"), ctx=ast.Store())
                | ast.Attribute(ast.Attribute(value, "params"))
                | ast.Subscript(ast.Attribute(value, "params"), ctx=ast.Store() | ast.Del())
                | ast.Attribute(value, "put")
                | ast.Attribute(value, ctx=ast.Store())
            ):
                filled.add(value)
            case ast.Name("locals" | "vars" | "eval" | "exec"):
                names.add(ANY)
            case ast.Name(name, ast.Load()) if node not in filled:
                names.add(name)
            case ast.Global(shared) | ast.Nonlocal(shared):
                names.update(shared)
            case ast.ClassDef(body=body):
                names.update(target for each in body for target, _ in _bindings(each))
    return names
