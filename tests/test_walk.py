"""A newcomer's walk: from a fresh clone and an empty home, word for word by docs/quickstart.md.

The page's own blocks are typed and its files written, in their order; what is done in a browser is
done in one. The commands and their seconds are printed at the end of the tests.
"""

import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pages
import pytest
from browser import CHROMIUM, INSTALL, opened
from history import make_history
from making import clean_environment
from pages import Block

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason=INSTALL),
]

PATIENCE = 120
PORT = 8080
"""Where the page says that the server answers; the walk takes a free port instead."""


class Walk:
    """Somebody with a terminal, an editor and a browser."""

    def __init__(self, home: Path, clone: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = clone
        self.environment = clean_environment() | {"HOME": str(home), "PORT": str(self.port)}
        self.steps: list[tuple[str, float]] = []

    def do(self, block: Block) -> None:
        """Write the file, or type the commands and see what the page shows."""
        if block.path:
            (self.folder / block.path).write_text(block.text, "utf-8")
        else:
            began = time.monotonic()
            self._type(block)
            shown = " && ".join(command for command, _ in block.commands())
            self.steps.append((shown, time.monotonic() - began))

    def _type(self, block: Block) -> None:
        # What shows something may have its reason to end with 1; the rest must have been done.
        lines = [command if shown else f"{command} || exit" for command, shown in block.commands()]
        wanted = [line for _, shown in block.commands() for line in shown]
        script = "\n".join([*lines, "echo", 'echo "now in $PWD"'])
        script = script.replace(f":{PORT}/", f":{self.port}/")
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self.bash(script)
            try:
                pages.check(script, done.stdout, wanted)
            except AssertionError:
                # A job that was scheduled a moment ago may not have ended: look again.
                if "curl" not in lines[-1] or time.monotonic() > deadline:
                    raise
                continue
            assert done.returncode == 0, done.stdout
            self.folder = Path(done.stdout.rpartition("now in ")[2].strip())
            return

    def bash(self, script: str) -> subprocess.CompletedProcess[str]:
        """Type this; return what it printed, errors too."""
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )

    @contextmanager
    def serving(self, command: str) -> Iterator["Log"]:
        """Leave the server running in a terminal of its own."""
        with subprocess.Popen(
            command.split(),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as server:
            log = Log(server)
            try:
                yield log
            finally:
                server.terminate()

    def retry(self) -> None:
        """Look at the failed job on the dashboard, and press its button."""
        began = time.monotonic()
        with opened() as browser:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{self.port}/_jobs/list/failed")
            row = page.get_by_role("row").filter(has_text="word_count")
            row.get_by_role("button", name="Retry").click()
            page.wait_for_url(re.compile("did=retry"))
        self.steps.append(("(the browser) Retry", time.monotonic() - began))


class Log:
    """What the server says, line by line."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def wait_for_start(self) -> None:
        """Return when the server has started after this moment; it may have begun to before."""
        now = datetime.now(UTC)
        assert self._server.stdout is not None
        patience = threading.Timer(PATIENCE, self._server.kill)
        patience.start()
        seen = []
        try:
            for line in self._server.stdout:
                seen.append(line)
                if "Development server on" in line and datetime.fromisoformat(line[:29]) > now:
                    return
        finally:
            patience.cancel()
        raise AssertionError(f"the server did not start, but said:\n{''.join(seen)}")


@pytest.mark.parametrize("door", ["copier", "cookiecutter"])
def test_the_quick_start_leads_to_a_job_that_ran_failed_was_retried_and_tested(
    tmp_path: Path, door: str, record_property: Callable[[str, object], None]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    walk = Walk(home, make_history(tmp_path / "chuckwalla", tags=True))
    doors = pages.read("docs/quickstart.md")
    copier, cookiecutter, begin, generate, job, view, run, fail, mended, look, test, check = doors
    assert "uvx copier copy" in copier.text
    assert "cookiecutter" in cookiecutter.text

    began = time.monotonic()
    walk.do(copier if door == "copier" else cookiecutter)
    *commands, (serve, _) = begin.commands()
    walk.do(Block(begin.page, begin.kind, "".join(f"$ {command}\n" for command, _ in commands)))
    with walk.serving(serve) as log:
        log.wait_for_start()
        for block in (generate, job, view):
            walk.do(block)
        log.wait_for_start()
        walk.do(run)
        walk.do(fail)
        job_id = find_job(walk)
        walk.do(mended)
        log.wait_for_start()
        walk.retry()
        walk.do(Block(look.page, look.kind, look.text.replace("$job", job_id)))
    walk.do(test)
    walk.do(check)

    lines = [f"{seconds:6.1f} s  {step}" for step, seconds in walk.steps]
    record_property("walk", [*lines, f"{time.monotonic() - began:6.1f} s  in all, by {door}"])


def find_job(walk: Walk) -> str:
    """Return the id of the job that has failed, which the newcomer's shell still knows."""
    done = walk.bash("uv run my-app jobs list --state failed")
    found = re.search(r"\d+-\w{10}", done.stdout)
    assert found, done.stdout
    return found[0]
