"""Measure what an open dashboard costs the workers: `make bench-dashboard`.

One server drains jobs that do nothing, in the threads beside those that answer requests: with the
overview fetched again and again as a browser does that shows it, and without, in turns. The goal is
that it takes less than 2 % longer, by the median of the pairs. Then the jobs wait, and what the
server spends on the open overview is measured by itself: that tells more on a busy machine.
"""

import argparse
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from browser import Served, served
from fresh import fresh_app, run, say
from making import REPOSITORY, App

ROUND = REPOSITORY / "benchmarks" / "sides" / "dashboard_round.py"
EVERY = 2.0
"""Seconds between two looks, as in the dashboard's live.js."""

WATCHED = 60.0
"""Seconds for which the server's work is looked at."""

GOAL = 1.02
JOB = "def run(allocator, params, env):\n    pass\n"


@contextmanager
def opened(address: str) -> Iterator[None]:
    """Keep the overview open."""
    closed = threading.Event()

    def look() -> None:
        while True:
            with urllib.request.urlopen(f"{address}/_jobs") as answer:  # noqa: S310 - our own
                answer.read()
            if closed.wait(EVERY):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        closed.set()
        thread.join()


def drain(app: App, jobs: int) -> float:
    """Return the seconds in which the server drains so many jobs."""
    return float(app.run("python", str(ROUND), str(jobs)).stdout)


def measure(folder: Path, options: argparse.Namespace) -> int:
    """Print each pair and the medians; return 1 if the goal is missed."""
    app = fresh_app(folder)
    (app.root / "src" / app.package / "jobs" / "nothing.py").write_text(JOB)
    ratios = []
    with served(app, threads=options.threads) as server:
        drain(app, options.jobs)
        for pair in range(options.pairs):
            seconds: dict[bool, float] = {}
            # Which goes first alternates too.
            for is_open in (True, False) if pair % 2 else (False, True):
                with opened(server.address) if is_open else nullcontext():
                    seconds[is_open] = drain(app, options.jobs)
            ratios.append(seconds[True] / seconds[False])
            say(f"closed {seconds[False]:5.2f} s, open {seconds[True]:5.2f} s: {ratios[-1]:.3f}")
        app.run("python", str(ROUND), str(options.jobs), "wait")
        idle = spent(server)
        with opened(server.address):
            share = spent(server) - idle
    median = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4)
    verdict = "met" if median < GOAL else "missed"
    say(
        f"{options.pairs} pairs of {options.jobs:,} jobs: with the dashboard open it takes "
        f"{median:.3f} times as long (median; half are in {low:.3f} to {high:.3f}).\n"
        f"While {options.jobs:,} jobs wait, it takes {share:.2%} of a core.\n"
        f"The goal, less than {GOAL} times, is {verdict}."
    )
    return 0 if median < GOAL else 1


def spent(server: Served) -> float:
    """Return which share of a core the server takes now."""
    before, began = server.cpu_seconds(), time.monotonic()
    time.sleep(WATCHED)
    return (server.cpu_seconds() - before) / (time.monotonic() - began)


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=10)
    return run(lambda folder: measure(folder, parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
