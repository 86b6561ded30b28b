"""The results of `make bench` as text: a table for the terminal, a page for the repository."""

from collections.abc import Sequence
from dataclasses import dataclass

from table import Results

NOTES = """\
- Each scene begins with an empty queue, in processes of its own, the worker started by its command.
  Start-up is not counted.
- Drain: from the end of the first job to that of the last, begun when the disk is done with what
  filling the queue left to write.
- Schedule and run: from the first `schedule()` to the end of the last job.
- Latency: from before `schedule()` to the first line of the job, 400 jobs at 100 a second. From
  another process: right after ten jobs, three times a round, in turns; the median is of all.
- Waiting behind: jobs of the same kind in the same queue, scheduled later. For Dramatiq and
  PGQueuer they are 200,000, as more take minutes to put there.
- With and without: drains with are done in a row, between one half of those without and the other;
  the means of two each count, and of four each for what is kept. So the row of the plain drain has
  two in each round.
- Finished kept: the million of the row on memory, with pruning put off, and those of the drains
  before: 1.0 to 1.6 million.
- Lines per job: what each logs unless told otherwise, to a file. Dramatiq and PGQueuer log nothing
  for a job that succeeds.
- In the server's process: `my-app server`, with a view that schedules.
- PGQueuer's jobs are coroutines in one thread, as it has no others; naps block ten threads.
- Memory: what is resident, of all the worker's processes together. What the servers (Redis,
  RabbitMQ, PostgreSQL) use is not counted.
- 2 ms more for each fsync: a library loaded before libc slows fsync and fdatasync down."""


@dataclass(frozen=True)
class Page:
    """All that benchmarks/RESULTS.md tells."""

    results: Results
    rounds: int
    machine: dict[str, str]
    versions: dict[str, str]
    """By contender's name."""
    settings: dict[str, str]
    loads: list[str]
    """What else kept the machine busy, at the start of each round and at the end."""

    def text(self) -> str:
        """Return the page in Markdown."""
        return f"""\
# What `make bench` measured

Medians of {self.rounds} rounds, in which the contenders took turns scene by scene. Jobs do nothing
but count themselves in shared memory, workers have 10 threads, and durability is each one's
default. `ratio` is our figure as a multiple of the peer's that the goal names, or of the goal.

{markdown(self.results.table())}

![The first rows as bars](results.svg)

## How

{NOTES}

## Machine

{_list([f"{name}: {words}" for name, words in self.machine.items()])}
- At the start of each round, and at the end:
{_list(self.loads, "  ")}

## Versions and settings

{_list([f"{name}: {words}. {self.settings[name]}." for name, words in self.versions.items()])}

## What is missing

{_list(self.results.words or ["nothing"])}

## The least and the most of the rounds

{markdown(self.results.spread())}
"""


def markdown(rows: list[list[str]]) -> str:
    """Return a table for Markdown, the first column to the left."""
    heads, *rest = rows
    rules = ["---", *["--:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rules, *rest))


def aligned(rows: list[list[str]]) -> str:
    """Return a table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def _list(lines: Sequence[str], indent: str = "") -> str:
    return "\n".join(f"{indent}- {line}" for line in lines)
