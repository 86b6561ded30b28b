"""Read a generator: its copier.yml has settings, which begin with `_`, and questions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from ..errors import GenerateError

Kind = Literal["", "str", "int", "float", "bool", "path", "yaml", "json"]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be answered: see "questions" in Copier's documentation."""

    type: Kind = ""
    help: str = ""
    default: Any = msgspec.UNSET
    choices: str | list[Any] | dict[str, Any] = []
    multiselect: bool = False
    validator: str = ""
    when: str | bool = True
    # These matter only to Copier, when it asks on a terminal.
    ask: str | bool = True
    multiline: str | bool = False
    placeholder: str = ""
    qmark: str | None = None
    secret: bool = False

    @property
    def kind(self) -> str:
        """The type of an answer: that of the default if it is not said."""
        implied = type(self.default).__name__
        return self.type or (implied if implied in {"str", "int", "float", "bool"} else "yaml")

    @property
    def required(self) -> bool:
        """Whether it must be answered."""
        return self.default is msgspec.UNSET and self.when is True

    @property
    def words(self) -> list[str]:
        """The answers to choose from; none if any will do, or if a template makes them."""
        return [str(value) for value in choice_values(self.choices)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="_{}".format):
    """How it is rendered. What else Copier knows is refused, as it would be passed over here."""

    templates_suffix: str = ".jinja"
    envops: dict[str, Any] = {}
    exclude: tuple[str, ...] = (
        *("copier.yaml", "copier.yml", "~*", "*.py[co]", "__pycache__"),
        *(".git", ".DS_Store", ".svn"),
    )
    message_after_copy: str = ""
    min_copier_version: str = ""


class Generator(msgspec.Struct, frozen=True):
    """One folder of generators/."""

    folder: Path
    settings: Settings
    questions: dict[str, Question]


def read_generator(folder: Path) -> Generator:
    """Read a generator's copier.yml. Raises GenerateError, with the reason in one line."""
    path = folder / "copier.yml"
    name = ""
    try:
        # It needs PyYAML, which comes with Copier, in development only.
        from msgspec import yaml  # noqa: PLC0415

        raw = yaml.decode(path.read_bytes(), type=dict[str, Any])
        settings = msgspec.convert({k: v for k, v in raw.items() if k[:1] == "_"}, Settings)
        questions = {}
        for name, value in raw.items():
            if name[:1] != "_":
                details = value if isinstance(value, dict) else {"default": value}
                questions[name] = msgspec.convert(details, Question)
    except ImportError as error:
        raise GenerateError("generators need copier, which `uv sync` installs") from error
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        place = f"{path}: {name}" if name else str(path)
        raise GenerateError(f"{place}: {' '.join(str(error).split())}") from error
    return Generator(folder, settings, questions)


def choice_values(choices: Any) -> list[Any]:
    """Return the answers that a question's `choices` allow, in whichever way they are written."""
    if isinstance(choices, str):
        return []
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    values = [pair[1] if isinstance(pair, tuple | list) else pair for pair in pairs]
    return [value["value"] if isinstance(value, Mapping) else value for value in values]
