"""Render a generator in memory, to the same files as `copier copy` would."""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

import jinja2
import msgspec
from jinja2.sandbox import SandboxedEnvironment

from ..errors import GenerateError
from .answers import take_answers
from .generator import Generator

FILTERS = "jinja2_ansible_filters.AnsibleCoreFiltersExtension"
"""What Copier adds to Jinja's own."""

UNDEFINED = {"jinja2.Undefined": jinja2.Undefined, "jinja2.StrictUndefined": jinja2.StrictUndefined}


class NewFile(msgspec.Struct, frozen=True):
    """A file to be written."""

    path: Path
    """From the project's folder."""
    content: bytes
    executable: bool


class Rendering(msgspec.Struct, frozen=True):
    """What a generator makes for some answers."""

    files: list[NewFile]
    message: str
    """What to tell its user when the files are there."""


def render(generator: Generator, answers: Mapping[str, object]) -> Rendering:
    """Render all files for these answers; what is not answered gets its default.

    Raises GenerateError, in one line: a generator is the team's own, and may fail in any way.
    """
    folder, settings = generator.folder, generator.settings
    current = folder / "copier.yml"
    try:
        environment = _environment(generator)
        context = take_answers(generator.questions, answers, environment)

        def fill(text: str) -> str:
            return environment.from_string(text).render(context)

        exclude = [line for text in settings.exclude for line in fill(text).split("\n") if line]
        message = fill(settings.message_after_copy).strip()
        files = []
        for current in _sources(folder, settings.templates_suffix):
            source = current.relative_to(folder)
            target = _target(source, settings.templates_suffix, fill)
            if target and not _matches(target, exclude):
                content = current.read_bytes()
                if source.name.endswith(settings.templates_suffix):
                    content = fill(content.decode()).encode()
                files.append(NewFile(target, content, bool(current.stat().st_mode & 0o111)))
    except GenerateError:
        raise
    except Exception as error:
        place = str(current)
        if isinstance(error, jinja2.TemplateSyntaxError) and current.name != "copier.yml":
            place += f":{error.lineno}"
        reason = " ".join(str(error).split())
        raise GenerateError(f"{place}: {type(error).__name__}: {reason}") from error
    return Rendering(sorted(files, key=lambda file: file.path), message)


def _environment(generator: Generator) -> SandboxedEnvironment:
    options = {"keep_trailing_newline": True, **generator.settings.envops}
    if "undefined" in options:
        options["undefined"] = UNDEFINED[options["undefined"]]
    loader = jinja2.FileSystemLoader(generator.folder)
    environment = SandboxedEnvironment(loader=loader, extensions=[FILTERS], **options)
    environment.globals["pathjoin"] = lambda *parts: str(PurePath(*parts))
    return environment


def _sources(folder: Path, suffix: str) -> Iterator[Path]:
    """List the files of a generator; of `x` and its template `x.jinja`, the template counts."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not (suffix and path.with_name(f"{path.name}{suffix}").exists()):
            yield path


def _target(source: Path, suffix: str, fill: Callable[[str], str]) -> Path | None:
    """Return where a file goes; None if a part of its path is rendered to nothing."""
    parts = [fill(part) for part in source.with_name(source.name.removesuffix(suffix)).parts]
    target = Path(*parts)
    if target.is_absolute() or ".." in target.parts:
        raise GenerateError(f"{source}: it would be written out of the project, to {target}")
    return target if all(parts) else None


def _matches(path: Path, patterns: list[str]) -> bool:
    """Say whether one of the patterns, as in .gitignore but without `!` and `**`, matches."""
    whole = [path.as_posix(), *(parent.as_posix() for parent in path.parents)]
    return any(
        fnmatchcase(name, pattern.strip("/"))
        for pattern in patterns
        for name in (whole if "/" in pattern.rstrip("/") else path.parts)
    )
