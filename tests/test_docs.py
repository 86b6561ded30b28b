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


LOGIN = """
def post(request):
    request.session["role"] = request.params["role"]
    return request.text("ok")
"""
LET_IN = """
def test_who_is_let_in(client):
    assert client.get("/_jobs").status_code == 403
    client.post("/login", data={"role": "admin"})
    assert client.get("/_jobs").status_code == 200
"""


@pytest.mark.my_app
def test_the_function_that_lets_in_to_the_dashboard_works(workshop: App) -> None:
    text = (REPOSITORY / "docs" / "operating.md").read_text("utf-8")
    (function,) = re.findall(r"^```python\n# config.py\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    package = workshop.root / "src" / workshop.package
    config = package / "config.py"
    config.write_text(config.read_text() + function)
    (package / "views" / "login.py").write_text(LOGIN)
    (workshop.root / "tests" / "test_operating.py").write_text(LET_IN)
    workshop.run("pytest", "tests/test_operating.py")
