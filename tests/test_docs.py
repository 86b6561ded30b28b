"""The code of the docs is what it says: put into an app, it passes its own tests and checks."""

import ast
import re
from pathlib import Path

import pages
import pytest
from making import REPOSITORY, App, run

PLAYED = [
    *("configuration", "creating-jobs", "from-celery", "from-jetzig", "jobs", "mailers"),
    *("operating", "scheduling", "security", "store", "testing", "views"),
]
"""Pages that are run here: their files are written and their commands typed, from top to bottom."""

RUN_ELSEWHERE = {
    "README.md": "test_readme.py",
    "docs/database.md": "test_recipes.py",
    "docs/deploying.md": "test_deploying.py",
    "docs/generators.md": "test_generators.py",
    "docs/hooks.md": "test_hooks.py",
    "docs/other-frameworks.md": "test_recipes.py",
    "docs/quickstart.md": "test_walk.py",
    "docs/scaling.md": "test_compose.py",
    "docs/updating.md": "test_parts.py",
}
"""Pages whose code needs more than an app: each by a test that takes its blocks from the page."""

NOT_CODE = {"mermaid", "{toctree}", "{include}"}
"""What a block may be that is nothing to run: a diagram, or a word to the maker of the site."""


@pytest.mark.slow
@pytest.mark.my_app
@pytest.mark.parametrize("page", PLAYED)
def test_a_page_does_what_it_says(workshop: App, page: str) -> None:
    tests = pages.play(workshop, pages.read(f"docs/{page}.md"))
    if tests:
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


@pytest.mark.parametrize("page", pages.names())
def test_every_block_of_a_page_is_run_by_a_test(page: str) -> None:
    blocks = [block for block in pages.read(page) if block.kind.split(" ")[0] not in NOT_CODE]
    played = page.removeprefix("docs/").removesuffix(".md") in PLAYED
    if played:
        idle = [block.text for block in blocks if not pages.is_played(block)]
    else:
        test = REPOSITORY / "tests" / RUN_ELSEWHERE.get(page, "none")
        runs = test.is_file() and f'pages.read("{page}"' in test.read_text("utf-8")
        idle = [] if runs else [block.text for block in blocks]
    assert idle == []
    assert pages.indented(page) == [], "code that no test can find: put it between fences"


def test_a_block_that_nothing_runs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    block = pages.Block("docs/store.md", "python", "print(1)\n")
    assert not pages.is_played(block)
    monkeypatch.setattr(pages, "read", lambda _: [block])
    with pytest.raises(AssertionError, match="print"):
        test_every_block_of_a_page_is_run_by_a_test("docs/store.md")


def test_output_that_is_not_printed_is_found() -> None:
    pages.check("run", "1-abcdefghij  completed\nmore", ["ID completed"])
    with pytest.raises(AssertionError, match="two"):
        pages.check("run", "two\none", ["one", "two"])


def test_every_setting_is_in_the_configuration_that_an_app_gets(app: App) -> None:
    printed = app.run(app.name, "settings").stdout
    names = {line.partition("=")[0] for line in printed.splitlines()} - {"ROOT"}
    example = (app.root / ".env.example").read_text("utf-8")
    assert [name for name in sorted(names) if f"#{name}=" not in example] == []


@pytest.mark.my_app
def test_what_a_page_says_of_env_is_all_that_it_has(app: App) -> None:
    text = (REPOSITORY / "docs/creating-jobs.md").read_text("utf-8")
    told = re.findall(r"^\| `(\w+)` \|", text.partition("### `env`")[2], re.MULTILINE)
    code = (
        "from my_app.runtime import JobEnv\n"
        "for name, value in (JobEnv.__base__.__dict__ | JobEnv.__dict__).items():\n"
        "    if name[0] != '_' and not callable(value):\n"
        "        print(name)\n"
    )
    assert sorted(told) == sorted(app.run("python", "-c", code).stdout.split())


@pytest.mark.slow
def test_the_site_is_made_and_no_link_leads_nowhere(tmp_path: Path) -> None:
    quietly = ("--no-print-directory", "--dry-run")  # `make test-all` is around it
    command = run("make", *quietly, "docs", cwd=REPOSITORY).stdout.split("echo")[0]
    words = command.replace("\\\n", " ").split()
    words = [str(tmp_path / word) if word.startswith("site") else word for word in words]
    run(*words, cwd=REPOSITORY)
    made = {page.stem for page in tmp_path.glob("site/*.html")}
    assert made >= {Path(page).stem for page in pages.names()} - {"README"}


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


def test_what_is_weaker_on_postgresql_is_told_as_the_app_tells_it() -> None:
    source = REPOSITORY / "template/src/{{package}}/runtime/postgres/queue.py"
    (table,) = [
        node.value
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WEAKER"
    ]
    told = [f"| {what} | {how} |" for what, how in ast.literal_eval(table).items()]
    page = (REPOSITORY / "docs" / "scaling.md").read_text("utf-8")
    assert "\n".join(told) in page
