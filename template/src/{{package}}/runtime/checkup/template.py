"""Can the app be updated from its template, and has that a newer release?"""

import importlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .finding import Finding, Level, join
from .git import ANSWERS, git

SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
"""What Copier lets one write for an address."""

RELEASE = re.compile(r"(\d+(?:\.\d+)*) \S+(?: (\w+))?")
"""A line of the template's releases.txt: version, commit, and `security` if it mends a fault."""


def read_answers(root: Path) -> dict[str, Any]:
    """Return what Copier noted of the template and the answers.

    Raises ValueError, which says why not, if that cannot be had.
    """
    restore = f"restore it: git log -- {ANSWERS} shows where it was"
    try:
        yaml = importlib.import_module("yaml")
        answers = yaml.safe_load((root / ANSWERS).read_text("utf-8"))
    except ModuleNotFoundError:
        raise ValueError("copier is not installed: run `uv sync`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{ANSWERS} cannot be read ({error}): {restore}") from None
    except yaml.YAMLError:
        raise ValueError(f"{ANSWERS} is not what Copier wrote: {restore}") from None
    if isinstance(answers, dict) and isinstance(answers.get("_src_path"), str):
        return answers
    raise ValueError(f"{ANSWERS} does not name the template: {restore}")


def check_template(answers: Mapping[str, Any], version: str, package: str) -> Iterator[Finding]:
    """Find out whether `copier update` will find the template, and this app's files."""
    source, commit = answers["_src_path"], str(answers.get("_commit") or "")
    if not commit:
        yield Finding(
            Level.PROBLEM,
            "the app was made from a folder that is not in git, so it cannot be updated",
            f"Make an app anew from the template's address, and take its {ANSWERS}.",
        )
    elif not (trouble := _find_trouble(source, commit)):
        # Copier notes the tag of a release, if it has one, and else a commit.
        release = commit.removeprefix("v") == version
        what = f"release {version}" if release else f"commit {commit}"
        since = "" if release or not version else f", not before {version}"
        yield Finding(Level.GOOD, f"made from {what} of {source}{since}")
    else:
        yield trouble
    if (before := answers.get("package")) != package:
        yield Finding(
            Level.PROBLEM,
            f"the package {before} is now called {package}: an update would not find its files",
            f"Give it its old name again, src/{before}.",
        )


def _find_trouble(source: str, commit: str) -> Finding | None:
    if re.match(r"git\+|git@|\w+://|gh:|gl:", source):
        return None
    path, address = Path(source).expanduser(), f"its address as _src_path in {ANSWERS}"
    if not path.is_absolute():
        text = f"the template is named by a path that depends on where one is: {source}"
        return Finding(Level.PROBLEM, text, f"Write its whole path or {address}.")
    if not path.exists():
        text = f"the template is not on this machine: {source}"
        return Finding(Level.NOTE, text, f"To update here, write {address}.")
    if git(path, "cat-file", "-e", f"{commit}^{{commit}}").returncode:
        text = f"{source} does not have the commit that the app was made from, {commit}"
        return Finding(Level.PROBLEM, text, "Copier needs it for an update: fetch it there.")
    return None


def check_releases(source: str, version: str) -> Iterator[Finding]:
    """Ask the template for its releases, by network if it is elsewhere."""
    try:
        newer = [(name, mark) for name, mark in _fetch_releases(source) if is_newer(name, version)]
    except ValueError as error:
        yield Finding(Level.PROBLEM, f"{source}: the releases cannot be asked for: {error}")
        return
    advice = "Read what changed in its CHANGELOG.md, and run `uv run copier update`."
    if mending := [name for name, mark in newer if mark == "security"]:
        text = f"behind by a release that mends a security fault: {join(mending)}"
        yield Finding(Level.PROBLEM, text, advice)
    elif newer:
        text = f"behind: {newer[-1][0]} is out, and this is {version or 'older'}"
        yield Finding(Level.NOTE, text, advice)
    else:
        yield Finding(Level.GOOD, "no release is newer")


def is_newer(name: str, than: str) -> bool:
    """Compare two versions by their numbers; anything is newer than an unknown version."""
    first, second = ([int(number) for number in re.findall(r"\d+", each)] for each in (name, than))
    return first > second


def _fetch_releases(source: str) -> list[tuple[str, str]]:
    address = source.removeprefix("git+")
    for short, whole in SHORT.items():
        if address.startswith(short):
            address = f"{whole}{address.removeprefix(short)}"
    with tempfile.TemporaryDirectory(prefix="releases-") as folder:
        clone = ["clone", "--quiet", "--depth=1", "--no-checkout", "--filter=blob:none"]
        done = git(Path(folder), *clone, "--", str(Path(address).expanduser()), "template")
        if done.returncode == 0:
            done = git(Path(folder) / "template", "show", "HEAD:releases.txt")
    if done.returncode:
        raise ValueError(" ".join(done.stderr.split()))
    matches = (RELEASE.fullmatch(line.strip()) for line in done.stdout.splitlines())
    return [(match[1], match[2] or "") for match in matches if match]
