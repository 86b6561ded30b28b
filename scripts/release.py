"""Make a release: python scripts/release.py 1.2.3, or make release VERSION=1.2.3.

It writes the version and the date, commits, and records that commit in releases.txt by a second
one. A part "Security" in the CHANGELOG marks the release there as one that mends a fault, of which
`doctor` warns. Nothing is tagged or pushed: the last lines say how. Anything that is not as it must
be is refused before a file is touched.
"""

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from manifest import MANIFEST, make_manifest

ROOT = Path(__file__).parents[1]
VERSION = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}")
SECTION = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
PROJECT_VERSION = re.compile(r'^version = "[^"]*"$', re.MULTILINE)


class Refusal(Exception):  # noqa: N818 - a release is refused, in one line
    """Why there is no release."""


@dataclass(frozen=True)
class Release:
    """What is to be released."""

    version: str
    date: str
    security: bool


def main(arguments: list[str]) -> int:
    """Run the command."""
    try:
        release = prepare(arguments, ROOT)
        commit = make_commits(ROOT, release)
    except Refusal as refusal:
        print(f"no release: {refusal}", file=sys.stderr)
        return 1
    print(f"Released {release.version} in {commit}. To publish it:")
    print(f"  git tag v{release.version} {commit}")
    print(f"  git push origin main v{release.version}")
    return 0


def prepare(arguments: list[str], root: Path) -> Release:
    """Check everything that a release needs. Raises Refusal with the reason."""
    version = arguments[0] if len(arguments) == 1 else ""
    if not VERSION.fullmatch(version):
        raise Refusal("say which as three numbers, as in make release VERSION=1.2.3")
    if git(root, "branch", "--show-current") != "main":
        raise Refusal("releases are made on the branch main: git switch main")
    if git(root, "status", "--porcelain"):
        raise Refusal("there are changes that are not committed: git status shows them")
    released = [line.split()[0] for line in read_releases(root)]
    if released and numbers(version) <= max(map(numbers, released)):
        raise Refusal(f"{version} is not above {released[-1]}, the last in releases.txt")
    if git(root, "tag", "--list", f"v{version}"):
        raise Refusal(f"there is a tag v{version} already")
    notes = read_notes(root)
    if make_manifest(root) != (root / MANIFEST).read_text("utf-8"):
        raise Refusal("the runtime's manifest is out of date: run make manifest, and commit it")
    security = bool(re.search(r"^### Security$", notes, re.MULTILINE))
    return Release(version, time.strftime("%Y-%m-%d", time.gmtime()), security)


def read_notes(root: Path) -> str:
    """Return what CHANGELOG says under Unreleased. Raises Refusal if it lacks a part."""
    match = SECTION.search((root / "CHANGELOG.md").read_text("utf-8"))
    if match is None:
        raise Refusal('CHANGELOG.md has no section "## Unreleased"')
    news, _, todo = match[1].partition("### In your app\n")
    if not news.strip():
        raise Refusal('CHANGELOG.md says nothing under "## Unreleased"')
    if "### In your app\n" in todo:
        raise Refusal('CHANGELOG.md has "### In your app" twice under "## Unreleased"')
    if not todo.partition("\n#")[0].strip():
        raise Refusal('CHANGELOG.md has no part "### In your app" under "## Unreleased"')
    return match[1]


def read_releases(root: Path) -> list[str]:
    """Return the lines of releases.txt: a version, its commit, and `security` or nothing."""
    lines = (root / "releases.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def numbers(version: str) -> list[int]:
    """Return what versions are compared by."""
    return [int(number) for number in version.split(".")]


def make_commits(root: Path, release: Release) -> str:
    """Commit the release and its record, or neither, and return the release's commit."""
    before = git(root, "rev-parse", "HEAD")
    try:
        write_version(root, release)
        git(root, "commit", "--quiet", "--all", "--message", f"Release {release.version}")
        commit = git(root, "rev-parse", "HEAD")
        mark = " security" if release.security else ""
        with (root / "releases.txt").open("a", encoding="utf-8") as file:
            file.write(f"{release.version} {commit}{mark}\n")
        git(root, "commit", "--quiet", "--all", "--message", f"Record release {release.version}")
    except (Refusal, OSError):
        git(root, "reset", "--quiet", "--hard", before)
        raise
    return commit


def write_version(root: Path, release: Release) -> None:
    """Write the version and the date where they belong."""
    title = f"## {release.version} ({release.date})"
    replace(root / "CHANGELOG.md", re.compile("^## Unreleased$", re.MULTILINE), title)
    replace(root / "pyproject.toml", PROJECT_VERSION, f'version = "{release.version}"')
    (root / MANIFEST).write_text(make_manifest(root), "utf-8")


def replace(file: Path, pattern: re.Pattern[str], text: str) -> None:
    """Put `text` in the place of what matches first."""
    file.write_text(pattern.sub(text, file.read_text("utf-8"), count=1), "utf-8")


def git(root: Path, *arguments: str) -> str:
    """Return what git says. Raises Refusal with its reason if it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refusal(f"git {arguments[0]}: {' '.join((done.stdout + done.stderr).split())}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
