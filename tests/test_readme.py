"""README and docs say what is so: their code runs, their links lead somewhere."""

import re
import subprocess
from pathlib import Path

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


def shell_blocks() -> list[list[str]]:
    """Return the commands of each block of README, block by block."""
    return [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)]


def test_the_job_and_the_view_of_the_readme_work(workshop: App) -> None:
    readme = README.replace("my_app", workshop.package)
    files = re.findall(r"`(src/\w+/\S+)`:\n\n```python\n(.*?)```", readme, re.DOTALL)
    for path, text in files:
        (workshop.root / path).write_text(text)
    use = USE_OF_README.lstrip().replace("my_app", workshop.package)
    (workshop.root / "tests" / "test_readme.py").write_text(use)
    assert len(files) == 2
    workshop.run("pytest", "tests/test_readme.py")
    workshop.run("ruff", "check", "--no-cache")
    workshop.run("ruff", "format", "--check", "--no-cache")
    workshop.run("mypy")


def test_the_two_commands_exist() -> None:
    for command in shell_blocks()[0]:
        run(*command.split(), "--dry-run", cwd=REPOSITORY)


def test_the_way_to_an_app_of_ones_own_works(tmp_path: Path) -> None:
    *commands, last = shell_blocks()[1]
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
