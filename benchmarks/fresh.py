"""What the benchmarks share: an app made from this tree, installed in a folder that goes again."""

import argparse
import functools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from making import App, copy_tree, make_app


def run(benchmark: Callable[[Path], int]) -> int:
    """Run a benchmark in a temporary folder; return its exit code, or 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, _on_terminate)
    folder = Path(tempfile.mkdtemp(prefix="chuckwalla-"))
    settings = folder / "settings.yml"
    settings.write_text("{}\n")
    os.environ["COPIER_SETTINGS_PATH"] = str(settings)  # the developer's own are no part of this
    try:
        return benchmark(folder)
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130
    except AssertionError as error:  # a command that failed, and what it said
        say(str(error))
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(doc: str | None, measure: Callable[[int, Path], int]) -> int:
    """Run a benchmark of which only the rounds can be chosen; return its exit code."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="how many times each is measured")
    given = parser.parse_args()
    return run(functools.partial(measure, given.rounds))


def fresh_app(folder: Path, **answers: Any) -> App:
    """Make an app from the tree as it stands, uncommitted work too, and install it."""
    say("Making an app from this template, and installing it.")
    return make_app(copy_tree(folder / "template"), folder, "default", **answers)


def say(text: str) -> None:
    """Print a line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _on_terminate(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
