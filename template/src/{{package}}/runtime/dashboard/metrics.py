"""The queue's figures in the text format of Prometheus."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ..operating import living
from ..queue.overview import BOUNDS, Depth, Tally
from ..queue.protocol import Inspector

TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = dict[str, str]
Sample = tuple[str, Labels, float]
"""What its name ends in beyond the metric's, its labels, its value."""


def metrics(queue: Inspector, now: float) -> str:
    """Return all metrics at this moment, in UTC seconds. Raises QueueError."""
    overview, tallies = queue.overview(), queue.totals()
    depths = overview.depths
    peers, removed = living(queue), queue.removed()
    lines = [
        *_metric(
            "jobs",
            "gauge",
            "Jobs by state.",
            [("", {"state": state}, count) for state, count in overview.counts.items()],
        ),
        *_metric(
            "jobs_waiting",
            "gauge",
            "Jobs that may run now, by queue.",
            [("", {"queue": each.queue}, each.ready) for each in depths],
        ),
        *_metric(
            "jobs_oldest_waiting_seconds",
            "gauge",
            "Seconds since the queue's oldest ready job was due.",
            [("", {"queue": each.queue}, _age(each, now)) for each in depths],
        ),
        *_metric(
            "jobs_queue_paused",
            "gauge",
            "1 for a queue that is paused.",
            [("", {"queue": each.queue}, int(each.paused)) for each in depths],
        ),
        *_metric("jobs_worker_processes", "gauge", "Worker processes.", [("", {}, len(peers))]),
        *_metric(
            "jobs_worker_threads",
            "gauge",
            "Threads of all worker processes.",
            [("", {}, sum(each.threads for each in peers))],
        ),
        *_metric(
            "jobs_removed_total",
            "counter",
            "Finished jobs that were removed for good.",
            [("", {"reason": reason}, count) for reason, count in sorted(removed.items())],
        ),
        *_metric("jobs_attempts_total", "counter", "Runs that ended.", _attempts(tallies)),
        *_metric("jobs_run_seconds", "histogram", "Time that runs took.", _runs(tallies)),
        *_metric(
            "jobs_wait_seconds",
            "summary",
            "Time from when a job was due to its claim.",
            _waits(tallies),
        ),
    ]
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} {kind}"
    for end, labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        yield f"{name}{end}{f'{{{inside}}}' if inside else ''} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _age(depth: Depth, now: float) -> float:
    return 0.0 if depth.oldest is None else max(now - depth.oldest, 0.0)


def _attempts(tallies: Iterable[Tally]) -> Iterator[Sample]:
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for each in tallies:
        sums[each.queue, each.name, each.outcome] += each.runs
    for (queue, name, outcome), runs in sorted(sums.items()):
        yield "", {"queue": queue, "job": name, "outcome": outcome}, runs


def _runs(tallies: Iterable[Tally]) -> Iterator[Sample]:
    runs: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for each in tallies:
        runs[each.queue, each.name][each.bucket] += each.runs
        seconds[each.queue, each.name] += each.ran
    for (queue, name), buckets in sorted(runs.items()):
        labels = {"queue": queue, "job": name}
        below = 0
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], buckets, strict=True):
            below += count
            yield "_bucket", labels | {"le": bound}, below
        yield "_sum", labels, seconds[queue, name]
        yield "_count", labels, below


def _waits(tallies: Iterable[Tally]) -> Iterator[Sample]:
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in tallies:
        sums[each.queue][0] += each.waited
        sums[each.queue][1] += each.runs
    for queue, (seconds, runs) in sorted(sums.items()):
        yield "_sum", {"queue": queue}, seconds
        yield "_count", {"queue": queue}, runs
