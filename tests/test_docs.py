"""The code of the docs is what it says: put into an app, it passes its own tests and checks."""

import ast
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


def test_what_is_weaker_on_postgresql_is_told_as_the_app_tells_it() -> None:
    source = REPOSITORY / "template/src/{{package}}/runtime/postgres/__init__.py"
    (table,) = [
        node.value
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WEAKER"
    ]
    told = [f"| {what} | {how} |" for what, how in ast.literal_eval(table).items()]
    page = (REPOSITORY / "docs" / "scaling.md").read_text("utf-8")
    assert "\n".join(told) in page
