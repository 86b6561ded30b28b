"""Measure what an open dashboard costs the workers: `make bench-dashboard`.

One server drains jobs that do nothing, in the threads beside those that answer requests: with the
overview fetched again and again as a browser does that shows it, and without, in turns. The goal is
that it takes less than 2 % longer, by the median of the pairs.
"""

import argparse
import statistics
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser import served
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
    yield sizes
    closed.set()
    thread.join()


def drain(app: App, jobs: int) -> float:
    """Return the seconds in which the server drains so many jobs."""
    return float(app.run("python", str(ROUND), str(jobs)).stdout)


def measure(folder: Path, options: argparse.Namespace) -> int:
    """Print each pair and the median of their ratios; return 1 if the goal is missed."""
    app = fresh_app(folder)
    (app.root / "src" / app.package / "jobs" / "nothing.py").write_text(JOB)
    ratios = []
    with served(app, threads=options.threads) as (address, _):
        drain(app, options.jobs)
        for pair in range(options.pairs):
            seconds: dict[bool, float] = {}
            # Which goes first alternates too.
            for is_open in (True, False) if pair % 2 else (False, True):
                if is_open:
                    with opened(address) as sizes:
                        seconds[is_open] = drain(app, options.jobs)
                else:
                    seconds[is_open] = drain(app, options.jobs)
            ratios.append(seconds[True] / seconds[False])
            say(
                f"closed {seconds[False]:5.2f} s, open {seconds[True]:5.2f} s and {len(sizes)} "
                f"pages of {max(sizes) // 1000} kB: {ratios[-1]:.3f}"
            )
    median = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4)
    verdict = "met" if median < GOAL else "missed"
    say(
        f"{options.pairs} pairs of {options.jobs:,} jobs: with the dashboard open it takes "
        f"{median:.3f} times as long (median; half are in {low:.3f} to {high:.3f}). "
        f"The goal, less than {GOAL}, is {verdict}."
    )
    return 0 if median < GOAL else 1


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=200_000)
    parser.add_argument("--threads", type=int, default=10)
    return run(lambda folder: measure(folder, parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
