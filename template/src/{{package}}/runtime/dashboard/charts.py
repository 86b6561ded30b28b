"""Bars over the last hour as SVG: one for each minute, without a script or a style of its own."""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from markupsafe import Markup

from ..queue.overview import Tally
from . import words

MINUTES = 60
WIDTH, HEIGHT = 480, 120
LEFT, TOP, BOTTOM = 60, 8, 22
BAR = (WIDTH - LEFT) / MINUTES
ROOM = HEIGHT - TOP - BOTTOM


class Bars(msgspec.Struct, frozen=True):
    """What one colour shows: a value for each minute, the oldest first."""

    name: str
    style: str
    """Its class in style.css."""
    values: Sequence[float]


def charts(tallies: Iterable[Tally], minute: int) -> list[Markup]:
    """Return the charts of the hour that ends with this minute: ends, waits and run times."""
    first = minute - MINUTES + 1
    ends = {"completed": [0.0] * MINUTES, "failed": [0.0] * MINUTES, "other": [0.0] * MINUTES}
    runs, waited, ran = ([0.0] * MINUTES for _ in range(3))
    for each in tallies:
        place = each.minute - first
        if 0 <= place < MINUTES:
            ends[each.outcome if each.outcome in ends else "other"][place] += each.runs
            runs[place] += each.runs
            waited[place] += each.waited
            ran[place] += each.ran
    mean_wait = [total / count if count else 0.0 for total, count in zip(waited, runs, strict=True)]
    mean_run = [total / count if count else 0.0 for total, count in zip(ran, runs, strict=True)]
    stacked = [
        Bars("completed", "completed", ends["completed"]),
        Bars("failed", "failed", ends["failed"]),
        Bars("retried or cancelled", "other", ends["other"]),
    ]
    return [
        chart("Runs ended per minute", stacked, words.number),
        chart("Mean wait before a run", [Bars("wait", "wait", mean_wait)], words.span),
        chart("Mean time of a run", [Bars("run", "run", mean_run)], words.span),
    ]


def chart(title: str, bars: Sequence[Bars], unit: Callable[[float], str]) -> Markup:
    """Return one chart as a figure, its bars stacked, with its numbers as text for who cannot see.

    `unit` writes a value.
    """
    sums = [sum(column) for column in zip(*(each.values for each in bars), strict=True)]
    top = max(sums, default=0.0)
    told = f"at most {unit(top)}, now {unit(sums[-1])}" if top else "nothing in the last hour"
    return Markup(
        '<figure class="chart"><figcaption>{title} <small>{told}</small>{legend}</figcaption>'
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}: {told}">'
        '<line class="axis" x1="{left}" x2="{width}" y1="{base}" y2="{base}"/>'
        '<text x="{edge}" y="{high}" text-anchor="end">{top}</text>'
        '<text x="{edge}" y="{base}" text-anchor="end">0</text>'
        '<text x="{left}" y="{below}">1 h ago</text>'
        '<text x="{width}" y="{below}" text-anchor="end">now</text>'
        "{bars}</svg></figure>"
    ).format(
        title=title,
        told=told,
        legend=_legend(bars),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        edge=LEFT - 6,
        base=HEIGHT - BOTTOM,
        high=TOP + 8,
        below=HEIGHT - 4,
        top=unit(top) if top else "",
        bars=_rectangles(bars, top),
    )


def _legend(bars: Sequence[Bars]) -> Markup:
    if len(bars) == 1:
        return Markup("")
    return Markup("").join(
        Markup('<span class="key {}">{}</span>').format(each.style, each.name) for each in bars
    )


def _rectangles(bars: Sequence[Bars], top: float) -> Markup:
    parts = []
    for place in range(MINUTES):
        base = float(HEIGHT - BOTTOM)
        for each in bars:
            if not each.values[place]:
                continue
            # Seen, however little it is beside the others.
            height = max(each.values[place] / top * ROOM, 1.0)
            base -= height
            parts.append(
                f'<rect class="{each.style}" x="{LEFT + place * BAR:.1f}" y="{base:.1f}" '
                f'width="{BAR - 1:.1f}" height="{height:.1f}"/>'
            )
    return Markup("".join(parts))  # noqa: S704 - numbers, and names of classes from above
