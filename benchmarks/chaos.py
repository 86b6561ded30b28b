"""Drain jobs while a worker or the server is killed every second, then do the same on Huey.

    make chaos

Each job is counted from a file outside the queue, to which the job itself appends its start and
its end. Both sides run the same job, as many times, in as many processes and threads, killed in
the same order at the same intervals and started again at once; then both are accounted for.
"""

import argparse
import functools
import shutil
import sys
import tomllib
from pathlib import Path

from drain import SECONDS, SIDES, Drain, Side
from fresh import fresh_app, run, say
from making import REPOSITORY

HUEY = REPOSITORY / ".venv-bench" / "bin"

THREADS = 4


def app_side(folder: Path) -> Side:
    """Make the app, generate its job and write what that does."""
    app = fresh_app(folder)
    app.run(app.name, "generate", "job", "drain")
    shutil.copyfile(SIDES / "app_job.py", app.root / "src" / app.package / "jobs" / "drain.py")
    bin_ = app.venv / "bin"
    command, python = str(bin_ / app.name), str(bin_ / "python")
    threads = ["--threads", str(THREADS)]
    worker = [command, "worker", *threads]
    server = [command, "server", "--no-reload", "--port", "0", *threads]
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    return Side(
        f"Chuckwalla {version}",
        f"2 workers and the server, {THREADS} threads each; else the defaults",
        app.root,
        {"server": server, "worker-1": worker, "worker-2": worker},
        [python, str(SIDES / "app_schedule.py")],
        [python, str(SIDES / "app_tell.py")],
    )


def huey_side(folder: Path) -> Side:
    """Give Huey a folder, and the options that its documentation advises."""
    root = folder / "huey"
    root.mkdir()
    consumer = [str(HUEY / "huey_consumer"), "huey_tasks.huey", "-k", "thread", "-q"]
    consumer += ["-w", str(THREADS)]
    python = str(HUEY / "python")
    return Side(
        "Huey with SQLite",
        f"3 consumers (-w {THREADS} -k thread -q, two of them -n); "
        "SqliteHuey(fsync=True), retries=7, SIGNAL_INTERRUPTED puts a task back",
        root,
        {"consumer-1": consumer, "consumer-2": [*consumer, "-n"], "consumer-3": [*consumer, "-n"]},
        [python, str(SIDES / "huey_schedule.py")],
        [python, str(SIDES / "huey_tell.py")],
    )


def chaos(jobs: int, every: float, folder: Path) -> int:
    """Play both sides, and print the account of both."""
    drains: list[Drain] = []
    for make in (app_side, huey_side):
        drain = Drain(make(folder), jobs, every)
        say(f"\n{drain.side.name}: {drain.side.settings}.")
        say(f"{jobs:,} jobs of {1000 * SECONDS:.0f} ms, and a kill every {every:g} s.")
        try:
            drain.play()
        finally:
            drain.close()
        drains.append(drain)
    print_table(drains)
    return int(drains[0].account()["LOST"] != "0")


def print_table(drains: list[Drain]) -> None:
    """Print the accounts side by side."""
    say(f"\n{'':<36}" + "".join(f"{drain.side.name:>26}" for drain in drains))
    for name in dict.fromkeys(name for drain in drains for name in drain.versions):
        say(f"{name:<36}" + "".join(f"{drain.versions.get(name, '-'):>26}" for drain in drains))
    accounts = [drain.account() for drain in drains]
    for name in accounts[0]:
        say(f"{name:<36}" + "".join(f"{account[name]:>26}" for account in accounts))
    say("\nLOST: accepted, never ended, and neither in the queue nor running any more.")


def main() -> int:
    """Run the show; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=10_000, help="how many, on each side")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between two kills")
    given = parser.parse_args()
    return run(functools.partial(chaos, given.jobs, given.every))


if __name__ == "__main__":
    sys.exit(main())
