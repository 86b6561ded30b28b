"""Make a stand-in for a module from its source: nothing of it is run.

Its functions have the name, the parameters and the line of the real ones, and no body: enough for
what the start of the app asks of them. What is bound in another way may be anything.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import Parameter, Signature
from types import FunctionType, ModuleType

from .words import own_nodes

UNKNOWN = object()
"""Stands for what was imported, computed, decorated or defined under a condition."""


@dataclass(frozen=True)
class Plain:
    """Stands for a number, a text or a container, which is no function and no object of ours."""

    line: int


PLAIN_CALLS = {"bool", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
PLAIN_NODES = (ast.Constant, ast.Dict, ast.JoinedStr, ast.List, ast.Set, ast.Tuple)
"""How what is Plain is written."""

STAR = "*"
"""The name that stands for those of `from x import *`."""


def outline(tree: ast.Module) -> ModuleType:
    """Return the stand-in for the module with this syntax tree."""
    module = ModuleType("outline")
    for each in tree.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.decorator_list:
            setattr(module, each.name, _stand_in(each, module))
        else:
            for name in _bound_by(each):
                setattr(module, name, UNKNOWN)
            if isinstance(each, ast.Assign | ast.AnnAssign) and _is_plain(each.value):
                targets = each.targets if isinstance(each, ast.Assign) else [each.target]
                for target in targets:
                    # Not `a, b = (f, g)`, whose parts may be anything.
                    if isinstance(target, ast.Name):
                        setattr(module, target.id, Plain(each.lineno))
    for node in ast.walk(tree):
        for name in node.names if isinstance(node, ast.Global) else ():
            setattr(module, name, UNKNOWN)
    return module


def _is_plain(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in PLAIN_CALLS
    return isinstance(value, PLAIN_NODES)


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    waiting: list[ast.AST] = [statement]
    while waiting:
        match waiting.pop():
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                yield name
            case ast.Import(names) | ast.ImportFrom(names=names):
                yield from (each.asname or each.name.partition(".")[0] for each in names)
            case ast.Name(name, ast.Store() | ast.Del()):
                yield name
            case other:
                waiting += ast.iter_child_nodes(other)


def _nothing() -> None: ...


def _stand_in(node: ast.FunctionDef | ast.AsyncFunctionDef, module: ModuleType) -> FunctionType:
    yields = any(isinstance(each, ast.Yield | ast.YieldFrom) for each in own_nodes(node))
    flags = inspect.CO_GENERATOR if yields else 0
    if isinstance(node, ast.AsyncFunctionDef):
        flags = inspect.CO_ASYNC_GENERATOR if yields else inspect.CO_COROUTINE
    code = _nothing.__code__
    code = code.replace(co_firstlineno=node.lineno, co_flags=code.co_flags | flags)
    function = FunctionType(code, vars(module), node.name)
    vars(function)["__signature__"] = Signature(list(_parameters(node.args)))
    return function


def _parameters(given: ast.arguments) -> Iterator[Parameter]:
    positional = [*given.posonlyargs, *given.args]
    without = len(positional) - len(given.defaults)
    for place, each in enumerate(positional):
        only = place < len(given.posonlyargs)
        kind = Parameter.POSITIONAL_ONLY if only else Parameter.POSITIONAL_OR_KEYWORD
        yield Parameter(each.arg, kind, default=Parameter.empty if place < without else ...)
    if given.vararg:
        yield Parameter(given.vararg.arg, Parameter.VAR_POSITIONAL)
    for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        value = Parameter.empty if default is None else ...
        yield Parameter(each.arg, Parameter.KEYWORD_ONLY, default=value)
    if given.kwarg:
        yield Parameter(given.kwarg.arg, Parameter.VAR_KEYWORD)
