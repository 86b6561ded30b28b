"""Measure the app's SQLite store beside diskcache: put and get, round by round in turn.

    make bench-store

Both are in processes of their own, on the same disk, and each round measures one after the other,
so that whatever else the machine does meets both.
"""

import statistics
import subprocess
import sys
from pathlib import Path

from fresh import fresh_app, main, say
from making import REPOSITORY, App, clean_environment

SIDES = REPOSITORY / "benchmarks" / "sides"
DISKCACHE = REPOSITORY / ".venv-bench" / "bin" / "python"

MEASURED = {
    "diskcache put": ("diskcache", "put"),
    "diskcache put, least recently used": ("diskcache", "put-used"),
    "store put, as safe as diskcache's": ("app", "put"),
    "store put, on the disk when it returns": ("app", "durable"),
    "diskcache get": ("diskcache", "get"),
    "diskcache get, least recently used": ("diskcache", "get-used"),
    "store get": ("app", "get"),
    "the bare SELECT of a get": ("app", "select"),
}


class Side:
    """A process that measures what it is asked to."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command,
            env={**clean_environment(), "PYTHONPATH": str(SIDES)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self._line()

    def measure(self, call: str, threads: int) -> float:
        """Return the microseconds of one call."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        self._process.stdin.write(f"{call} {threads}\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        line = self._process.stdout.readline().strip()
        assert line, "a side has ended"  # noqa: S101 - fresh.run shows it
        return line


def measure(rounds: int, folder: Path) -> int:
    """Measure both sides, and print the table."""
    app: App = fresh_app(folder)
    (folder / "values").mkdir()
    python = str(app.venv / "bin" / "python")
    sides = {
        "app": Side(python, str(SIDES / "store_app.py"), app.package, str(folder / "values")),
        "diskcache": Side(
            str(DISKCACHE), str(SIDES / "store_diskcache.py"), str(folder / "diskcache")
        ),
    }
    say(f"{sides['app'].version}, {sides['diskcache'].version}; medians of {rounds} rounds.")
    try:
        for threads in (1, 10):
            seen: dict[str, list[float]] = {name: [] for name in MEASURED}
            for _ in range(rounds):
                for name, (side, call) in MEASURED.items():
                    seen[name].append(sides[side].measure(call, threads))
            print_table(threads, {name: statistics.median(times) for name, times in seen.items()})
    finally:
        for each in sides.values():
            each.close()
    return 0


def print_table(threads: int, medians: dict[str, float]) -> None:
    """Print what a call takes, and how many times as fast as diskcache that is."""
    say(f"\n{threads} thread{'s' if threads > 1 else ''}{'':<31}{'µs a call':>12}{'ratio':>8}")
    for name, each in medians.items():
        kind = "put" if "put" in name else "get"
        say(f"{name:<40}{each:>12.1f}{medians[f'diskcache {kind}'] / each:>8.1f}")


if __name__ == "__main__":
    sys.exit(main(__doc__, measure))
