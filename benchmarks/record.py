"""What the jobs and their scheduler have written down, outside any queue."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Start:
    """A job that was begun."""

    process: str
    ended: bool = False


@dataclass
class Record:
    """The file, read as it grows."""

    path: Path
    kept: set[int] = field(default_factory=set)
    """Jobs that the queue has accepted."""
    refused: set[int] = field(default_factory=set)
    raised: set[int] = field(default_factory=set)
    starts: dict[int, list[Start]] = field(default_factory=dict)
    open: dict[str, dict[int, Start]] = field(default_factory=dict)
    """By process, the jobs that it has begun and not ended."""
    ended: Counter[int] = field(default_factory=Counter)
    read_to: int = 0

    def read(self) -> bool:
        """Take in what is new; return whether there was anything."""
        if not self.path.exists():
            return False
        with self.path.open("rb") as file:
            file.seek(self.read_to)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self.read_to += len(whole)
        for line in whole.decode().splitlines():
            event, number, process = line.split()
            self._enter(event, int(number), process)
        return bool(whole)

    def _enter(self, event: str, number: int, process: str) -> None:
        begun = self.open.setdefault(process, {})
        match event:
            case "start":
                begun[number] = Start(process)
                self.starts.setdefault(number, []).append(begun[number])
            case "end":
                begun.pop(number, Start(process)).ended = True
                self.ended[number] += 1
            case "kept":
                self.kept.add(number)
            case "refused":
                self.refused.add(number)
            case _:
                self.raised.add(number)
