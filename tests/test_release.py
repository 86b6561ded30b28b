"""`make release`: two commits, or one line that says why not and a tree as it was."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from history import Release, after, commit, make_history, read_releases
from making import REPOSITORY, list_files, run

NOTES = """# Changes

## Unreleased

- Something new.

### In your app

Nothing to do.

"""
LAST = read_releases()[-1].version
NEXT = after(LAST)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Give a clone of this repository that is ready for a release."""
    folder = make_history(tmp_path / "clone", tags=False)
    write_notes(folder, NOTES)
    return folder


def write_notes(folder: Path, notes: str) -> None:
    """Commit a CHANGELOG that begins with these notes."""
    changes = folder / "CHANGELOG.md"
    rest = re.split(r"^(?=## \d)", changes.read_text("utf-8"), maxsplit=1, flags=re.MULTILINE)[1]
    changes.write_text(notes + rest, "utf-8")
    commit(folder)


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = str(folder / "scripts/release.py")
    return run(sys.executable, script, *arguments, cwd=folder, ok=False)


def refused(folder: Path, *arguments: str) -> str:
    """See a release refused with one line, and nothing changed; return the line."""
    before = snapshot(folder)
    done = release(folder, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert snapshot(folder) == before
    return done.stderr


def snapshot(folder: Path) -> tuple[str, dict[Path, bytes]]:
    head = run("git", "log", "--format=%H", "-1", cwd=folder).stdout
    files = [f for f in list_files(folder) if not {".git", "__pycache__"}.intersection(f.parts)]
    return head, {file: (folder / file).read_bytes() for file in files}


def read(folder: Path, file: str, ref: str = "HEAD") -> str:
    return run("git", "show", f"{ref}:{file}", cwd=folder).stdout


def test_a_release_is_a_commit_and_a_record_of_it(clone: Path) -> None:
    before = run("git", "rev-parse", "HEAD", cwd=clone).stdout.strip()
    done = release(clone, NEXT)
    assert done.returncode == 0, done.stderr
    log = run("git", "log", "--format=%H %s", f"{before}..", cwd=clone).stdout.splitlines()
    (record, *_), (made, *_) = (line.split(" ", 1) for line in log)
    assert [line.split(" ", 1)[1] for line in log] == [f"Record release {NEXT}", f"Release {NEXT}"]
    assert read_releases(read(clone, "releases.txt", record))[-1] == Release(NEXT, made)
    assert read(clone, "releases.txt", made) == read(clone, "releases.txt", before)
    assert f'version = "{NEXT}"' in read(clone, "pyproject.toml", made)
    today = datetime.now(UTC).date().isoformat()
    assert f"\n## {NEXT} ({today})\n\n- Something new.\n" in read(clone, "CHANGELOG.md", made)
    manifest = "template/src/{{package}}/runtime/manifest.toml.jinja"
    assert f'version = "{NEXT}"' in read(clone, manifest, made)
    assert run("git", "status", "--porcelain", cwd=clone).stdout == ""
    assert f"git tag v{NEXT} {made}" in done.stdout


def test_a_release_that_mends_a_security_fault_is_marked(clone: Path) -> None:
    write_notes(clone, NOTES.replace("### In your app", "### Security\n\n- A.\n\n### In your app"))
    assert release(clone, NEXT).returncode == 0
    assert read_releases(read(clone, "releases.txt"))[-1].mark == "security"


@pytest.mark.parametrize("version", ["", "1", "1.2", "v9.9.9", "9.9.9rc1", "09.9.9", "9.9.9\n"])
def test_a_version_that_is_none(clone: Path, version: str) -> None:
    assert "as in make release VERSION=1.2.3" in refused(clone, version)


def test_no_version_or_two(clone: Path) -> None:
    assert "as in make release VERSION=1.2.3" in refused(clone)
    assert "as in make release VERSION=1.2.3" in refused(clone, "9.9.9", "9.9.10")


@pytest.mark.parametrize("version", ["0.0.1", LAST])
def test_a_version_that_is_not_above_the_last(clone: Path, version: str) -> None:
    assert f"{version} is not above {LAST}" in refused(clone, version)


def test_a_tag_that_is_there_already(clone: Path) -> None:
    run("git", "tag", f"v{NEXT}", cwd=clone)
    assert f"there is a tag v{NEXT} already" in refused(clone, NEXT)


def test_another_branch_than_main(clone: Path) -> None:
    run("git", "switch", "--quiet", "--create", "other", cwd=clone)
    assert "git switch main" in refused(clone, NEXT)


def test_a_tree_that_is_not_clean(clone: Path) -> None:
    (clone / "new.txt").touch()
    assert "not committed" in refused(clone, NEXT)


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        ("# Changes\n\n", 'no section "## Unreleased"'),
        (NOTES.replace("- Something new.\n", ""), "says nothing"),
        (NOTES.replace("### In your app\n\nNothing to do.\n", ""), 'no part "### In your app"'),
        (NOTES.replace("Nothing to do.\n", ""), 'no part "### In your app"'),
        (NOTES + "### In your app\n\n- More.\n\n", '"### In your app" twice'),
    ],
)
def test_notes_that_lack_a_part(clone: Path, notes: str, said: str) -> None:
    write_notes(clone, notes)
    assert said in refused(clone, NEXT)


def test_a_manifest_that_is_out_of_date(clone: Path) -> None:
    with (clone / "template/src/{{package}}/runtime/errors.py").open("a") as file:
        file.write("\nNEW = 1\n")
    commit(clone)
    assert "run make manifest" in refused(clone, NEXT)


def test_git_that_refuses_the_second_commit_leaves_no_first(clone: Path) -> None:
    hook = clone / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\n! grep -q Record "$1" || { echo no records; exit 1; }\n')
    hook.chmod(0o755)
    assert "git commit: no records" in refused(clone, NEXT)


def test_each_release_is_in_the_history_and_carries_its_version() -> None:
    for each in read_releases():
        run("git", "merge-base", "--is-ancestor", each.commit, "HEAD", cwd=REPOSITORY)
        assert f'version = "{each.version}"' in read(REPOSITORY, "pyproject.toml", each.commit)
        assert f"\n## {each.version}" in read(REPOSITORY, "CHANGELOG.md", each.commit)


def test_the_manifest_is_current() -> None:
    run(sys.executable, "scripts/manifest.py", "--check", cwd=REPOSITORY)
