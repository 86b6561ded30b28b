"""Find misspelt jobs, params and options, and jobs that are not scheduled, in a file's syntax tree.

Only what is written out is judged: a name in a variable, or params in a dict from elsewhere, may be
anything. Each function's own variables are followed as far as they hold one job alone.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from ..errors import InvalidOptionError
from ..hint import hint
from ..jobs import ScheduleOptions, check_option
from ..options import LONGEST_DELAY, check_seconds
from .job_files import JobFile, JobFiles
from .words import Problem, drafts_in, forgotten, is_foreign, last_name, scopes, text

OPTIONS = tuple(ScheduleOptions.__annotations__)


def check_calls(tree: ast.Module, jobs: JobFiles) -> Iterator[Problem]:
    """Yield what is wrong with the jobs that a file asks for."""
    retry = not is_foreign(tree, "Retry")
    asked_for = partial(_asked_for, jobs=jobs)
    for scope, nodes in scopes(tree):
        drafts = drafts_in(nodes, asked_for)
        for node in nodes:
            if retry and isinstance(node, ast.Call) and last_name(node.func) == "Retry":
                yield from _check_retry(node.keywords)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from _check_call(node, node.func, jobs, drafts)
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                yield from _check_param(_draft_of_params(node.value, drafts), node.slice)
        for line, job in forgotten(scope, nodes, drafts, asked_for):
            yield line, f"{job.name} is not scheduled: nothing calls its schedule()"


def _asked_for(node: ast.expr | None, jobs: JobFiles) -> JobFile | None:
    """Return the job of a call `....job("name", ...)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = _first_text(node) if node.func.attr == "job" else None
        return None if name is None else jobs.by_name.get(name)
    return None


def _first_text(node: ast.Call) -> str | None:
    return text(node.args[0]) if node.args else None


def _check_call(
    node: ast.Call, function: ast.Attribute, jobs: JobFiles, drafts: Mapping[str, JobFile]
) -> Iterator[Problem]:
    match function.attr:
        case "job":
            yield from _check_name(node, jobs)
            for each in node.keywords:
                yield from _check_word(_asked_for(node, jobs), each.arg, each.lineno)
        case "schedule_many":
            yield from _check_name(node, jobs)
            if (name := _first_text(node)) is not None:
                many = [each.value for each in node.keywords if each.arg == "many"]
                yield from _check_options(each for each in node.keywords if each.arg != "many")
                yield from _check_many(jobs.by_name.get(name), [*node.args[1:], *many])
        case "schedule":
            whole = _asked_for(function.value, jobs)
            if whole is not None or _variable(function.value) in drafts:
                yield from _check_options(node.keywords)
            if whole is not None and isinstance(function.value, ast.Call):
                given = [(each.arg, each.lineno) for each in function.value.keywords]
                yield from _check_missing(whole, given, function.value.lineno)
        case "put" if node.args:
            job = drafts.get(_variable(function.value))
            yield from _check_param(job or _draft_of_params(function.value, drafts), node.args[0])


def _variable(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _draft_of_params(node: ast.expr, drafts: Mapping[str, JobFile]) -> JobFile | None:
    if isinstance(node, ast.Attribute) and node.attr == "params":
        return drafts.get(_variable(node.value))
    return None


def _check_name(node: ast.Call, jobs: JobFiles) -> Iterator[Problem]:
    name = _first_text(node)
    if name is None or name in jobs.by_name or name.startswith("_") or not jobs.complete:
        return
    yield node.args[0].lineno, f"no job is called {name!r}{hint(name, jobs.by_name, 'jobs/ has')}"


def _check_param(job: JobFile | None, key: ast.expr) -> Iterator[Problem]:
    yield from _check_word(job, text(key), key.lineno)


def _check_word(job: JobFile | None, word: str | None, line: int) -> Iterator[Problem]:
    if job and job.fields and word is not None and word not in job.fields.names:
        yield line, f"{job.name} has no param {word!r}{hint(word, job.fields.names, 'it takes')}"


def _check_missing(
    job: JobFile, given: Iterable[tuple[str | None, int]], line: int
) -> Iterator[Problem]:
    words = {word for word, _ in given}
    if job.fields is not None and None not in words:
        for name in job.fields.required:
            if name not in words:
                yield line, f"{job.name} needs the param {name!r}"


def _check_many(job: JobFile | None, arguments: Iterable[ast.expr]) -> Iterator[Problem]:
    for many in arguments:
        if isinstance(many, ast.ListComp | ast.GeneratorExp):
            many = ast.List([many.elt])  # noqa: PLW2901 - each of its items is like this one
        for item in many.elts if isinstance(many, ast.List | ast.Tuple) else ():
            if job is not None and isinstance(item, ast.Dict):
                given = [(text(key), key.lineno) for key in item.keys if key is not None]
                for word, line in given:
                    yield from _check_word(job, word, line)
                if None not in item.keys:
                    yield from _check_missing(job, given, item.lineno)


def _check_options(keywords: Iterable[ast.keyword]) -> Iterator[Problem]:
    for each in keywords:
        if each.arg is not None and each.arg not in OPTIONS:
            meant = hint(each.arg, OPTIONS, "it takes")
            yield each.lineno, f"schedule() has no option {each.arg!r}{meant}"
        elif each.arg is not None:
            yield from _check_value(partial(check_option, each.arg), each.value)


def _check_retry(keywords: Iterable[ast.keyword]) -> Iterator[Problem]:
    for each in keywords:
        if each.arg == "after":
            yield from _check_value(_check_after, each.value)


def _check_after(value: object) -> None:
    if value is not None:
        check_seconds("after", value, LONGEST_DELAY)


def _check_value(check: Callable[[object], None], value: ast.expr) -> Iterator[Problem]:
    try:
        check(ast.literal_eval(value))
    except InvalidOptionError as error:
        yield value.lineno, str(error)
    except (ValueError, TypeError):
        return  # what is computed may be anything
