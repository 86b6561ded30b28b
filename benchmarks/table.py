"""The rows of `make bench`, their goals, and the figures of a run under them."""

import statistics
from dataclasses import dataclass, field

from measures import Figures

OURS = "ours"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    key: str
    title: str
    unit: str = "jobs/s"
    goal: float | None = None
    """What our figure should be; of the peer's, if one is named."""
    peer: str | None = None
    lower: bool = False
    """Whether less is better."""
    digits: int = 0

    def show(self, figure: float | None) -> str:
        """Return the figure as it is written in the table."""
        return "-" if figure is None else f"{figure:,.{self.digits}f}"


ROWS = (
    Row("drain", "drain, no lines per job", goal=20, peer="huey-sqlite"),
    Row("processes", "the same, 10 threads in 2 processes"),
    Row("run", "schedule and run, 1 producer in another process", goal=3, peer="huey-sqlite"),
    Row("p50", "latency from another process, idle, p50", "ms", 1, "huey-redis", True, 2),
    Row("p99", "latency from another process, idle, p99", "ms", 1, "huey-redis", True, 2),
    Row("behind", "drain with 1,000,000 waiting behind, of without", "ratio", 0.95, digits=2),
    Row("kept", "drain with 1,000,000 finished kept, of without", "ratio", 0.95, digits=2),
    Row("lines", "drain, lines per job as they are by default", goal=20_000),
    Row("ten", "10 producer threads in the server's process", goal=10_000),
    Row("bulk", "bulk scheduling, 1,000 at once", goal=100_000),
    Row("same", "latency in the same process, p50", "ms", 0.9, None, True, 2),
    Row("same p99", "latency in the same process, p99", "ms", None, None, True, 2),
    Row("burning", "the same with one CPU-bound job running, p50", "ms", 5, None, True, 2),
    Row("burning p99", "the same with one CPU-bound job running, p99", "ms", None, None, True, 2),
    Row("naps", "10 ms sleeps on 10 threads, of ideal", "%", 97, digits=1),
    Row("cpu", "idle worker, CPU", "%", 0.1, None, True, 3),
    Row("memory", "idle worker, memory", "MiB", 40, None, True, 1),
    Row("growth", "memory after 1,000,000 jobs, of after 500,000", "ratio", 1.05, None, True, 3),
    Row("late", "memory after 1,000,000 jobs", "MiB", None, None, True, 1),
    Row("slow disk", "2 ms more for each fsync, 10 producer threads", goal=1_800),
)


@dataclass
class Results:
    """What was measured: by contender and row, a figure of each round."""

    names: dict[str, str]
    """Each contender's key, and its name."""
    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    """What was skipped or has failed, and why."""

    def add(self, side: str, figures: Figures) -> None:
        """Take in the figures of one scene."""
        for key, figure in figures.items():
            self.figures.setdefault(side, {}).setdefault(key, []).append(figure)

    def median(self, side: str, key: str) -> float | None:
        """Return the median over the rounds, if there is a figure."""
        rounds = self.figures.get(side, {}).get(key)
        return statistics.median(rounds) if rounds else None

    def ratio(self, row: Row) -> float | None:
        """Return our figure as a multiple of the peer's that is the measure, or of the goal."""
        mine = self.median(OURS, row.key)
        other = self.median(row.peer, row.key) if row.peer else row.goal
        return mine / other if mine is not None and other else None

    def is_met(self, row: Row) -> bool | None:
        """Whether we are where we want to be; None if that cannot be said."""
        ratio = self.ratio(row)
        if ratio is None or row.goal is None:
            return None
        goal = row.goal if row.peer else 1.0
        return ratio <= goal if row.lower else ratio >= goal

    def goal(self, row: Row) -> str:
        """Return the goal in words."""
        if row.goal is None:
            return ""
        sign = "≤" if row.lower else "≥"
        if row.peer:
            return f"{sign} {row.goal:g} x {self.names.get(row.peer, row.peer)}"
        return f"{sign} {row.goal:,g}"

    def table(self) -> list[list[str]]:
        """Return the cells, the heads first."""
        heads = ["", "unit", "goal", *self.names.values(), "ratio", "met"]
        met = {True: "yes", False: "no", None: ""}
        return [heads] + [
            [
                *(row.title, row.unit, self.goal(row)),
                *(row.show(self.median(side, row.key)) for side in self.names),
                "" if (ratio := self.ratio(row)) is None else f"{ratio:.2f}",
                met[self.is_met(row)],
            ]
            for row in ROWS
        ]

    def spread(self) -> list[list[str]]:
        """Return the least and the most of the rounds, likewise."""
        heads = ["", "unit", *self.names.values()]
        return [heads] + [
            [row.title, row.unit, *(self._range(row, side) for side in self.names)] for row in ROWS
        ]

    def _range(self, row: Row, side: str) -> str:
        rounds = self.figures.get(side, {}).get(row.key)
        if not rounds:
            return "-"
        return f"{row.show(min(rounds))} to {row.show(max(rounds))}"
