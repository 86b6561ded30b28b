"""A clone of this repository with its releases, and the tree as it stands as the newest commit."""

from dataclasses import dataclass
from pathlib import Path

from making import REPOSITORY, copy_tree, run


@dataclass(frozen=True)
class Release:
    """A line of releases.txt."""

    version: str
    commit: str
    mark: str = ""


def read_releases(text: str | None = None) -> list[Release]:
    """Return the releases, the newest last."""
    lines = (text or (REPOSITORY / "releases.txt").read_text("utf-8")).splitlines()
    return [Release(*line.split()) for line in lines if line and not line.startswith("#")]


def make_history(folder: Path, *, tags: bool) -> Path:
    """Clone this repository, with a tag on each release and on the newest commit, or with none.

    The newest commit is the tree as it stands, uncommitted work too.
    """
    run("git", "clone", "--quiet", "--no-tags", str(REPOSITORY), str(folder), cwd=folder.parent)
    run("git", "checkout", "--quiet", "-B", "main", cwd=folder)
    releases = read_releases()
    for release in releases:
        known = run("git", "cat-file", "-e", f"{release.commit}^{{commit}}", cwd=folder, ok=False)
        assert known.returncode == 0, f"fetch the whole history: {release} is not in this clone"
        if tags:
            run("git", "tag", f"v{release.version}", release.commit, cwd=folder)
    run("git", "rm", "-r", "--quiet", ".", cwd=folder)
    commit(copy_tree(folder))
    if tags:
        run("git", "tag", f"v{after(releases[-1].version)}", cwd=folder)
    return folder


def after(version: str) -> str:
    """Return the version that comes next."""
    major, minor, _ = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def commit(folder: Path) -> None:
    """Commit all there is, in a repository that is made if there is none."""
    if not (folder / ".git").exists():
        run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--allow-empty", "--message", "Change", cwd=folder)
