"""Turn a generator's questions into a command's arguments and options."""

from collections.abc import Sequence
from typing import Any

import click
import msgspec

from ..errors import GenerateError
from ..scaffold.generator import Generator, Question

TYPES: dict[str, Any] = {"int": click.INT, "float": click.FLOAT, "bool": click.BOOL}


def make_params(generator: Generator, flags: Sequence[click.Option]) -> list[click.Parameter]:
    """Return the parameters of a generator's command, with `flags` at their end.

    The question `name`, and the first one that takes several answers, become arguments; the others
    options; those that are computed nothing. Raises GenerateError for names that cannot be options.
    """
    place = generator.folder / "copier.yml"
    asked = {name: each for name, each in generator.questions.items() if each.when is not False}
    if "name" not in asked:
        raise GenerateError(f"{place}: it has no question called name")
    for name in asked:
        if name in {flag.name for flag in flags} | {"help"} or not name.isidentifier():
            raise GenerateError(f"{place}: {name}: no question can be called so; rename it")
    helps = {name: _help(each, generator.settings.envops) for name, each in asked.items()}
    arguments = [click.Argument(["name"], help=asked.pop("name").help)]
    several = next((name for name, each in asked.items() if each.multiselect), None)
    if several:
        question = asked.pop(several)
        arguments.append(
            click.Argument(
                [several],
                nargs=-1,
                type=_type(question),
                required=question.required,
                help=helps[several],
            )
        )
    options = [_option(name, each, helps[name]) for name, each in asked.items()]
    return [*arguments, *options, *flags]


def _option(name: str, question: Question, text: str) -> click.Option:
    flag = f"--{name.replace('_', '-')}"
    if question.kind == "bool":
        flag = f"{flag}/--no-{flag.removeprefix('--')}"
    return click.Option(
        [flag, name],
        type=_type(question),
        default=None,
        multiple=question.multiselect,
        required=question.required,
        help=text,
    )


def _type(question: Question) -> Any:
    if question.words:
        return click.Choice(question.words)
    return TYPES.get(question.kind, click.STRING)


def _help(question: Question, envops: dict[str, Any]) -> str:
    default = question.default
    text = ", ".join(map(str, default)) if isinstance(default, list) else str(default)
    marks = (envops.get("variable_start_string", "{{"), envops.get("block_start_string", "{%"))
    if default in (msgspec.UNSET, "", None) or any(mark in text for mark in marks):
        return question.help
    return f"{question.help} [default: {text}]".lstrip()
