"""The code of the docs is what it says: put into an app, it passes its own tests and checks."""

import re

import pytest
from making import REPOSITORY, App

FILE = re.compile(r"^`([\w/.]+)`:\n\n```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", ["jobs", "mailers", "store"])
def test_the_files_of_a_page_work(workshop: App, page: str) -> None:
    text = (REPOSITORY / "docs" / f"{page}.md").read_text("utf-8")
    files = FILE.findall(text.replace("my_app", workshop.package))
    for path, content in files:
        (workshop.root / path).parent.mkdir(parents=True, exist_ok=True)
        (workshop.root / path).write_text(content)
    tests = [path for path, _ in files if path.startswith("tests/")]
    assert tests
    workshop.run("pytest", *tests)
    workshop.run("ruff", "check", "--no-cache")
    workshop.run("ruff", "format", "--check", "--no-cache")
    workshop.run("mypy")


def test_what_an_update_leaves_alone_names_every_folder_that_is_the_owners() -> None:
    package = REPOSITORY / "template" / "src" / "{{package}}"
    found = {path.name for path in package.iterdir() if path.is_dir()} - {"runtime"}
    for generator in (REPOSITORY / "template" / "generators").glob("*/src/*/*/"):
        found.add(generator.name)
    page = (REPOSITORY / "docs" / "updating.md").read_text("utf-8")
    (line,) = re.findall(r"^\|(.*)\| Yours from the first day", page, re.MULTILINE)
    assert found <= {word.rstrip("/") for word in re.findall(r"`(.*?)`", line)}
