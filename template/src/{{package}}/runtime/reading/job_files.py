"""Which jobs there are, and what params they take, read from the files in jobs/."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..params import NO_PARAMS
from .words import Problem, last_name


@dataclass(frozen=True)
class Fields:
    """What a class of params has."""

    names: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    def joined(self, other: "Fields") -> "Fields":
        """Return these and those of another class, which may give one anew."""
        kept = tuple(name for name in self.required if name not in other.names)
        return Fields(
            tuple(dict.fromkeys(self.names + other.names)),
            tuple(dict.fromkeys(kept + other.required)),
        )


@dataclass(frozen=True)
class JobFile:
    """A job as its file tells it."""

    name: str
    fields: Fields | None
    """What its params have; None if it takes any, or if that cannot be read."""


@dataclass(frozen=True)
class JobFiles:
    """All jobs by their names, present and former."""

    by_name: Mapping[str, JobFile]
    complete: bool
    """False if some job's former names cannot be read."""


def read_source(path: Path) -> ast.Module:
    """Return the syntax tree of a file. Raises SyntaxError, whatever is wrong with it."""
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(f"cannot be read: {error}", (str(path), 1, None, None)) from error


def read_jobs(folder: Path) -> JobFiles:
    """Read every job of a folder; one that cannot be read has a name, and any params."""
    by_name: dict[str, JobFile] = {}
    former: dict[str, JobFile] = {}
    complete = True
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder).with_suffix("")
        if any(part.startswith(("_", ".")) for part in place.parts):
            continue
        try:
            tree = read_source(path)
        except SyntaxError:
            by_name[place.as_posix()] = JobFile(place.as_posix(), None)
            complete = False
            continue
        job = JobFile(place.as_posix(), _fields_of_run(tree))
        by_name[job.name] = job
        try:
            former |= dict.fromkeys(_former_names(tree), job)
        except (ValueError, TypeError):
            complete = False
    # In this order they are told; a name that a job has counts before one that another had.
    return JobFiles(by_name | former | by_name, complete)


def _former_names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call) and last_name(value.func) == "JobOptions":
            for keyword in value.keywords:
                if keyword.arg in (None, "aliases"):
                    names = ast.literal_eval(keyword.value)
                    yield from (each for each in names if isinstance(names, tuple | list | set))


def check_params_class(tree: ast.Module) -> Iterator[Problem]:
    """Yield what is wrong with a class of params: it cannot be one, or `run` does not name it."""
    name, line = _params_of_run(tree)
    node = _classes(tree).get(name)
    own = _classes(tree).get("Params")
    if own is not None and "JobParams" in map(last_name, own.bases) and _takes_bare_params(tree):
        yield own.lineno, "no use is made of Params: write run(allocator, params: Params, env)"
    if node is None or node.bases:
        return
    decorators = (getattr(each, "func", each) for each in node.decorator_list)
    if all(last_name(each) == "dataclass" for each in decorators):
        yield line, NO_PARAMS.format(name)


def _classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields_of_run(tree: ast.Module) -> Fields | None:
    return _fields_of(_params_of_run(tree)[0], _classes(tree))


def _arguments_of_run(tree: ast.Module) -> list[ast.arg]:
    runs = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "run"
    ]
    return [*runs[-1].args.posonlyargs, *runs[-1].args.args] if runs else []


def _takes_bare_params(tree: ast.Module) -> bool:
    arguments = _arguments_of_run(tree)
    return len(arguments) > 1 and arguments[1].annotation is None


def _params_of_run(tree: ast.Module) -> tuple[str, int]:
    """Return the name of the class that `run` takes, "" if it is not plain, and its line."""
    arguments = _arguments_of_run(tree)
    annotation = arguments[1].annotation if len(arguments) > 1 else None
    if isinstance(annotation, ast.Constant):
        return str(annotation.value), annotation.lineno
    return (annotation.id, annotation.lineno) if isinstance(annotation, ast.Name) else ("", 1)


def _fields_of(name: str, classes: Mapping[str, ast.ClassDef]) -> Fields | None:
    if name not in classes:
        return None
    node = classes[name]
    rest = {other: each for other, each in classes.items() if other != name}
    found = Fields()
    if not node.bases or any(keyword.arg in (None, "rename") for keyword in node.keywords):
        return None
    for base in node.bases:
        if last_name(base) != "JobParams":
            inherited = _fields_of(base.id, rest) if isinstance(base, ast.Name) else None
            if inherited is None:
                return None
            found = found.joined(inherited)
    return found.joined(_own_fields(node))


def _own_fields(node: ast.ClassDef) -> Fields:
    given = {
        each.target.id: _has_default(each.value)
        for each in node.body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and "ClassVar" not in ast.dump(each.annotation)
    }
    return Fields(tuple(given), tuple(name for name, default in given.items() if not default))


def _has_default(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call) and last_name(value.func) == "field":
        names = {keyword.arg for keyword in value.keywords}
        return not names.isdisjoint({"default", "default_factory", None})
    return value is not None
