"""Measure what an open dashboard costs the workers: `make bench-dashboard`.

One server drains jobs that do nothing, in the threads beside those that answer requests: with the
overview fetched again and again as a browser does that shows it, and without, in turns. The goal is
that it takes less than 2 % longer, by the median of the pairs. What a page costs in CPU is told
too: it varies less on a busy machine.
"""

import argparse
import statistics
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser import Served, served
from fresh import fresh_app, run, say
from making import REPOSITORY, App

ROUND = REPOSITORY / "benchmarks" / "sides" / "dashboard_round.py"
EVERY = 2.0
"""Seconds between two looks, as in the dashboard's live.js."""

GOAL = 1.02
JOB = "def run(allocator, params, env):\n    pass\n"


@contextmanager
def opened(address: str) -> Iterator[list[int]]:
    """Keep the overview open; yield the sizes of the pages that came."""
    closed = threading.Event()
    sizes: list[int] = []

    def look() -> None:
        while True:
            with urllib.request.urlopen(f"{address}/_jobs") as answer:  # noqa: S310 - our own
                sizes.append(len(answer.read()))
            if closed.wait(EVERY):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield sizes
    finally:
        closed.set()
        thread.join()


def drain(app: App, server: Served, jobs: int) -> tuple[float, float]:
    """Return the seconds in which the server drains so many jobs, and those of CPU meanwhile."""
    before = server.cpu_seconds()
    seconds = float(app.run("python", str(ROUND), str(jobs)).stdout)
    return seconds, server.cpu_seconds() - before


def measure(folder: Path, options: argparse.Namespace) -> int:
    """Print each pair and the medians; return 1 if the goal is missed."""
    app = fresh_app(folder)
    (app.root / "src" / app.package / "jobs" / "nothing.py").write_text(JOB)
    ratios, costs = [], []
    with served(app, threads=options.threads) as server:
        drain(app, server, options.jobs)
        for pair in range(options.pairs):
            took: dict[bool, tuple[float, float]] = {}
            # Which goes first alternates too.
            for is_open in (True, False) if pair % 2 else (False, True):
                if is_open:
                    with opened(server.address) as sizes:
                        took[is_open] = drain(app, server, options.jobs)
                else:
                    took[is_open] = drain(app, server, options.jobs)
            ratios.append(took[True][0] / took[False][0])
            costs.append((took[True][1] - took[False][1]) / len(sizes))
            say(
                f"closed {took[False][0]:5.2f} s, open {took[True][0]:5.2f} s: {ratios[-1]:.3f}; "
                f"{len(sizes)} pages, each with {costs[-1] * 1000:.0f} ms of CPU"
            )
    median, cost = statistics.median(ratios), statistics.median(costs)
    low, _, high = statistics.quantiles(ratios, n=4)
    verdict = "met" if median < GOAL else "missed"
    say(
        f"{options.pairs} pairs of {options.jobs:,} jobs: with the dashboard open it takes "
        f"{median:.3f} times as long (median; half are in {low:.3f} to {high:.3f}).\n"
        f"A page costs {cost * 1000:.0f} ms of CPU (median), {cost / EVERY:.1%} of a core.\n"
        f"The goal, less than {GOAL} times, is {verdict}."
    )
    return 0 if median < GOAL else 1


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=10)
    return run(lambda folder: measure(folder, parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
