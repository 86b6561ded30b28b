"""Make apps from the template, and run commands in them."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import copier

REPOSITORY = Path(__file__).parents[1]

ANSWERS: dict[str, dict[str, str]] = {
    "default": {"project_name": "my-app"},
    "awkward": {
        "project_name": "x2-a-name.of-forty_letters--Like-This-01",
        "description": "It's \"quoted\", <b>, \\n, {{ braces }}, naïve: 日本語 🦎 # 'all' of it",
        "author_name": 'Zoë "Z" O\'Brien-Łukasiewicz \\ Söhne & Co. <zoë@example.org>',
    },
}
"""What the questions are answered with; the rest is left at its default."""

TOOL = Path(sys.executable).parent
"""Where uv, copier and git's like are, besides the path."""


@dataclass(frozen=True)
class App:
    """A rendered and installed app."""

    root: Path
    """Its folder."""
    venv: Path
    name: str
    package: str
    files: tuple[Path, ...]
    """What was rendered, relative to the root."""

    def run(
        self, command: str, *arguments: str, ok: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the app's environment in its folder; fail with its output."""
        path = str(self.venv / "bin" / command)
        return run(path, *arguments, cwd=self.root, env=self.environment(), ok=ok)

    def environment(self) -> dict[str, str]:
        """Give the variables with which its commands run."""
        return clean_environment() | {"PYTHONPATH": str(self.root / "src")}

    def copy(self, root: Path) -> "App":
        """Copy what was rendered; the installed packages are shared."""
        for file in self.files:
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.root / file, root / file)
        return replace(self, root=root)


def run(
    *command: str, cwd: Path, env: dict[str, str] | None = None, ok: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a command; with `ok`, fail unless it ends with 0, showing what it said."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env or clean_environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=1200,
    )
    if ok:
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


def clean_environment() -> dict[str, str]:
    """Give this environment without what would steer an app, its tools or its tests."""
    steering = (
        *("APP_", "BIND", "CACHE_", "DASHBOARD_", "ERROR_LOG_", "JOBS_", "LOG_", "MAIL_", "PORT"),
        *("PYTEST_", "SECRET", "SESSION_", "SMTP_", "STORE_", "THREADS"),
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        kept.pop(name, None)
    return kept | {"PATH": f"{TOOL}{os.pathsep}{kept['PATH']}", "UV_PYTHON_DOWNLOADS": "never"}


def copy_tree(folder: Path) -> Path:
    """Copy every file of this repository that git knows or would add."""
    listed = run("git", "ls-files", "-z", "-co", "--exclude-standard", cwd=REPOSITORY).stdout
    for file in filter(None, listed.split("\0")):
        if (REPOSITORY / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / file, folder / file)
    return folder


def list_files(folder: Path) -> tuple[Path, ...]:
    """List the files below a folder, relative to it."""
    return tuple(sorted(p.relative_to(folder) for p in folder.rglob("*") if not p.is_dir()))


def make_app(template: Path, folder: Path, name: str, **more: Any) -> App:
    """Render the app with ANSWERS[name] and more answers, and install it with its tools."""
    return render(template, folder, {**ANSWERS[name], **more}, sys.executable)


def render(template: Path, folder: Path, answers: dict[str, Any], python: str) -> App:
    """Render the app with these answers, and install it with its tools for a Python."""
    root = folder / answers["project_name"]
    worker = copier.run_copy(str(template), root, answers, defaults=True, quiet=True)
    files = list_files(root)
    run("uv", "sync", "--quiet", "--python", python, cwd=root)
    package = worker.answers.combined["package"]
    return App(root, root / ".venv", answers["project_name"], package, files)
