"""Cookiecutter's door: give its answers to Copier, which makes the app.

So the app is the one that `copier copy` makes, and `copier update` works in it. Cookiecutter
renders this file before it runs it, in the new folder.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ANSWERS: dict[str, Any] = json.loads(r"""{{ cookiecutter | tojson }}""")
PLACEHOLDER = Path(".cookiecutter")
COMMANDS = (["copier"], ["uvx", "copier"], ["pipx", "run", "copier"])
KNOWN = ("git+", "git@", "git://", "https://github.com/", "https://gitlab.com/")
"""How an address begins that Copier takes for one of git."""


class Refusal(Exception):  # noqa: N818 - the app is refused, in one line
    """Why there is no app."""


def main() -> int:
    """Put the app in the place of the placeholder, or leave the folder as it was."""
    try:
        make_app()
    except Refusal as refusal:
        print(f"Error: {refusal}", file=sys.stderr)
        return 1
    return 0


def make_app() -> None:
    """Run Copier in this folder, which must be empty, and is empty again if that fails."""
    PLACEHOLDER.unlink(missing_ok=True)
    if any(Path().iterdir()):
        raise Refusal(f"{Path.cwd()} has files already: choose another folder")
    source = find_source()
    command = [*find_copier(), "copy", "--defaults"]
    for name, value in find_answers().items():
        command += ["--data", f"{name}={value}"]
    if ANSWERS["_checkout"]:
        command += ["--vcs-ref", ANSWERS["_checkout"]]
    try:
        run([*command, source, str(Path.cwd())])
    except BaseException:
        empty_folder()
        raise


def run(command: list[str]) -> None:
    """Run Copier. If it fails, only the last line of what it says is for users."""
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    said = done.stderr.strip().splitlines() or ["it does not say why"]
    if done.returncode:
        raise Refusal(f"Copier made no app: {said[-1]}")
    print("\n".join(said), file=sys.stderr)


def find_answers() -> dict[str, str]:
    """Return the answers by the names of copier.yml; what has yes or no is an optional part."""
    texts = {name: ANSWERS[name] for name in ("project_name", "description", "author_name")}
    if ANSWERS["package"]:
        texts["package"] = ANSWERS["package"]
    parts = [name for name, answer in ANSWERS.items() if answer is True]
    return {**texts, "parts": json.dumps(parts)}


def find_source() -> str:
    """Return what the app notes as its template: a whole path, or an address."""
    template, clone = ANSWERS["_template"], ANSWERS["_repo_dir"]
    if template != clone:
        return find_origin(clone)
    # A relative path counts from where the user stands: the parent process is in the template's
    # folder while this one runs, if the system tells; otherwise the shell knows.
    for folder in (
        Path("/", template) if Path(template).is_absolute() else Path(f"/proc/{os.getppid()}/cwd"),
        Path(os.environ.get("PWD", "."), template),
        Path(ANSWERS["_output_dir"], template),
    ):
        if (folder / "copier.yml").is_file():
            return str(folder.resolve())
    raise Refusal(f"name the template by its whole path, not {template}")


def find_origin(clone: str) -> str:
    """Return from where Cookiecutter cloned the template, as Copier wants it written."""
    command = ["git", "-C", clone, "remote", "get-url", "origin"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refusal(f"{ANSWERS['_template']} is not in git, so the app could not be updated")
    address = done.stdout.strip()
    known = "://" not in address or address.startswith(KNOWN) or address.endswith(".git")
    return address if known else f"git+{address}"


def find_copier() -> list[str]:
    """Return the command that runs Copier."""
    if importlib.util.find_spec("copier"):
        return [sys.executable, "-m", "copier"]
    for command in COMMANDS:
        if shutil.which(command[0]):
            return command
    raise Refusal("this needs Copier: install uv or pipx, or `pip install copier`, and try again")


def empty_folder() -> None:
    """Remove what a failed run left."""
    for path in Path().iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
