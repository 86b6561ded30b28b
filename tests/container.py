"""Do what an app's Dockerfile and compose.yaml say, without a container."""

import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from making import clean_environment, run

INTERPOLATED = re.compile(r"\$(?:\$|\{(\w+)(?::([?-])([^}]*))?\})")


@dataclass(frozen=True)
class Image:
    """What an image would be, in a folder."""

    folder: Path
    words: dict[str, str]
    """The instructions of its last stage, each with its arguments."""
    settings: dict[str, str]
    """The variables that it sets."""

    @property
    def command(self) -> list[str]:
        """What it runs."""
        return [str(word) for word in yaml.safe_load(self.words["CMD"])]

    @property
    def health(self) -> list[str]:
        """What tells whether it is well."""
        check = yaml.safe_load(self.words["HEALTHCHECK"].split("CMD ", 1)[1])
        return [str(word) for word in check]

    def program(self, command: list[str]) -> list[str]:
        """Return a command with its program as it is found in the image."""
        return [f"{self.folder}/.venv/bin/{command[0]}", *command[1:]]


def read_dockerfile(root: Path) -> list[list[tuple[str, str]]]:
    """Return the stages of the Dockerfile: instructions, each with its arguments."""
    stages: list[list[tuple[str, str]]] = []
    for line in (root / "Dockerfile").read_text("utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        if line and not line.startswith("#"):
            stages[-1].append((word, rest))
    return stages


def build(root: Path, folder: Path) -> Image:
    """Follow the Dockerfile's first stage in a new folder; what was copied there is removed."""
    steps, image = read_dockerfile(root)
    folder.mkdir()
    environment = clean_environment() | {"UV_PYTHON": sys.executable}
    for word, rest in steps:
        if word == "ENV":
            environment |= dict(setting.split("=", 1) for setting in rest.split())
        elif word == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            for source in sources:
                copy = shutil.copytree if (root / source).is_dir() else shutil.copy
                copy(root / source, folder / target)
        elif word == "RUN":
            run("sh", "-c", rest, cwd=folder, env=environment)
    shutil.rmtree(folder / "src")  # the second stage takes only what was installed
    (folder / "var").mkdir()
    settings = dict(
        each.split("=", 1) for word, rest in image if word == "ENV" for each in rest.split()
    )
    return Image(folder, dict(image), settings)


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Return a text of compose.yaml as Compose reads it; KeyError names what must be set."""

    def value(match: re.Match[str]) -> str:
        name, kind, otherwise = match.groups()
        if name is None:
            return "$"
        if kind == "-":
            return variables.get(name) or str(otherwise)
        return variables[name]

    return INTERPOLATED.sub(value, text)
