"""Bars as SVG: a panel for each of some rows, a bar for each contender."""

from html import escape

from table import OURS, Results, Row

WIDTH, LABEL, BAR, GAP, HEAD = 720, 150, 18, 6, 34
ROOM = WIDTH - LABEL - 120
"""What the longest bar may take; the rest is for its label and its figure."""


def draw(results: Results, rows: list[Row]) -> str:
    """Return the picture; a contender without a figure has no bar."""
    parts: list[str] = []
    top = 0
    for row in rows:
        bars = [
            (side, name, figure)
            for side, name in results.names.items()
            if (figure := results.median(side, row.key)) is not None
        ]
        if not bars:
            continue
        most = max(figure for _, _, figure in bars) or 1
        sense = "less is better" if row.lower else "more is better"
        parts.append(_text(10, top + 22, f"{row.title} ({row.unit}; {sense})", "bold"))
        top += HEAD
        for side, name, figure in bars:
            width = max(ROOM * figure / most, 1)
            color = "#2f7d4f" if side == OURS else "#9aa5b1"
            parts.append(
                f'<rect x="{LABEL}" y="{top}" width="{width:.1f}" height="{BAR}" fill="{color}"/>'
            )
            parts.append(_text(10, top + 14, name))
            parts.append(_text(LABEL + width + 6, top + 14, row.show(figure)))
            top += BAR + GAP
    height = top + 10
    bars_and_words = "\n".join(parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" \
viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<rect width="{WIDTH}" height="{height}" fill="white"/>
{bars_and_words}
</svg>
"""


def _text(x: float, y: float, words: str, weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y}" font-weight="{weight}">{escape(words)}</text>'
