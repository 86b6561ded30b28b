"""What a check has found, and how it is told."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters; with `doctor --check` a problem is an error."""

    GOOD = "good"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One thing that a check saw, and what to do about it."""

    level: Level
    text: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"\n{'':9}{self.advice}" if self.advice else ""
        return f"{self.level:<8} {self.text}{advice}"


def join(names: list[str]) -> str:
    """Return the names in one line, the first ten of them."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
