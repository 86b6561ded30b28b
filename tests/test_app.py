"""What every app must be, as it is made."""

import os
import re
import tomllib
from collections.abc import Callable

import yaml
from making import ANSWERS, App

TEMPLATED = ("/generators/", "/templates/", "/mailers/", "/tests/runtime/")
"""Where braces are right: files that are templates themselves, and tests of those."""


def test_its_own_tests_pass(app: App, record_property: Callable[[str, object], None]) -> None:
    done = app.run("pytest", "-rs")
    assert re.search(r"\d+ passed", done.stdout)
    skipped = re.findall(r"^SKIPPED .*", done.stdout, re.MULTILINE)
    record_property("skipped", skipped)
    if "CI" in os.environ:
        assert skipped == [], "what these tests need is to be installed by .ci/run"


def test_the_linter_is_content(app: App) -> None:
    app.run("ruff", "check", "--no-cache")


def test_the_formatter_is_content(app: App) -> None:
    app.run("ruff", "format", "--check", "--no-cache")


def test_the_type_checker_is_content(app: App) -> None:
    app.run("mypy")


def test_the_command_is_named_as_the_project(app: App) -> None:
    assert f"Usage: {app.name}" in app.run(app.name, "--help").stdout


def test_the_answers_arrive_unchanged(app: App) -> None:
    kind = "default" if app.name == "my-app" else "awkward"
    project = tomllib.loads((app.root / "pyproject.toml").read_text("utf-8"))["project"]
    kept = yaml.safe_load((app.root / ".copier-answers.yml").read_text("utf-8"))
    answers = {"package": app.package, **ANSWERS[kind]}
    assert {name: kept[name] for name in answers} == answers
    assert project["name"] == kept["project_name"]
    assert project["description"] == kept["description"]
    assert project["authors"] == [{"name": kept["author_name"]}]
    assert kept["author_name"] in (app.root / "LICENSE").read_text("utf-8")


def test_every_file_is_tidy(app: App) -> None:
    problems = []
    for file in app.files:
        text = (app.root / file).read_bytes().decode("utf-8")
        if not text.strip():
            problems.append(f"{file}: empty")
        if "\r" in text:
            problems.append(f"{file}: a carriage return")
        if not text.endswith("\n") or text.endswith("\n\n"):
            problems.append(f"{file}: does not end with one new line")
        if re.search(r"[ \t]$", text, re.MULTILINE):
            problems.append(f"{file}: white space at the end of a line")
    assert problems == []


def test_nothing_of_the_template_is_left_over(app: App) -> None:
    braces = re.compile(r"\{\{ ?(_copier|package|project_name|author_name)|\{%|\[=|\[%")
    files = [file for file in app.files if not any(part in f"/{file}" for part in TEMPLATED)]
    texts = {str(file): (app.root / file).read_text("utf-8") for file in files}
    assert [name for name, text in texts.items() if braces.search(name + text)] == []


def test_every_name_was_rendered(app: App) -> None:
    unrendered = [str(file) for file in app.files if file.suffix == ".jinja"]
    assert [file for file in unrendered if "/mailers/" not in file] == []
