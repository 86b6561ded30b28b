"""Find what is wrong with a job's `options = JobOptions(...)`, as far as it is written out."""

import ast
from collections.abc import Iterator

from ..errors import InvalidOptionError
from ..hint import hint
from ..jobs import NO_OPTIONS
from ..options import JobOptions
from .job_files import JobFile, JobFiles
from .outline import Plain, outline
from .words import Problem, is_foreign, last_name, text

KNOWN = tuple(JobOptions.__dataclass_fields__)


def check_options(tree: ast.Module) -> Iterator[Problem]:
    """Yield what would keep an app with this job from starting."""
    options = getattr(outline(tree), "options", None)
    if isinstance(options, Plain):
        yield options.line, NO_OPTIONS
    if is_foreign(tree, "JobOptions"):
        return
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        call = node.value
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if "options" in map(last_name, targets) and _is_the_class(call):
            yield node.lineno, NO_OPTIONS
        if isinstance(call, ast.Call) and last_name(call.func) == "JobOptions":
            for name in map(last_name, targets):
                if name != "options":
                    yield node.lineno, f"{name} = JobOptions(...) has no effect: name it options"
            for value in call.args:
                yield value.lineno, "JobOptions takes its options by name, as in priority=1"
            for each in call.keywords:
                if each.arg in KNOWN:
                    yield from _check_value(each.arg, each.value)
                elif each.arg is not None:
                    meant = hint(each.arg, KNOWN, "it takes")
                    yield each.value.lineno, f"JobOptions has no option {each.arg!r}{meant}"


def check_among(tree: ast.Module, own: JobFile, jobs: JobFiles) -> Iterator[Problem]:
    """Yield what does not fit to the other jobs, or to the job's own params."""
    for node in tree.body:
        call = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(call, ast.Call) and last_name(call.func) == "JobOptions":
            for option in call.keywords:
                yield from _check_option(option, own, jobs)


def _check_option(option: ast.keyword, own: JobFile, jobs: JobFiles) -> Iterator[Problem]:
    line = option.value.lineno
    if option.arg == "aliases" and isinstance(option.value, ast.Tuple | ast.List | ast.Set):
        names = [own.name]
        for alias in filter(None, map(text, option.value.elts)):
            owner = jobs.by_name.get(alias)
            if owner is not None and (owner.name != own.name or alias in names):
                yield line, f"alias {alias!r} is the job {owner.name!r}"
            names.append(alias)
    elif option.arg == "cron" and own.fields is not None and text(option.value):
        for name in own.fields.required:
            yield line, f"cron schedules {own.name} without params, but it needs {name!r}"


def _is_the_class(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Name | ast.Attribute) and last_name(value) == "JobOptions"


def _check_value(option: str, value: ast.expr) -> Iterator[Problem]:
    try:
        # By itself, so that each has its line.
        given = {option: ast.literal_eval(value)}
        if option == "timezone":  # which is looked at only where there is a cron
            given["cron"] = "* * * * *"
        JobOptions(**given)
    except InvalidOptionError as error:
        yield value.lineno, str(error)
    except (ValueError, TypeError):
        return  # what is computed may be anything
