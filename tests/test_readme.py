"""README and docs say what is so: their code runs, their links lead somewhere."""

import re
import subprocess
from pathlib import Path

import pages
import pytest
from making import REPOSITORY, App, clean_environment, copy_tree, run

README = (REPOSITORY / "README.md").read_text("utf-8")
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]

USE_OF_README = '''
"""The README's job and view, as a browser would use them."""

from starlette.testclient import TestClient

from my_app.runtime.testing import RunJobs


def test_a_text_is_counted(client: TestClient, run_jobs: RunJobs) -> None:
    answer = client.post("/texts", data={"text": "to be or not"}, follow_redirects=False)
    place = answer.headers["location"]
    assert client.get(place).json() == {"state": "ready", "words": None}
    assert run_jobs() == 1
    assert client.get(place).json() == {"state": "completed", "words": 4}
'''


JOB, VIEW, TWO, WAY = pages.read("README.md")


def test_the_job_and_the_view_of_the_readme_work(workshop: App) -> None:
    for block in (JOB, VIEW):
        assert block.path
        path = workshop.root / block.path.replace("my_app", workshop.package)
        path.write_text(block.text.replace("my_app", workshop.package))
    use = USE_OF_README.lstrip().replace("my_app", workshop.package)
    (workshop.root / "tests" / "test_readme.py").write_text(use)
    workshop.run("pytest", "tests/test_readme.py")
    workshop.run("ruff", "check", "--no-cache")
    workshop.run("ruff", "format", "--check", "--no-cache")
    workshop.run("mypy")


def test_the_two_commands_exist() -> None:
    for command in TWO.text.splitlines():
        run(*command.split(), "--dry-run", cwd=REPOSITORY)


def test_the_way_to_an_app_of_ones_own_works(tmp_path: Path) -> None:
    *commands, last = WAY.text.splitlines()
    script = "\n".join(["set -e", *commands])
    script = script.replace("uvx copier copy", "copier copy --defaults")
    clone = copy_tree(tmp_path / "chuckwalla")
    done = run("bash", "-c", script, cwd=clone)
    assert "completed iguanas" in done.stdout

    environment = clean_environment() | {"PORT": "0"}
    with subprocess.Popen(
        last.split(),
        cwd=tmp_path / "my-app",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        server.terminate()
    assert "Development server on http://127.0.0.1:" in line


def read_rows(path: str) -> list[dict[str, str]]:
    """Return the rows of the tables of a page, by the heads of their columns."""
    lines = (REPOSITORY / path).read_text("utf-8").splitlines()
    rows, head = [], None
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            head = None
        elif head is None:
            head = cells
        elif not line.startswith(("|--", "| --")):
            rows.append(dict(zip(head, cells, strict=True)))
    return rows


def test_the_figures_are_those_that_were_measured_last() -> None:
    measured = {row[""]: row for row in reversed(read_rows("benchmarks/RESULTS.md")) if "" in row}
    shown = [row for row in read_rows("README.md") if "Chuckwalla" in row]
    assert len(shown) >= 5
    wrong = [
        f"{row['']}, {head}: {cell}, measured was {measured[row['']][head]}"
        for row in shown
        for head, cell in row.items()
        if measured[row[""]][head] != cell
    ]
    assert wrong == []


def test_the_figure_of_postgresql_is_that_of_the_docs() -> None:
    rows = [list(row.values()) for row in read_rows("docs/scaling.md")]
    ((_, theirs, ours, _),) = [row for row in rows if row[0] == "drain 1,000, 1 process"]
    told = f"drained {ours} jobs a second on two cores, and plain Procrastinate {theirs} ("
    assert told in " ".join(README.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
