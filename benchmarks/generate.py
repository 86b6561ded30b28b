"""Measure `generate job` as a whole process, beside Copier doing the same: `make bench-generate`.

Seconds of CPU, as the clock would count what else the machine does.
"""

import resource
import statistics
import sys
from pathlib import Path

from fresh import fresh_app, main, say
from making import App


def measure(rounds: int, folder: Path) -> int:
    """Measure in turn, and print the medians."""
    app = fresh_app(folder)
    by_copier = ("copier", "copy", "--quiet", "--defaults", "generators/job", ".")
    spent: dict[str, list[float]] = {}
    for number in range(rounds + 1):  # the first one compiles what it imports
        commands = {
            "by Copier": (*by_copier, "-d", f"name=copied{number}"),
            "generate job": (app.name, "generate", "job", f"generated{number}"),
            "generate job, refused": (app.name, "generate", "job", "class"),
        }
        for name, command in commands.items():
            seconds = _cpu_seconds(app, *command)
            spent.setdefault(name, []).extend([seconds] if number else [])
    medians = {name: statistics.median(times) for name, times in spent.items()}
    say(f"Medians of {rounds} rounds.\n{'':<24}{'ms of CPU':>12}{'ratio':>8}")
    for name, each in medians.items():
        say(f"{name:<24}{each * 1000:>12.0f}{medians['by Copier'] / each:>8.1f}")
    return 0


def _cpu_seconds(app: App, *command: str) -> float:
    before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    app.run(*command, ok=False)
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before


if __name__ == "__main__":
    sys.exit(main(__doc__, measure))
