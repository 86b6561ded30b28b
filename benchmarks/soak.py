"""The long ledger, on an app made from this tree: `make soak JOBS=50000 KILLS=50`."""

import argparse
import functools
import subprocess
import sys
from pathlib import Path

from fresh import fresh_app, run, say
from making import clean_environment


def soak(jobs: int, kills: int, folder: Path) -> int:
    """Play the app's ledger, and print its account; 1 if a job is not accounted for."""
    app = fresh_app(folder)
    say(f"Scheduling {jobs:,} jobs, and killing workers and schedulers {kills} times.")
    command = [str(app.venv / "bin" / "python"), "tests/runtime/ledger.py"]
    played = subprocess.run(
        [*command, "--jobs", str(jobs), "--kills", str(kills)],
        cwd=app.root,
        env=clean_environment(),
        check=False,
    )
    return int(played.returncode != 0)


def main() -> int:
    """Run the soak; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jobs", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=50)
    given = parser.parse_args()
    return run(functools.partial(soak, given.jobs, given.kills))


if __name__ == "__main__":
    sys.exit(main())
