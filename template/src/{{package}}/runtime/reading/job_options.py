"""Find what is wrong with a job's `options = JobOptions(...)`, as far as it is written out."""

import ast
from collections.abc import Iterator

from ..errors import InvalidOptionError
from ..options import JobOptions
from .words import Problem, hint, last_name

KNOWN = tuple(JobOptions.__dataclass_fields__)


def check_options(tree: ast.Module) -> Iterator[Problem]:
    """Yield what would keep an app with this job from starting."""
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        call = node.value
        if isinstance(call, ast.Call) and last_name(call.func) == "JobOptions":
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in map(last_name, targets):
                if name != "options":
                    yield node.lineno, f"{name} = JobOptions(...) has no effect: name it options"
            for value in call.args:
                yield value.lineno, "JobOptions takes its options by name, as in priority=1"
            yield from _check_words(call)
            yield from _check_values(call)


def _check_words(call: ast.Call) -> Iterator[Problem]:
    for each in call.keywords:
        if each.arg is not None and each.arg not in KNOWN:
            text = f"JobOptions has no option {each.arg!r}{hint(each.arg, KNOWN, 'it takes')}"
            yield each.value.lineno, text


def _check_values(call: ast.Call) -> Iterator[Problem]:
    for each in call.keywords:
        # By itself, so that each has its line; what is computed may be anything.
        if each.arg in KNOWN and each.arg != "timezone":
            yield from _try(each.value, {each.arg: each.value})
        elif each.arg == "timezone":
            yield from _try(each.value, {"cron": ast.Constant("* * * * *"), each.arg: each.value})


def _try(place: ast.expr, values: dict[str, ast.expr]) -> Iterator[Problem]:
    try:
        JobOptions(**{name: ast.literal_eval(value) for name, value in values.items()})
    except InvalidOptionError as error:
        yield place.lineno, str(error)
    except ValueError:
        return
