"""Bars over the last hour as SVG: one for each minute, without a script or a style of its own."""

import math
from collections.abc import Callable, Iterable, Sequence

import msgspec
from markupsafe import Markup

from ..queue.overview import MINUTES_KEPT as MINUTES
from ..queue.overview import Minute
from . import words

WIDTH, HEIGHT = 360, 150
LEFT, TOP, BOTTOM = 48, 8, 20
BAR = (WIDTH - LEFT) / MINUTES
BASE = HEIGHT - BOTTOM
AGES = ((60, "1 h ago"), (45, "45 min"), (30, "30 min"), (15, "15 min"), (0, "now"))

COUNT = (1.0,)
TIME = (0.001, 1.0, 60.0, 3600.0)
"""Units in which an axis has round numbers."""


class Bars(msgspec.Struct, frozen=True):
    """What one colour shows: a value for each minute, the oldest first."""

    name: str
    style: str
    """Its class in style.css."""
    values: Sequence[float]


class Chart(msgspec.Struct, frozen=True):
    """Stacked bars, with the words that tell the same to who cannot see them."""

    title: str
    value: str
    """What the whole hour comes to."""
    told: str
    """What that is."""
    peak: str
    """What the highest bar is."""
    bars: Sequence[Bars]
    write: Callable[[float], str]
    """Writes a value."""
    units: Sequence[float]


def charts(minutes: Iterable[Minute], last: int) -> list[Markup]:
    """Return the charts of the hour that ends with the minute `last`: ends, waits, run times."""
    ends = {"completed": [0.0] * MINUTES, "failed": [0.0] * MINUTES, "other": [0.0] * MINUTES}
    runs, waited, ran = ([0.0] * MINUTES for _ in range(3))
    for each in minutes:
        place = each.minute - last + MINUTES - 1
        if 0 <= place < MINUTES:
            ends[each.outcome if each.outcome in ends else "other"][place] += each.runs
            runs[place] += each.runs
            waited[place] += each.waited
            ran[place] += each.ran
    stacked = [
        Bars("completed", "completed", ends["completed"]),
        Bars("failed", "failed", ends["failed"]),
        Bars("retried or cancelled", "other", ends["other"]),
    ]
    throughput = Chart(
        *("Throughput", words.number(sum(runs)), "runs ended", "busiest minute"),
        *(stacked, words.number, COUNT),
    )
    wait = _means("Wait", "from due to start, mean", "wait", waited, runs)
    run_time = _means("Run time", "from start to end, mean", "run", ran, runs)
    return [draw(chart, last) for chart in (throughput, wait, run_time)]


def _means(
    title: str, told: str, style: str, seconds: Sequence[float], runs: Sequence[float]
) -> Chart:
    means = [total / max(count, 1) for total, count in zip(seconds, runs, strict=True)]
    whole = words.span(sum(seconds) / sum(runs) if any(runs) else None)
    bars = [Bars(title.lower(), style, means)]
    return Chart(title, whole, told, "slowest minute", bars, words.span, TIME)


def draw(chart: Chart, last: int) -> Markup:
    """Return one chart as a figure; the last bars are those of the minute `last`."""
    sums = [sum(column) for column in zip(*(each.values for each in chart.bars), strict=True)]
    top = ceiling(max(sums), chart.units)
    peak = f"{chart.peak}: {chart.write(max(sums))}" if any(sums) else "no runs"
    return Markup(
        '<figure class="chart"><figcaption><b>{title}</b><strong>{value}</strong>'
        "<small>{told}, last hour</small></figcaption>"
        '<svg viewBox="0 0 {width} {height}" role="img"'
        ' aria-label="{title}: {value} {told} in the last hour, {peak}">{axes}{bars}</svg>'
        "{keys}</figure>"
    ).format(
        title=chart.title,
        value=chart.value,
        told=chart.told,
        peak=peak,
        keys=_keys(chart.bars) or Markup("<small>{}</small>").format(peak),
        width=WIDTH,
        height=HEIGHT,
        axes=_axes(chart, top),
        bars=_columns(chart, top, last),
    )


def ceiling(value: float, units: Sequence[float]) -> float:
    """Return the end of an axis for values up to this one: its half is a round number too."""
    unit = max((each for each in units if each <= value), default=units[0])
    steps = value / unit
    power = 10.0 ** math.floor(math.log10(max(steps, 1.0)))
    return next(step for step in (2, 4, 6, 8, 10, 20) if steps <= step * power) * power * unit


def _keys(bars: Sequence[Bars]) -> Markup:
    if len(bars) == 1:
        return Markup("")
    keys = Markup("").join(
        Markup('<span class="key {}">{}</span>').format(each.style, each.name) for each in bars
    )
    return Markup('<span class="keys">{}</span>').format(keys)


def _axes(chart: Chart, top: float) -> Markup:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = BASE - share * (BASE - TOP)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y:g}" y2="{y:g}"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">'
            f"{chart.write(share * top) if share else 0}</text>"
        )
    for age, text in AGES:
        anchor = {60: "start", 0: "end"}.get(age, "middle")
        x = WIDTH - age * BAR
        parts.append(f'<text x="{x:g}" y="{HEIGHT - 4}" text-anchor="{anchor}">{text}</text>')
    return Markup("".join(parts))  # noqa: S704 - numbers, and words from here


def _columns(chart: Chart, top: float, last: int) -> Markup:
    parts = []
    for place in range(MINUTES):
        base, shown = float(BASE), [each for each in chart.bars if each.values[place]]
        if not shown:
            continue
        told = ", ".join(f"{chart.write(each.values[place])} {each.name}" for each in shown)
        minute = words.exact((last - MINUTES + 1 + place) * 60)[11:16]
        parts.append(f"<g><title>{minute} UTC: {told}</title>")
        for each in shown:
            # Seen, however little it is beside the others.
            height = max(each.values[place] / top * (BASE - TOP), 1.0)
            base -= height
            parts.append(
                f'<rect class="{each.style}" x="{LEFT + place * BAR:.1f}" y="{base:.1f}" '
                f'width="{BAR - 1:.1f}" height="{height:.1f}"/>'
            )
        parts.append("</g>")
    return Markup("".join(parts))  # noqa: S704 - numbers, and words from here
