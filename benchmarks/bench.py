"""Measure the app beside four peers: `make bench`, or `make bench ARGS=--quick` to see it work."""

import argparse
import contextlib
import functools
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import machine
import measures
from contender import CONTENDERS, Contender
from fresh import run, say
from lab import BenchError, Lab
from making import REPOSITORY
from measures import QUICK, Figures, Sizes
from plot import draw
from report import Page, aligned
from table import OURS, ROWS, Results

HERE = REPOSITORY / "benchmarks"
PLOTTED = ("drain", "run", "p50", "behind", "memory")

Scene = Callable[[Lab, Contender, Sizes], Figures]
SCENES: tuple[Scene, ...] = (
    measures.drains,
    measures.lines,
    measures.latency,
    measures.across,
    measures.bulk,
    measures.naps,
)
OUR_SCENES: tuple[Scene, ...] = (
    measures.processes,
    measures.million,
    measures.in_server,
    measures.slow_disk,
)
"""What no peer has, or what would take it an hour."""

TURNS: dict[Scene, int] = {measures.latency: 3}
"""How often a scene is played in each round, if more than once: some milliseconds more or less are
the machine's, and change from one minute to the next."""


def bench(given: argparse.Namespace, folder: Path) -> int:
    """Play all scenes in all rounds, and print and write the table."""
    lab = Lab(folder)
    results = Results({})
    sizes = QUICK if given.quick else Sizes()
    sides, versions = meet(lab, given.sides, results)
    loads = []
    try:
        for number in range(given.rounds):
            loads.append(machine.burden(folder))
            say(f"\nRound {number + 1} of {given.rounds}; {loads[-1]}")
            for scene in (*SCENES, *OUR_SCENES):
                if scene.__name__ not in given.scenes:
                    continue
                for side in sides * TURNS.get(scene, 1):
                    if side.key == OURS or scene in SCENES:
                        play(scene, lab, side, sizes, results)
    finally:
        for side in sides:
            with contextlib.suppress(BenchError):
                lab.ask(side, "drop")
    loads.append(machine.burden(folder))
    settings = {side.name: side.settings for side in sides}
    page = Page(results, given.rounds, machine.describe(folder), versions, settings, loads)
    text, picture = page.text(), draw(results, [row for row in ROWS if row.key in PLOTTED])
    say(f"\n{aligned(results.table())}\n")
    for words in results.words:
        say(words)
    if given.out:
        Path(given.out, "RESULTS.md").write_text(text)
        Path(given.out, "results.svg").write_text(picture)
        say(f"Written to {Path(given.out, 'RESULTS.md')}")
    return 0


def meet(lab: Lab, keys: list[str], results: Results) -> tuple[list[Contender], dict[str, str]]:
    """Make the contenders, and ask each for its versions; skip with a word who does not answer."""
    sides, versions = [], {}
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    for key in keys:
        side = CONTENDERS[key](lab.folder)
        side.root.mkdir(exist_ok=True)
        try:
            answer = lab.ask(side, "versions")
        except BenchError as error:
            results.words.append(f"{side.name} is skipped, as nobody answers there: {error}")
            say(results.words[-1])
            continue
        own = {side.name: version} if key == OURS else {}
        sides.append(side)
        results.names[key] = side.name
        versions[side.name] = ", ".join(f"{name} {each}" for name, each in (own | answer).items())
        say(f"{side.name}: {versions[side.name]}. {side.settings}.")
    return sides, versions


def play(scene: Scene, lab: Lab, side: Contender, sizes: Sizes, results: Results) -> None:
    """Play one scene of one contender, and tell what came out."""
    began = time.monotonic()
    try:
        figures = scene(lab, side, sizes)
    except (BenchError, OSError, ArithmeticError, LookupError, ValueError) as error:
        # Whatever one of them answers, the others are still to be measured.
        words = f"{side.name}, {scene.__name__}: {error or type(error).__name__}"
        results.words.append(words)
        say(f"  {words}")
        return
    results.add(side.key, figures)
    shown = ", ".join(f"{name} {figure:,.6g}" for name, figure in figures.items()) or "-"
    say(f"  {scene.__name__:<10} {side.name:<20} {time.monotonic() - began:5.1f} s  {shown}")


def add_choice(parser: argparse.ArgumentParser, option: str, known: list[str]) -> None:
    """Add an option that takes some of these words, and all by default."""

    def parse(text: str) -> list[str]:
        words = text.split(",")
        if unknown := set(words) - set(known):
            raise argparse.ArgumentTypeError(f"there is no {min(unknown)!r}")
        return words

    parser.add_argument(option, type=parse, default=known, help=f"some of {','.join(known)}")


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small, once, and written nowhere")
    parser.add_argument("--rounds", type=int, default=0, help="3, or 1 with --quick")
    add_choice(parser, "--sides", list(CONTENDERS))
    add_choice(parser, "--scenes", [scene.__name__ for scene in (*SCENES, *OUR_SCENES)])
    parser.add_argument("--out", help="where to write; benchmarks/, but for --quick")
    given = parser.parse_args()
    given.rounds = given.rounds or (1 if given.quick else 3)
    given.out = given.out or (None if given.quick else str(HERE))
    # Where files are kept through a restart: /tmp may be memory, on which a flush costs nothing.
    tempfile.tempdir = "/var/tmp"  # noqa: S108 - for mkdtemp
    return run(functools.partial(bench, given))


if __name__ == "__main__":
    sys.exit(main())
