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
