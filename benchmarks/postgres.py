"""Measure the app's queue on PostgreSQL beside plain Procrastinate: `make bench-postgres`.

Both run jobs that do nothing, in ten threads, against one server, round by round in turn, so that
whatever else the machine does meets both. The server is TEST_POSTGRES_URL's, or the usual local
one; each run has a database of its own.
"""

import argparse
import contextlib
import functools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fresh import fresh_app, run, say
from making import REPOSITORY, App, clean_environment

SIDE = REPOSITORY / "benchmarks" / "sides" / "postgres_side.py"
USUAL = "postgresql://root@127.0.0.1:5432/postgres"


class Bench:
    """The app with the part, and a server."""

    def __init__(self, folder: Path) -> None:
        self.app: App = fresh_app(folder, parts=["postgres"])
        jobs = self.app.root / "src" / self.app.package / "jobs"
        (jobs / "nothing.py").write_text("def run(allocator, params, env): pass\n")

    def call(self, *arguments: str) -> float:
        """Return what a side measured: jobs a second."""
        python = str(self.app.venv / "bin" / "python")
        environment = {"LOG_LEVEL": "ERROR", "APP_ENV": "production", "SECRET": "x" * 32}
        done = subprocess.run(
            [python, str(SIDE), self.app.package, *arguments],
            cwd=self.app.root,
            env={**clean_environment(), "PYTHONPATH": "src", **environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return float(done.stdout.split()[-1])

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Give the URL of a database that is dropped in the end."""
        url = os.environ.get("TEST_POSTGRES_URL", USUAL)
        name = f"bench_{os.getpid()}_{time.monotonic_ns()}"
        self.call("sql", url, f"CREATE DATABASE {name}")
        yield f"{url.rpartition('/')[0]}/{name}"
        self.call("sql", url, f"DROP DATABASE {name} WITH (FORCE)")

    def drain(self, side: str, jobs: int, processes: int = 1, behind: int = 0) -> float:
        """Return the jobs a second with which worker processes end what waits."""
        with self.database() as url:
            self.call(f"{side}-schedule", url, str(jobs + behind), "1000")
            return self.call(f"{side}-drain", url, str(jobs), str(processes))

    def schedule(self, side: str, jobs: int, batch: int) -> float:
        """Return the jobs a second that one caller schedules."""
        with self.database() as url:
            return self.call(f"{side}-schedule", url, str(jobs), str(batch))


def measure(rounds: int, jobs: int, behind: int, only: str, folder: Path) -> int:
    """Measure both sides, and print the table; 1 if ours is slower than it may be."""
    bench = Bench(folder)
    cases: dict[str, Callable[[str], float]] = {
        f"drain {jobs:,}, 1 process": lambda side: bench.drain(side, jobs),
        f"drain {jobs:,}, 2 processes": lambda side: bench.drain(side, jobs, 2),
        f"drain {jobs:,}, 4 processes": lambda side: bench.drain(side, jobs, 4),
        "schedule one by one": lambda side: bench.schedule(side, jobs // 4, 1),
        "schedule by 1,000": lambda side: bench.schedule(side, jobs * 5, 1000),
    }
    if behind:
        cases[f"drain {jobs:,} before {behind:,}"] = lambda side: bench.drain(
            side, jobs, behind=behind
        )
    say("| jobs a second | Procrastinate | the app | ratio |\n|---|--:|--:|--:|")
    slow = False
    for name, case in ((name, case) for name, case in cases.items() if only in name):
        pairs = [(case("plain"), case("app")) for _ in range(rounds)]
        plain, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(b / a for a, b in pairs)
        say(f"| {name} | {plain:,.0f} | {ours:,.0f} | {ratio:.2f} |")
        slow |= ratio < LEAST
    return int(slow)


LEAST = 0.95
"""How fast ours has to be, in parts of plain Procrastinate."""


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--behind", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="what a line's name has to hold")
    given = parser.parse_args()
    return run(
        functools.partial(measure, given.rounds, given.jobs, given.behind, given.only),
    )


if __name__ == "__main__":
    sys.exit(main())
