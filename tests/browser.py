"""A served app with jobs to look at, and a real browser that looks: for tests and pictures."""

import json
import os
import re
import shutil
import subprocess
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from making import App
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

DESKTOP = ViewportSize(width=1280, height=720)
PHONE = ViewportSize(width=390, height=844)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
INSTALL = "chromium is missing: apt-get install chromium"
PATIENCE = 60

JOBS = {
    # Each part goes on when the test says so; it fails until a file is there.
    "render": """
        from pathlib import Path
        from {package}.runtime import JobOptions

        options = JobOptions(max_attempts=1, queue="video")

        def run(allocator, params, env):
            with Path(params["folder"], "gate").open("rb", buffering=0) as gate:
                for _ in env.current.track(range(4)):
                    gate.read(1)
            if not Path(params["folder"], "codec").exists():
                raise ValueError("<b>no codec</b> for " + params["clip"])
        """,
    "nightly": """
        from {package}.runtime import JobOptions

        options = JobOptions(cron="0 3 * * *", timezone="Europe/Berlin")

        def run(allocator, params, env):
            pass
        """,
    "resize": """
        def run(allocator, params, env):
            pass
        """,
}


def write_jobs(app: App) -> None:
    """Write the jobs above into an app."""
    for name, text in JOBS.items():
        place = app.root / "src" / app.package / "jobs" / f"{name}.py"
        place.write_text(textwrap.dedent(text.format(package=app.package)))


class Served(NamedTuple):
    """A server that runs."""

    address: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return what it has spent so far; Linux only."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(app: App, *, threads: int = 4) -> Iterator[Served]:
    """Serve the app in development, in one process."""
    environment = app.environment() | {"THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(
        [app.venv / "bin" / app.name, "server", "--port", "0", "--no-reload"],
        cwd=app.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout is not None
    patience = threading.Timer(PATIENCE, server.kill)
    patience.start()
    lines = []
    for line in server.stdout:
        lines.append(line)
        if found := re.search(r"http://\S+?:\d+", line):
            break
    patience.cancel()
    assert found, "".join(lines)
    reader = threading.Thread(target=server.stdout.read, daemon=True)
    reader.start()
    try:
        yield Served(found[0], server.pid)
    finally:
        server.terminate()
        server.wait(PATIENCE)
        reader.join()
        server.stdout.close()


def enqueue(app: App, name: str, **params: Any) -> str:
    """Schedule a job from the command line; return its id."""
    done = app.run(app.name, "jobs", "enqueue", name, "--params", json.dumps(params))
    return done.stdout.strip()


@contextmanager
def opened() -> Iterator[Browser]:
    """Open the system's Chromium."""
    # In a container root has no sandbox to put a page into; the pages are our own.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def told_wrong(page: Page) -> list[str]:
    """Collect what the page complains of from now on: errors of scripts, and of its policy."""
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong


@contextmanager
def gate(folder: Path) -> Iterator[Callable[[int], object]]:
    """Make what `render` waits at in a folder; give the function that lets so many parts go on."""
    folder.mkdir(exist_ok=True)
    os.mkfifo(folder / "gate")
    opened = os.open(folder / "gate", os.O_RDWR)  # so that nobody's open() or write() waits
    try:
        yield lambda parts: os.write(opened, b"." * parts)
    finally:
        os.close(opened)


def touch(folder: Path, *names: str) -> None:
    """Make files, for which a job waits."""
    for name in names:
        (folder / name).touch()
