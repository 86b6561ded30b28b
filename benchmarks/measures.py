"""What `make bench` measures: each function plays one scene, and returns figures by row."""

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contender import Contender
from lab import PATIENCE, WARM_UP, BenchError, Lab, Worker, fetch

SLOW_DISK = Path(__file__).with_name("slow_disk.c")

NAPS_PER_SECOND = 1000.0
"""What ten threads can do of jobs that sleep 10 ms."""

Figures = dict[str, float]


@dataclass(frozen=True)
class Sizes:
    """How much is measured; `part` is of the counts that a contender names."""

    part: float = 1.0
    million: int = 1_000_000
    seconds: float = 4.0
    """How long producers produce."""
    idle: float = 8.0
    paced: int = 400
    naps: int = 3000
    longest: float = 10.0
    """Seconds after which a drain is measured by what it has done so far."""


QUICK = Sizes(part=0.02, million=20_000, seconds=0.5, idle=0.5, paced=40, naps=300, longest=2.0)


def drains(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Drain with nothing else in the queue, and twice with far more behind; then alone again."""
    count = _count(side, sizes)
    alone = [_drain(lab, side, sizes, "noop", count)]
    lab.ask(side, "fill", "noop", count + int(side.behind * sizes.part))
    behind = [_run(lab, side, side.worker, count, sizes)]
    lab.ask(side, "add", "noop", count)
    behind.append(_run(lab, side, side.worker, count, sizes))
    alone.append(_drain(lab, side, sizes, "noop", count))
    return {
        "drain": statistics.fmean(alone),
        "behind": statistics.fmean(behind) / statistics.fmean(alone),
    }


def lines(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Drain with the log as it is unless one asks for less, written to a file."""
    count = _count(side, sizes)
    lab.ask(side, "fill", "noop", count)
    return {"lines": _run(lab, side, side.talkative, count, sizes)}


def latency(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Schedule now and then, from another process, what an idle worker runs at once."""
    with lab.warm(side) as worker:
        lab.ask(side, "pace", sizes.paced)
        worker.wait_for(WARM_UP + sizes.paced)
        p50, p99 = _percentiles(worker)
    return {"p50": p50, "p99": p99}


def across(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Leave a worker idle, then schedule from another process without end."""
    with lab.warm(side) as worker:
        figures = _rest(worker, sizes)
        made = lab.ask(side, "produce", sizes.seconds)
        ended = worker.wait_for(WARM_UP + made["count"], float("inf"))
    return {**figures, "run": made["count"] / (ended.last - made["began"])}


def processes(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Drain with as many threads in two processes: Python lets one thread of each compute."""
    count = _count(side, sizes)
    lab.ask(side, "fill", "noop", count)
    return {"processes": _run(lab, side, side.processes or side.worker, count, sizes)}


def naps(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Run jobs that sleep."""
    rate = _drain(lab, side, sizes, "nap", sizes.naps)
    return {"naps": 100 * rate / NAPS_PER_SECOND}


def bulk(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Schedule many at once, while nobody runs them."""
    lab.ask(side, "prepare")
    answer: Figures = lab.ask(side, "bulk", sizes.seconds)
    return {"bulk": answer["rate"]} if answer else {}


def million(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Run a million jobs in one worker; drain with all of them kept as finished, and without.

    What is without is measured before and after, and either twice: one drain and the next differ
    by more than what a million rows cost.
    """
    count = _count(side, sizes)
    alone = [_drain(lab, side, sizes, "noop", count) for _ in range(2)]
    lab.ask(side, "fill", "noop", sizes.million)
    with lab.running(side, side.worker) as worker:
        worker.wait_for(sizes.million // 2, float("inf"))
        early = worker.memory()
        worker.wait_for(sizes.million, float("inf"))
        late = worker.memory()
    memory = {"growth": late / early, "late": late} if early else {}
    kept = []
    for _ in range(4):
        lab.ask(side, "add", "noop", count)
        kept.append(_run(lab, side, side.worker, count, sizes))
    alone += [_drain(lab, side, sizes, "noop", count) for _ in range(2)]
    drained = statistics.fmean(kept)
    return {"drain kept": drained, "kept": drained / statistics.fmean(alone), **memory}


def in_server(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Schedule in the process that runs the jobs: ten threads, one now and then, one that waits."""
    figures = {}
    with _server(lab, side) as (worker, ask):
        figures["ten"] = _ten_producers(worker, ask, sizes)
    for name, more in {"same": {}, "burning": {"burns": 0.01 * sizes.paced + 1}}.items():
        with _server(lab, side) as (worker, ask):
            ask(paced=sizes.paced, **more)
            worker.wait_for(sizes.paced + len(more))
            figures[name], figures[f"{name} p99"] = _percentiles(worker)
    return figures


def slow_disk(lab: Lab, side: Contender, sizes: Sizes) -> Figures:
    """Schedule from ten threads of the server while each flush takes 2 ms longer."""
    library = lab.folder / "slow_disk.so"
    compiler = shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        raise BenchError("it takes Linux and gcc to slow the disk down")
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(library), str(SLOW_DISK), "-ldl"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"gcc: {done.stderr.strip().splitlines()[-1]}")
    with _server(lab, side, LD_PRELOAD=str(library)) as (worker, ask):
        return {"slow disk": _ten_producers(worker, ask, sizes)}


def _rest(worker: Worker, sizes: Sizes) -> Figures:
    if not worker.memory():
        return {}
    time.sleep(0.1 * sizes.idle)
    before, began = worker.cpu(), time.monotonic()
    time.sleep(sizes.idle)
    used = worker.cpu() - before
    return {"cpu": 100 * used / (time.monotonic() - began), "memory": worker.memory()}


def _count(side: Contender, sizes: Sizes) -> int:
    return max(int(side.jobs * sizes.part), 500)


def _drain(lab: Lab, side: Contender, sizes: Sizes, name: str, count: int) -> float:
    lab.ask(side, "fill", name, count)
    return _run(lab, side, side.worker, count, sizes)


def _run(lab: Lab, side: Contender, command: list[str], count: int, sizes: Sizes) -> float:
    # Else who filled the queue leaves the disk busy, for ten seconds after a million jobs.
    os.sync()
    with lab.running(side, command) as worker:
        return worker.wait_for(count, sizes.longest).rate


@contextlib.contextmanager
def _server(
    lab: Lab, side: Contender, **environment: str
) -> Iterator[tuple[Worker, Callable[..., Any]]]:
    lab.ask(side, "prepare")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*(side.server or ()), "--port", str(port)]
    with lab.running(side, command, **environment) as worker:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if worker.process.poll() is not None or time.monotonic() > deadline:
                    raise BenchError("the server does not answer") from None
                time.sleep(0.05)
        yield worker, fetch(f"http://127.0.0.1:{port}/bench")


def _ten_producers(worker: Worker, ask: Callable[..., Any], sizes: Sizes) -> float:
    made = ask(seconds=sizes.seconds)
    ended = worker.wait_for(made["count"], float("inf"))
    return float(made["count"] / (ended.last - made["began"]))


def _percentiles(worker: Worker) -> tuple[float, float]:
    waited = worker.latencies()
    return statistics.median(waited), waited[int(0.99 * len(waited))]
