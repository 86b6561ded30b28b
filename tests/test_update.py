"""`copier update` from each release to this tree, in an app that its owner has worked in for long.

Two owners: one deleted the example and follows the template's tags; the other changed the example,
gave an awkward name, and has a template without tags.
"""

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import copier
import pytest
import yaml
from history import Release, commit, make_history
from making import ANSWERS, App, list_files, run
from waiting import PATIENCE, wait_for_line

OWNED = ("jobs", "mailers", "public", "templates", "views")
"""The folders of the package that no update touches; tests/jobs is one more."""

NOT_RENDERED = {".git", ".hypothesis", ".pytest_cache", ".venv", "__pycache__", "uv.lock", "var"}

JOB = '''
"""Count what comes in."""

import threading
from pathlib import Path

from PACKAGE.runtime import Arena, JobEnv, Params


def run(allocator: Arena, params: Params, env: JobEnv) -> None:
    """Write down which job ran. One waits for ever until it is told, one fails at first."""
    env.logger.info("Harvesting")
    if params.get("waits") and not Path("go.txt").exists():
        threading.Event().wait()
    if params.get("fails") and env.current.attempt == 1:
        raise ValueError("not yet")
    with Path("ran.txt").open("a", encoding="utf-8") as file:
        file.write(f"{env.current.id}\\n")
'''

TEST = """
from PACKAGE.runtime.testing import RunJob


def test_harvest(run_job: RunJob) -> None:
    run_job("harvest")
"""

SCHEDULE = """
from PACKAGE.runtime import open_app

with open_app() as app:
    for n in range(50):
        print(app.job("harvest", n=n).schedule(priority=n % 3))
    for n in range(5):
        print(app.job("harvest", n=n, text="naïve 🦎").schedule(unique=f"key:{n}"))
        print(app.job("harvest", n=n).schedule(delay=0.5))
    print(app.job("harvest", fails=True).schedule())
"""

COUNT = """
from PACKAGE.runtime import open_app

with open_app() as app:
    print({str(state): count for state, count in app.queue.counts().items() if count})
"""


@dataclass(frozen=True)
class Owner:
    """Somebody's app, after the update."""

    app: App
    clone: Path
    deleted: frozenset[str]
    """The files of the example that were deleted."""
    before: dict[str, bytes]
    """What was committed before the update."""
    jobs: frozenset[str]
    """The ids of the jobs that waited."""
    said: str
    """What Copier said."""

    def expected(self) -> dict[str, bytes]:
        """Make an app of the new version, do the owner's work in it, and return its files."""
        answers = yaml.safe_load((self.app.root / ".copier-answers.yml").read_text("utf-8"))
        given = {name: value for name, value in answers.items() if not name.startswith("_")}
        fresh = self.clone.with_name("fresh") / self.app.name
        copier.run_copy(str(self.clone), fresh, given, defaults=True, quiet=True)
        work_in(fresh, self.app.package)
        theirs = {path: text for path, text in self.before.items() if is_owned(path)}
        ours = {path: text for path, text in read_tree(fresh).items() if not is_owned(path)}
        return ours | theirs


@pytest.fixture(scope="session")
def owner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Owner:
    """Make an app by an old release, work in it, fill its queue, and update it."""
    kind: str
    release: Release
    kind, release = request.param
    tags = deletes = kind == "default"
    folder = tmp_path_factory.mktemp("updates")
    clone = make_history(folder / "chuckwalla", tags=tags)
    app = make_old_app(clone, folder, kind, f"v{release.version}" if tags else release.commit)
    commit(app.root)
    sync(app)
    work_in(app.root, app.package)
    deleted = delete_example(app) if deletes else change_example(app)
    commit(app.root)
    jobs = fill_queue(app)
    before = read_tree(app.root)
    done = run("copier", "update", "--defaults", cwd=app.root)
    sync(app)
    return Owner(app, clone, deleted, before, jobs, done.stdout + done.stderr)


def make_old_app(clone: Path, folder: Path, kind: str, ref: str) -> App:
    root = folder / ANSWERS[kind]["project_name"]
    worker = copier.run_copy(
        str(clone), root, dict(ANSWERS[kind]), defaults=True, quiet=True, vcs_ref=ref
    )
    package = worker.answers.combined["package"]
    return App(root, root / ".venv", root.name, package, list_files(root))


def sync(app: App) -> None:
    run("uv", "sync", "--quiet", "--python", sys.executable, cwd=app.root)


def work_in(root: Path, package: str) -> None:
    """Change what owners change, and add a job and a generator."""
    (root / f"src/{package}/jobs/harvest.py").write_text(fill(JOB, package))
    (root / "tests/jobs/test_harvest.py").write_text(fill(TEST, package))
    generator = root / "generators/report"
    generator.mkdir()
    (generator / "copier.yml").write_text("name:\n  type: str\n")
    replace(root / "README.md", "\n## Check it\n", "\n## Ours\n\nIt is.\n\n## Check it\n")
    replace(root / "pyproject.toml", "dependencies = [\n", 'dependencies = [\n    "anyio>=4.0",\n')
    append(root / "README.md", "\n## Thanks\n\nTo all.\n")
    append(root / ".gitignore", "/ran.txt\n/go.txt\n")
    append(root / f"src/{package}/config.py", "\n    page_size: int = 20\n")
    append(root / "tests/conftest.py", "\nMINE = 1\n")


def delete_example(app: App) -> frozenset[str]:
    folder = f"src/{app.package}"
    files = [f"{folder}/{file}" for file in ("jobs/example.py", "views/root.py")]
    files += [f"{folder}/templates/root/index.html", "tests/jobs/test_example.py"]
    for file in files:
        (app.root / file).unlink()
    return frozenset(files)


def change_example(app: App) -> frozenset[str]:
    replace(app.root / f"src/{app.package}/jobs/example.py", "HOUR = 3600", "HOUR = 7200")
    append(app.root / f"src/{app.package}/views/root.py", "\n\nMINE = 1\n")
    return frozenset()


def fill_queue(app: App) -> frozenset[str]:
    """Leave jobs in every state that an app can be stopped in, and return the ids of all."""
    done = app.run(app.name, "jobs", "enqueue", "harvest", "--params", '{"waits": true}')
    with worker(app) as killed:
        wait_for_line(killed, "Harvesting")
        killed.kill()
    text = app.run("python", "-c", fill(SCHEDULE, app.package)).stdout
    (app.root / "go.txt").touch()
    return frozenset([done.stdout.strip(), *text.split()])


def worker(app: App) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(app.venv / "bin" / app.name), "worker", "--threads", "2"],
        cwd=app.root,
        env=app.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def fill(text: str, package: str) -> str:
    return text.lstrip().replace("PACKAGE", package)


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write(text)


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, f"{file}: {old!r}"
    file.write_text(text.replace(old, new), "utf-8")


def read_tree(root: Path) -> dict[str, bytes]:
    """Return the files of an app, but for what is made in it by running it and its tools."""
    files = [file for file in list_files(root) if not NOT_RENDERED.intersection(file.parts)]
    return {str(file): (root / file).read_bytes() for file in files if file.suffix != ".txt"}


def is_owned(path: str) -> bool:
    parts = Path(path).parts
    return (parts[0] == "src" and parts[2] in OWNED) or parts[:2] == ("tests", "jobs")


def test_it_merges_with_no_conflict_and_asks_for_no_trust(owner: Owner) -> None:
    status = run("git", "status", "--porcelain", cwd=owner.app.root).stdout.splitlines()
    assert [line for line in status if "U" in line[:2] or line.endswith(".rej")] == []
    assert run("git", "grep", "-E", "^(<<<<<<<|>>>>>>>)", cwd=owner.app.root, ok=False).stdout == ""
    assert "trust" not in owner.said.lower()
    assert "conflict" not in owner.said.lower()


def test_what_was_deleted_stays_deleted(owner: Owner) -> None:
    assert owner.deleted & read_tree(owner.app.root).keys() == set()


def test_it_differs_from_a_fresh_app_by_the_owners_work_and_no_more(owner: Owner) -> None:
    found, expected = read_tree(owner.app.root), owner.expected()
    assert found.keys() ^ expected.keys() == set()
    assert [path for path, text in found.items() if expected[path] != text] == []


def test_the_apps_own_tests_pass(owner: Owner) -> None:
    done = owner.app.run("pytest", "--ignore", "tests/runtime")
    assert f"{1 if owner.deleted else 4} passed" in done.stdout


def test_all_jobs_that_waited_run(owner: Owner) -> None:
    app = owner.app
    (app.root / "ran.txt").unlink(missing_ok=True)  # from the job's own test
    with worker(app) as process:
        wait_for_line(process, "Job completed: harvest ", times=len(owner.jobs))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert set((app.root / "ran.txt").read_text().split()) == owner.jobs
    counted = app.run("python", "-c", fill(COUNT, app.package)).stdout
    assert counted == f"{ {'completed': len(owner.jobs)} }\n"


def test_doctor_is_content(owner: Owner) -> None:
    commit(owner.app.root)
    done = owner.app.run(owner.app.name, "doctor", "--check")
    assert "good     the runtime is as the template wrote it" in done.stdout
