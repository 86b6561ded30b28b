"""What every app must be, as it is made."""

import tomllib
from collections.abc import Callable

import yaml
from checks import find_faults, run_tests
from making import ANSWERS, App


def test_its_own_tests_pass(app: App, record_property: Callable[[str, object], None]) -> None:
    # The runtime's tests are the same in both but for the package's name: `make test-all` runs them
    # under the awkward one as well.
    whole = app.name == "my-app"
    _, skipped = run_tests(app, *(("-n", "2") if whole else ("--ignore", "tests/runtime")))
    record_property("skipped", skipped)


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


def test_every_file_is_rendered_and_tidy(app: App) -> None:
    assert find_faults(app) == []
