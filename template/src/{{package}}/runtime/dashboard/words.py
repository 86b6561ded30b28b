"""Times and numbers as people read them."""

from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def span(seconds: float | None) -> str:
    """Return how long something takes: `340 ms`, `2.5 s`, `12 s`, `1 min 24 s`; `-` for None."""
    if seconds is None:
        return "-"
    if seconds < 0.9995:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{round(seconds, 1):g} s"
    parts: list[tuple[int, str]] = []
    left = round(seconds)
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)


def since(moment: float | None, now: float) -> str:
    """Return how far a moment is from now: `12 s ago`, `in 3 min`; both are UTC seconds."""
    if moment is None:
        return "-"
    seconds = abs(now - moment)
    size, unit = next((each for each in _UNITS if seconds >= each[0]), (1, ""))
    if not unit:
        return "now"
    far = f"{seconds / size:.0f} {unit}"
    return f"{far} ago" if moment < now else f"in {far}"


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
