"""Is the app kept in git, as an update needs it, and did the last one leave conflicts?"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .finding import Finding, Level, join

TIMEOUT = 60.0
"""Seconds that git may take, the network included."""

ELSEWHERE = {"GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"}
"""What a hook of git sets: it would lead from the given folder to another repository."""

NO_COMMAND, TOO_LONG = 127, 124
"""Exit codes, as a shell and timeout(1) have them."""

BEGIN = "git init && git add . && git commit --message Begin"
ANSWERS = ".copier-answers.yml"


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder, without questions to anybody; without git it fails with NO_COMMAND."""
    command = ["git", "-C", str(folder), "-c", "core.quotePath=false", *arguments]
    environment = {name: text for name, text in os.environ.items() if name not in ELSEWHERE}
    environment["GIT_TERMINAL_PROMPT"] = "0"
    try:
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=TIMEOUT,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, NO_COMMAND, "", "git is not installed")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, TOO_LONG, "", f"no answer in {TIMEOUT:g} s")


def is_in_git(folder: Path) -> bool:
    """Tell whether a folder is in a git repository, without asking git."""
    return any((each / ".git").exists() for each in (folder, *folder.parents))


def check_history(root: Path) -> Iterator[Finding]:
    """Find out whether the app is committed."""
    if problem := _why_without_history(root):
        yield problem
        return
    changed = git(root, "status", "--porcelain").stdout.splitlines()
    if changed:
        yield Finding(
            Level.NOTE,
            f"not committed: {join([line[3:] for line in changed])}",
            "`copier update` wants a clean tree: commit or stash them before.",
        )
    else:
        yield Finding(Level.GOOD, "everything is committed to git")


def _why_without_history(root: Path) -> Finding | None:
    inside = git(root, "rev-parse", "--is-inside-work-tree")
    if inside.returncode == NO_COMMAND:
        return Finding(Level.PROBLEM, "git is not installed", "An update needs git 2.27 or later.")
    if inside.stdout.strip() != "true":
        if "dubious ownership" in inside.stderr:
            advice = f"Tell git to trust it: git config --global --add safe.directory '{root}'"
            return Finding(Level.PROBLEM, f"git does not trust the owner of {root}", advice)
        return Finding(Level.PROBLEM, f"{root} is in no git repository", BEGIN)
    if git(root, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        return Finding(Level.PROBLEM, "nothing is committed to git yet", BEGIN)
    if (root / ANSWERS).exists() and git(root, "ls-files", "--error-unmatch", ANSWERS).returncode:
        advice = f"git add --force {ANSWERS}, and commit it: an update begins from it."
        return Finding(Level.PROBLEM, f"{ANSWERS} is not committed", advice)
    return None


def check_conflicts(root: Path) -> Iterator[Finding]:
    """Look for what an update leaves where it could not merge: it ends well all the same."""
    listed = git(root, "grep", "-IlE", "--untracked", "^(<<<<<<<|>>>>>>>) ").stdout.splitlines()
    unmerged = git(root, "diff", "--relative", "--name-only", "--diff-filter=U").stdout.splitlines()
    rejected = git(root, "ls-files", "-co", "--exclude-standard", "--", "*.rej").stdout.splitlines()
    if listed:
        yield Finding(
            Level.PROBLEM,
            f"conflict markers are left in {join(sorted(listed))}",
            "Choose between the lines of <<<<<<< and >>>>>>>, take the markers out, and commit.",
        )
    if mended := sorted({*unmerged}.difference(listed)):
        yield Finding(
            Level.PROBLEM,
            f"git still takes for unmerged: {join(mended)}",
            "If they are as you want them: git add them, and commit.",
        )
    if rejected:
        yield Finding(
            Level.PROBLEM,
            f"an update left changes that it could not apply: {join(rejected)}",
            "Make those changes by hand, and delete the .rej files.",
        )
