"""How far a side is, while it runs."""

import sys
from collections import deque

from fresh import say


class View:
    """Redrawn lines on a terminal, else a line a second."""

    BAR = 60

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._terminal = sys.stdout.isatty()
        self._next = 0.0
        self._drawn = 0
        self._event = ""
        self._history: deque[tuple[float, int]] = deque()

    def tell(self, event: str) -> None:
        """Show this from now on."""
        self._event = event

    def show(self, now: float, counts: dict[str, int]) -> None:
        """Show how far it is, if it is time."""
        if now < self._next:
            return
        self._next = now + (0.2 if self._terminal else 1.0)
        words = "   ".join(f"{name} {count:>6,}" for name, count in counts.items())
        lines = [f"{words}   jobs/s {self._rate(now, counts['completed']):>5,.0f}"]
        if self._terminal:
            full = self.BAR * counts["completed"] // max(self._jobs, 1)
            lines += [f"[{'#' * full:<{self.BAR}}]", self._event]
        sys.stdout.write(f"\033[{self._drawn}F\033[J" if self._drawn else "")
        self._drawn = len(lines) if self._terminal else 0
        say("\n".join(lines))

    def _rate(self, now: float, completed: int) -> float:
        self._history.append((now, completed))
        while len(self._history) > 2 and self._history[1][0] <= now - 1:
            self._history.popleft()
        since, before = self._history[0]
        return (completed - before) / (now - since) if now > since else 0.0
