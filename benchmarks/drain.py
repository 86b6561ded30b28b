"""One side of the show: a queue drained while its processes are killed, and the account."""

import json
import random
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from making import REPOSITORY, clean_environment
from record import Record
from view import View

SIDES = REPOSITORY / "benchmarks" / "sides"

SECONDS = 0.02
"""How long a job sleeps."""

QUIET = 15.0
"""Seconds without any change after which a side is over. Idle, Huey looks every 10 s at most."""

LOOK = 0.2
"""Seconds between two looks at the queue: looking costs the queue something too."""

DEADLINE = 300.0
"""Seconds after which a side is over whatever it does."""

SEED = 7
"""Who is killed is drawn from this, so that it is the same on both sides."""


@dataclass(frozen=True)
class Side:
    """A queue, and the commands that make it work."""

    name: str
    settings: str
    root: Path
    members: dict[str, list[str]]
    """What is killed, and started again at once."""
    scheduler: list[str]
    teller: list[str]


class Drain:
    """One side's run."""

    def __init__(self, side: Side, jobs: int, every: float) -> None:
        self.side = side
        self.jobs = jobs
        self.every = every
        self.record = Record(side.root / "record")
        self.killed: set[str] = set()
        self.in_mid_run = 0
        self.deaths = 0
        """How many members ended by themselves."""
        self.seconds = 0.0
        """From the start to the last end of a job."""
        self.verdict = "it drained"
        self._log = (side.root / "log").open("ab")
        self._generation: Counter[str] = Counter()
        self._running: dict[str, tuple[str, subprocess.Popen[str]]] = {}
        self._others: list[subprocess.Popen[str]] = []
        self._draw = random.Random(SEED)  # noqa: S311 - the same draw on both sides is the point
        self._view = View(jobs)

    def play(self) -> None:
        """Schedule, kill and watch until all is done, or nothing changes any more."""
        self._teller = self._spawn("teller", self.side.teller)
        self.versions = self._ask("versions")
        scheduler = self._spawn("scheduler", [*self.side.scheduler, str(self.jobs)])
        for name in self.side.members:
            self._start(name)
        began = changed = time.monotonic()
        next_kill = began + self.every
        before: dict[str, int] = {}
        ended = 0
        while True:
            time.sleep(LOOK)
            counts = self._ask("counts")
            now = time.monotonic()
            if self.record.read() or counts != before:
                changed, before = now, counts
            if (total := self.record.ended.total()) > ended:
                ended, self.seconds = total, now - began
            self._view.show(now, self._shown(counts))
            busy = bool(counts["waiting"] or counts.get("claimed") or self._in_hand())
            if scheduler.poll() is not None and not busy and self._is_complete():
                break
            if now - changed > QUIET:
                self.verdict = f"nothing changed for {QUIET:.0f} s"
                break
            if now - began > DEADLINE:
                self.verdict = f"it was stopped after {DEADLINE:.0f} s"
                break
            self._restart_the_ended()
            if now >= next_kill:
                next_kill += self.every
                if busy:
                    self._kill()
        self.left = set(self._ask("left")) | set(self._in_hand())
        self.failed = self._shown(counts)["failed"]

    def close(self) -> None:
        """End every process."""
        for process in (*(each for _, each in self._running.values()), *self._others):
            process.kill()
            process.wait()
        self._log.close()

    def _is_complete(self) -> bool:
        return self.record.kept <= self.record.ended.keys()

    def _in_hand(self) -> list[int]:
        return [n for label, _ in self._running.values() for n in self.record.open.get(label, ())]

    def _shown(self, counts: dict[str, int]) -> dict[str, int]:
        return {
            "waiting": counts["waiting"],
            "running": len(self._in_hand()),
            "completed": len(self.record.ended),
            "failed": counts.get("failed", len(self.record.raised - self.record.ended.keys())),
            "kills": len(self.killed),
        }

    def _ask(self, question: str) -> Any:
        asked, answers = self._teller.stdin, self._teller.stdout
        if asked is not None and answers is not None:
            asked.write(question + "\n")
            asked.flush()
            if answer := answers.readline():
                return json.loads(answer)
        raise AssertionError((self.side.root / "log").read_text())

    def _spawn(self, label: str, command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=self.side.root,
            env={
                **clean_environment(),
                "PYTHONPATH": str(SIDES),
                "CHAOS_RECORD": str(self.record.path),
                "CHAOS_PROCESS": label,
                "CHAOS_SECONDS": str(SECONDS),
                "LOG_LEVEL": "ERROR",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if label == "teller" else self._log,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        if label in {"teller", "scheduler"}:
            self._others.append(process)
        return process

    def _start(self, name: str) -> None:
        self._generation[name] += 1
        label = f"{name}.{self._generation[name]}"
        self._running[name] = (label, self._spawn(label, self.side.members[name]))

    def _restart_the_ended(self) -> None:
        for name, (_, process) in list(self._running.items()):
            if process.poll() is not None:
                self.deaths += 1
                self._start(name)

    def _kill(self) -> None:
        name = self._draw.choice(sorted(self._running))
        label, process = self._running[name]
        process.kill()
        process.wait()
        self.record.read()
        begun = len(self.record.open.get(label, ()))
        self.in_mid_run += begun
        self.killed.add(label)
        self._view.tell(f"killed {label} with {begun} jobs in mid-run")
        self._start(name)

    def account(self) -> dict[str, str]:
        """Return what became of the jobs, row by row."""
        record = self.record
        unended = record.kept - record.ended.keys()
        again = {number for number, starts in record.starts.items() if len(starts) > 1}
        baseless = {
            number
            for number in again
            if any(start.process not in self.killed for start in record.starts[number][:-1])
        }
        counts = {
            "accepted by the queue": len(record.kept),
            "refused with an error": len(record.refused),
            "kills": len(self.killed),
            "  jobs in mid-run at these": self.in_mid_run,
            "processes that ended by themselves": self.deaths,
            "jobs that started": len(record.starts),
            "jobs that ended": len(record.ended),
            "  ended twice or more": sum(count > 1 for count in record.ended.values()),
            "started twice or more": len(again),
            "  of them without a kill": len(baseless),
            "started and never ended": len(unended & record.starts.keys()),
            "never started": len(unended - record.starts.keys()),
            "still in the queue or running": len(unended & self.left),
            "failed": self.failed,
            "LOST": len(unended - self.left),
        }
        rate = len(record.ended) / self.seconds if self.seconds else 0
        return {
            **{name: f"{count:,}" for name, count in counts.items()},
            "seconds until the last end": f"{self.seconds:.1f}",
            "jobs per second until then": f"{rate:.0f}",
            "how it was over": self.verdict,
        }
