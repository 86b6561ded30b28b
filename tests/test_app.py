"""What every app must be, as it is made."""

import re
import tomllib
from collections.abc import Callable

import yaml
from checks import find_faults, run_tests
from making import ANSWERS, App, run


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


def test_what_its_readme_says_works(workshop: App) -> None:
    readme = (workshop.root / "README.md").read_text("utf-8")
    lines = re.findall(r"^    (uv run .+)$", readme, re.MULTILINE)
    job_id = ""
    for line in lines:
        # A server is started by tests/test_readme.py, and `copier update` by tests/test_update.py.
        if line.endswith((" server", "copier update")):
            continue
        script = line.replace("uv run ", f"{workshop.venv}/bin/").replace(" ID", f" {job_id}")
        # What has completed cannot be retried, and an app that is not in git cannot be updated.
        fine = not line.endswith(("retry ID", "doctor --online"))
        done = run("bash", "-c", script, cwd=workshop.root, env=workshop.environment(), ok=fine)
        if "enqueue" in line:
            job_id = done.stdout.split()[0]
    assert len(lines) > 10


def test_what_its_pages_link_to_is_there(app: App) -> None:
    for page in ("README.md", "AGENTS.md"):
        links = re.findall(r"\]\(([^)#:]+)\)", (app.root / page).read_text("utf-8"))
        assert links
        assert [link for link in links if not (app.root / link).exists()] == []


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
