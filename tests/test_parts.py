"""Optional parts: whole files, which go and come back with the answer, and do what they say."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import container
import pages
import pytest
import yaml
from checks import run_tests
from history import commit, make_history, read_releases
from making import REPOSITORY, App, clean_environment, list_files, make_app, run
from matrix import NEEDS, PARTS

CONFIG = yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8"))
PATIENCE = 60


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give this tree as a repository with tags."""
    return make_history(tmp_path_factory.mktemp("clones") / "chuckwalla", tags=True)


@pytest.fixture(scope="module")
def made(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> App:
    """Give an installed and committed app with all parts, which a test must leave as it is."""
    app = make_app(clone, tmp_path_factory.mktemp("apps"), "default", parts=PARTS)
    commit(app.root)
    return app


@pytest.fixture
def grown(made: App, tmp_path: Path) -> App:
    """Give a committed copy of it, which a test may change."""
    app = made.copy(tmp_path / "my-app")
    shutil.copy(made.root / "uv.lock", app.root)
    commit(app.root)
    return app


def answer(root: Path, parts: list[str]) -> None:
    """Update the app with another answer."""
    run("copier", "update", "--defaults", "--data", f"parts={parts}", cwd=root)


def read_rendered(root: Path) -> dict[str, bytes]:
    files = [file for file in list_files(root) if not {".git", ".venv"}.intersection(file.parts)]
    return {str(file): (root / file).read_bytes() for file in files if file.name != "uv.lock"}


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_a_part_goes_and_comes_back_with_the_answer(
    grown: App, clone: Path, tmp_path: Path, part: str
) -> None:
    others = [each for each in PARTS if each != part and part not in NEEDS.get(each, ())]
    fresh = tmp_path / "fresh" / "my-app"
    data = ("--data", f"parts={others}")
    run("copier", "copy", "--defaults", *data, str(clone), str(fresh), cwd=tmp_path)
    with_all = read_rendered(grown.root)

    answer(grown.root, others)
    assert read_rendered(grown.root) == read_rendered(fresh)
    assert with_all.keys() - read_rendered(grown.root).keys()
    commit(grown.root)
    answer(grown.root, PARTS)
    assert read_rendered(grown.root) == with_all


def test_a_part_is_not_made_without_what_it_needs(clone: Path, tmp_path: Path) -> None:
    for part, needed in NEEDS.items():
        for missing in needed:
            parts = [part, *(each for each in needed if each != missing)]
            data = ("--data", f"parts={parts}")
            command = ("copier", "copy", "--defaults", *data, str(clone), str(tmp_path / "no"))
            done = run(*command, cwd=tmp_path, ok=False)
            assert done.returncode == 1
            said = done.stderr.splitlines()[-1]
            assert f"'parts': {part} needs {' and '.join(needed)}: choose these as well" in said
            assert not (tmp_path / "no").exists()


def test_doctor_names_what_would_be_lost_and_git_keeps_it(grown: App) -> None:
    dockerfile = grown.root / "Dockerfile"
    dockerfile.write_text("FROM mine\n")
    commit(grown.root)
    warned = grown.run(grown.name, "doctor", "--check").stdout
    assert "edited by hand in the part container: Dockerfile\n" in warned

    answer(grown.root, [])
    assert not dockerfile.exists()
    run("git", "checkout", "HEAD", "--", "Dockerfile", cwd=grown.root)
    commit(grown.root)
    run("copier", "update", "--defaults", cwd=grown.root)
    assert dockerfile.read_text() == "FROM mine\n"
    assert "Dockerfile" not in grown.run(grown.name, "doctor", "--check").stdout

    answer(grown.root, PARTS)
    assert "\nFROM mine\n" in dockerfile.read_text()
    said = grown.run(grown.name, "doctor", "--check", ok=False)
    assert said.returncode == 1
    assert "problem  conflict markers are left in Dockerfile\n" in said.stdout


def test_a_file_that_an_owner_had_before_the_part_is_not_lost(clone: Path, tmp_path: Path) -> None:
    first = f"v{read_releases()[0].version}"
    root = tmp_path / "my-app"
    run("copier", "copy", "--defaults", "--vcs-ref", first, str(clone), str(root), cwd=tmp_path)
    (root / "Dockerfile").write_text("FROM mine\n")
    commit(root)
    run("copier", "update", "--defaults", cwd=root)
    assert "<<<<<<< before updating\nFROM mine\n=======\n" in (root / "Dockerfile").read_text()


def test_only_the_lists_of_files_and_of_dependencies_know_of_parts() -> None:
    asks = re.compile(r"\{[%{][^}]*\bparts\b")
    pages = (REPOSITORY / "template").rglob("*.jinja")
    # The tests of the generators have templates of their own in them.
    files = [path for path in pages if path.is_file() and "tests" not in path.parts]
    knowing = [path for path in files if asks.search(path.read_text("utf-8"))]
    assert {path.name for path in knowing} == {"manifest.toml.jinja", "pyproject.toml.jinja"}
    listed = [line for line in CONFIG["_exclude"] if " in parts " in line]
    form = r"{% if '(\w+)' not in parts \| default\(\[\]\) %}/(\S+){% endif %}"
    matches = [re.fullmatch(form, line) for line in listed]
    assert {match and match[1] for match in matches} == set(PARTS)
    patterns = [match[2].rstrip("*") for match in matches if match]
    found = [[*(REPOSITORY / "template").glob(f"{pattern}*")] for pattern in patterns]
    assert all(found)


def test_the_workflow_has_no_faults(grown: App) -> None:
    run("zizmor", "--offline", "--quiet", ".", cwd=grown.root)
    workflow = (grown.root / ".github/workflows/ci.yml").read_text("utf-8")
    actions = re.findall(r"uses: (\S+)(.*)", workflow)
    assert actions
    assert [name for name, _ in actions if not re.search(r"@[0-9a-f]{40}$", name)] == []
    assert [name for name, release in actions if not re.match(r" # v\d", release)] == []


def test_the_steps_of_the_workflow_pass(grown: App) -> None:
    workflow = yaml.safe_load((grown.root / ".github/workflows/ci.yml").read_text("utf-8"))
    jobs = workflow["jobs"].values()
    steps = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert "uv run pytest" in steps
    environment = clean_environment() | {"UV_PYTHON": sys.executable}
    for step in steps:
        step = step.replace("pytest", "pytest --ignore tests/runtime")  # noqa: PLW2901
        # The service that knows the holes cannot be asked by a test.
        step = step.replace("pip-audit", "pip-audit --dry-run")  # noqa: PLW2901
        if os.geteuid() == 0:
            step = step.replace("sudo ", "")  # noqa: PLW2901
        run("bash", "-c", step, cwd=grown.root, env=environment)


def test_no_job_of_the_workflow_may_do_more_than_read(grown: App) -> None:
    workflow = yaml.safe_load((grown.root / ".github/workflows/ci.yml").read_text("utf-8"))
    assert workflow["permissions"] == {}
    assert [job["permissions"] for job in workflow["jobs"].values()] == [{"contents": "read"}] * 2


def test_the_checks_before_a_commit_find_what_is_wrong(grown: App) -> None:
    check = ("uvx", "pre-commit", "run", "--all-files")
    run(*check, cwd=grown.root)
    (grown.root / "src/my_app/jobs/example.py").write_text("import os\n")
    done = run(*check, cwd=grown.root, ok=False)
    assert done.returncode == 1
    assert "F401" in done.stdout


def test_the_docs_name_every_part() -> None:
    page = (REPOSITORY / "docs/updating.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == PARTS


@pytest.mark.slow
def test_updating_goes_as_the_docs_say(grown: App) -> None:
    whole, parts, back, release = pages.read("docs/updating.md")
    commands = f"{whole.text}\n{parts.text}\n{back.text}"
    # There is nobody to answer, and nothing new to commit.
    commands = commands.replace("copier update", "copier update --defaults")
    commands = commands.replace("git commit", "git commit --allow-empty")
    run("bash", "-ec", commands, cwd=grown.root)
    assert (grown.root / "Dockerfile").is_file()
    assert (grown.root / ".github").is_dir()
    assert not (grown.root / "compose.yaml").exists()
    assert release.text.split()[:2] == ["make", "release"]  # which tests/test_release.py runs


def test_the_queue_on_postgresql_conforms(made: App) -> None:
    """The suite that every queue passes; it finds a server, or starts one: there is no skipping."""
    passed, skipped = run_tests(made, "-k", "postgres", "tests/runtime/test_queue.py")
    assert passed > 30
    assert skipped == []


@pytest.mark.slow
def test_the_runtime_on_postgresql_passes_its_tests(made: App) -> None:
    passed, skipped = run_tests(made, "-n", "2", "-k", "postgres", "tests/runtime")
    assert passed > 100
    assert skipped == []


def test_the_container_file_has_no_faults(grown: App) -> None:
    run("hadolint", "Dockerfile", cwd=grown.root)


def test_what_goes_into_the_image_is_named(grown: App) -> None:
    ignored = (grown.root / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in ignored if not line.startswith("#")]
    named = {line[1:] for line in rules if line.startswith("!")}
    assert rules[0] == "*"
    assert named == {"README.md", "pyproject.toml", "src", "uv.lock"}


@contextlib.contextmanager
def serving(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run the server of an image until the block ends."""
    with subprocess.Popen(
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        try:
            line = server.stderr.readline()
            assert "Production server on http://0.0.0.0:" in line
            yield
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=PATIENCE)
        finally:
            server.kill()
        assert server.returncode == 0


def test_the_steps_of_the_container_file_make_a_healthy_server(grown: App, tmp_path: Path) -> None:
    image = container.build(grown.root, tmp_path / "app")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = f"{image.folder}/.venv/bin:{os.environ['PATH']}"
    settings = {"PORT": str(port), "SECRET": "as long as a secret of production has to be"}
    environment = clean_environment() | image.settings | settings | {"PATH": path}
    clients = ["python", "-c", "import procrastinate, psycopg, valkey"]
    run(*image.program(clients), cwd=image.folder, env=environment)
    check = image.program(image.health)
    with serving(image.program(image.command), image.folder, environment):
        run(*check, cwd=image.folder, env=environment)
        assert (image.folder / "var/queue.db").is_file()
    assert run(*check, cwd=image.folder, env=environment, ok=False).returncode == 1
    assert image.words["USER"].isdigit()
    assert image.words["VOLUME"] == "/app/var"
