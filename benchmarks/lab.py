"""The processes of `make bench`: workers that run, scripts that schedule, and what both cost."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contender import Contender
from drain import SIDES
from making import clean_environment
from sides.bench_marks import Tally, read_latencies, read_tally

WARM_UP = 10
"""Jobs that show that a worker is there, before anything is measured on it."""

PATIENCE = 30.0
"""Seconds after which what does not go on has failed."""

LONGEST_COMMAND = 300.0
"""Seconds that a script may take, as to fill a queue."""

LOOK = 0.005
"""Seconds between two looks at the tally."""

PROC = Path("/proc")


class BenchError(Exception):
    """A measurement that failed; the text says why."""


@dataclass(frozen=True)
class Worker:
    """A worker or server that runs, and the folder in which its jobs leave their marks."""

    process: subprocess.Popen[bytes]
    marks: Path

    def wait_for(self, count: int, most: float = PATIENCE) -> Tally:
        """Return the tally when so many jobs have ended, or `most` seconds after the first end.

        Raises BenchError if nothing goes on.
        """
        before, changed = Tally(0, 0.0, 0.0), time.monotonic()
        while True:
            tally, now = read_tally(self.marks), time.monotonic()
            if tally.ended >= count or (tally.ended and now - tally.first > most):
                return tally
            if tally.ended > before.ended:
                before, changed = tally, now
            if now - changed > PATIENCE:
                raise BenchError(
                    f"{tally.ended} of {count} jobs ended, then none for {PATIENCE:.0f} s"
                )
            if self.process.poll() is not None:
                raise BenchError(f"the worker ended with exit code {self.process.returncode}")
            time.sleep(LOOK)

    def latencies(self) -> list[float]:
        """Return the milliseconds that each paced job has waited, shortest first."""
        return [1000 * each for each in read_latencies(self.marks)]

    def cpu(self) -> float:
        """Return the seconds of CPU that its threads have used; 0 where there is no /proc."""
        return sum(_numbers(self._proc("task/*/schedstat"), 0)) / 1e9

    def memory(self) -> float:
        """Return the MiB of memory that its processes have resident, likewise."""
        return sum(_numbers(self._proc("statm"), 1)) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def _proc(self, files: str) -> list[Path]:
        found: list[Path] = []
        for path in PROC.glob("[0-9]*"):
            with contextlib.suppress(OSError):
                group = (path / "stat").read_text().rpartition(")")[2].split()[2]
                if int(group) == self.process.pid:
                    found += path.glob(files)
        return found


class Lab:
    """Gives each contender its processes, and ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, side: Contender, command: str, *arguments: object) -> Any:
        """Run a command of a side's script, and return its answer. Raises BenchError."""
        try:
            done = subprocess.run(
                [*side.script, command, *map(str, arguments)],
                cwd=side.root,
                env=self._environment(side, self._new_marks()),
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_COMMAND,
            )
        except subprocess.TimeoutExpired:
            raise BenchError(f"{command} took over {LONGEST_COMMAND:.0f} s") from None
        if done.returncode:
            raise BenchError((done.stderr.strip().splitlines() or ["it failed"])[-1])
        return json.loads(done.stdout.splitlines()[-1])

    @contextlib.contextmanager
    def running(self, side: Contender, command: list[str], **environment: str) -> Iterator[Worker]:
        """Run a worker or server for a block; what it says goes to a file."""
        marks = self._new_marks()
        log = marks / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=side.root,
                env=self._environment(side, marks) | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield Worker(process, marks)
        except BenchError as error:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise BenchError("; its log ends: ".join([str(error), *last])) from None
        finally:
            _end(process, side.stop)

    @contextlib.contextmanager
    def warm(self, side: Contender) -> Iterator[Worker]:
        """Run a worker on an empty queue for a block; it has done WARM_UP jobs when it begins."""
        self.ask(side, "fill", "noop", WARM_UP)
        with self.running(side, side.worker) as worker:
            worker.wait_for(WARM_UP)
            yield worker

    def _environment(self, side: Contender, marks: Path) -> dict[str, str]:
        return {
            **clean_environment(),
            **side.environment,
            "PYTHONPATH": str(SIDES),
            "BENCH_FOLDER": str(marks),
        }

    def _new_marks(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder, prefix="marks-"))


def fetch(url: str) -> Callable[..., Any]:
    """Return a function that asks a server for JSON, with its arguments as the query."""

    def ask(**query: object) -> Any:
        words = "&".join(f"{name}={value}" for name, value in query.items())
        try:
            with urllib.request.urlopen(f"{url}?{words}", timeout=PATIENCE) as answer:  # noqa: S310
                return json.load(answer)
        except OSError as error:
            raise BenchError(f"the server: {error}") from None

    return ask


def _numbers(files: list[Path], place: int) -> Iterator[int]:
    for file in files:
        with contextlib.suppress(OSError):
            yield int(file.read_text().split()[place])


def _end(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    process.send_signal(stop)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
