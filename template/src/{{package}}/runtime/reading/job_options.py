"""Find what is wrong with a job's `options = JobOptions(...)`, as far as it is written out."""

import ast
from collections.abc import Iterator

from ..errors import InvalidOptionError
from ..jobs import NO_OPTIONS
from ..options import JobOptions
from .outline import Plain, outline
from .words import Problem, hint, last_name

KNOWN = tuple(JobOptions.__dataclass_fields__)


def check_options(tree: ast.Module) -> Iterator[Problem]:
    """Yield what would keep an app with this job from starting."""
    options = getattr(outline(tree), "options", None)
    if isinstance(options, Plain):
        yield options.line, NO_OPTIONS
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
                    text = f"JobOptions has no option {each.arg!r}"
                    yield each.value.lineno, text + hint(each.arg, KNOWN, "it takes")


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
