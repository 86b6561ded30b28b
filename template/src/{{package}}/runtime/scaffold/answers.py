"""Answer a generator's questions: from what was given, else by default, each one checked."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from jinja2.sandbox import SandboxedEnvironment
from msgspec import json, yaml

from ..errors import GenerateError
from .generator import Question, choice_values

TRUE = {"y", "yes", "t", "true", "on", "1"}


def take_answers(
    questions: Mapping[str, Question],
    given: Mapping[str, object],
    environment: SandboxedEnvironment,
) -> dict[str, Any]:
    """Return an answer to each question, in their order: a default may use those before.

    Raises GenerateError for an answer that is missing or that the question refuses.
    """
    answers: dict[str, Any] = {}
    for name, question in questions.items():

        def render(value: Any, **more: Any) -> Any:
            if isinstance(value, list):
                return [render(item) for item in value]
            if not isinstance(value, str):
                return value
            return environment.from_string(value).render({**answers, **more})

        asked = _to_bool(render(question.when))
        answer = given.get(name, msgspec.UNSET)
        answer = render(question.default) if answer is msgspec.UNSET else answer
        if answer is not msgspec.UNSET:
            try:
                answers[name] = _parse(question, answer, render)
            except (TypeError, ValueError) as error:
                raise GenerateError(f"{name}: {error}") from error
            problem = render(question.validator, **{name: answers[name]}) if asked else ""
            if problem.strip():
                raise GenerateError(f"{name}: {' '.join(problem.split())}")
        elif asked:
            raise GenerateError(f"{name}: an answer is needed")
    return answers


def _parse(question: Question, answer: Any, render: Callable[[Any], Any]) -> Any:
    convert = CONVERT[question.kind]
    choices = question.choices
    values = choice_values(yaml.decode(render(choices)) if isinstance(choices, str) else choices)
    allowed = [convert(render(value)) for value in values]
    if question.multiselect:
        chosen = yaml.decode(answer) if isinstance(answer, str) else answer
        for item in chosen:
            _choose(convert(item), allowed)
        return [value for value in allowed if value in [convert(item) for item in chosen]]
    return _choose(convert(answer), allowed) if allowed else convert(answer)


def _choose(answer: Any, allowed: list[Any]) -> Any:
    if answer not in allowed:
        raise ValueError(f"{answer!r} is none of {', '.join(map(str, allowed))}")
    return answer


def _to_bool(value: Any) -> bool:
    return value.strip().lower() in TRUE if isinstance(value, str) else bool(value)


CONVERT: dict[str, Callable[[Any], Any]] = {
    "str": str,
    "path": str,
    "int": int,
    "float": float,
    "bool": _to_bool,
    "yaml": lambda value: yaml.decode(value) if isinstance(value, str) else value,
    "json": lambda value: json.decode(value) if isinstance(value, str) else value,
}
