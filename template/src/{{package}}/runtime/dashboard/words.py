"""Times and numbers as people read them."""

from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def span(seconds: float | None) -> str:
    """Return a time in its largest unit: `340 ms`, `12 s`, `3 min`; `-` for None."""
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return "-"


def since(moment: float | None, now: float) -> str:
    """Return how far a moment is from now: `12 s ago`, `in 3 min`; both are UTC seconds."""
    if moment is None:
        return "-"
    if abs(now - moment) < 1:
        return "now"
    return f"{span(now - moment)} ago" if moment < now else f"in {span(moment - now)}"


def exact(moment: float | None) -> str:
    """Return UTC seconds as `2026-11-24 04:14:20 UTC`."""
    if moment is None:
        return ""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{moment:g}"


def number(value: float) -> str:
    """Return a count with its thousands apart."""
    return f"{value:,.0f}"
