"""The queue's figures in the text format of Prometheus."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ..job import State
from ..queue.overview import BOUNDS, Depth, Tally
from ..queue.protocol import Inspector

TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = dict[str, str]


def metrics(queue: Inspector, now: float) -> str:
    """Return all metrics at this moment, in UTC seconds. Raises QueueError."""
    overview, tallies = queue.overview(), queue.totals()
    depths = overview.depths
    peers, removed = queue.peers(), queue.removed()
    lines = [
        *_metric("jobs", "gauge", "Jobs by state.", _states(overview.counts)),
        *_metric(
            "jobs_waiting",
            "gauge",
            "Jobs that may run now, by queue.",
            [({"queue": each.queue}, each.ready) for each in depths],
        ),
        *_metric(
            "jobs_oldest_waiting_seconds",
            "gauge",
            "Seconds since the queue's oldest ready job was due.",
            _ages(depths, now),
        ),
        *_metric(
            "jobs_queue_paused",
            "gauge",
            "1 for a queue that is paused.",
            [({"queue": each.queue}, int(each.paused)) for each in depths],
        ),
        *_metric("jobs_worker_processes", "gauge", "Worker processes.", [({}, len(peers))]),
        *_metric(
            "jobs_worker_threads",
            "gauge",
            "Threads of all worker processes.",
            [({}, sum(each.threads for each in peers))],
        ),
        *_metric(
            "jobs_removed_total",
            "counter",
            "Finished jobs that were removed for good.",
            [({"reason": reason}, count) for reason, count in sorted(removed.items())],
        ),
        *_metric("jobs_attempts_total", "counter", "Runs that ended.", _attempts(tallies)),
        *_histogram("jobs_run_seconds", "Time that runs took.", tallies),
        *_waits("jobs_wait_seconds", "Time from when a job was due to its claim.", tallies),
    ]
    return "\n".join(lines) + "\n"


def _metric(
    name: str, kind: str, told: str, samples: Iterable[tuple[Labels, float]]
) -> Iterator[str]:
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield _sample(name, labels, value)


def _sample(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {value:.10g}" if inside else f"{name} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _states(counts: dict[State, int]) -> list[tuple[Labels, float]]:
    return [({"state": state}, count) for state, count in counts.items()]


def _ages(depths: Iterable[Depth], now: float) -> list[tuple[Labels, float]]:
    return [
        ({"queue": each.queue}, 0.0 if each.oldest is None else max(now - each.oldest, 0.0))
        for each in depths
    ]


def _attempts(tallies: Iterable[Tally]) -> list[tuple[Labels, float]]:
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for each in tallies:
        sums[each.queue, each.name, each.outcome] += each.runs
    return [
        ({"queue": queue, "job": name, "outcome": outcome}, runs)
        for (queue, name, outcome), runs in sorted(sums.items())
    ]


def _histogram(metric: str, told: str, tallies: Iterable[Tally]) -> Iterator[str]:
    runs: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for each in tallies:
        runs[each.queue, each.name][each.bucket] += each.runs
        seconds[each.queue, each.name] += each.ran
    yield f"# HELP {metric} {told}"
    yield f"# TYPE {metric} histogram"
    for (queue, name), buckets in sorted(runs.items()):
        labels = {"queue": queue, "job": name}
        below = 0
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], buckets, strict=True):
            below += count
            yield _sample(f"{metric}_bucket", labels | {"le": bound}, below)
        yield _sample(f"{metric}_sum", labels, seconds[queue, name])
        yield _sample(f"{metric}_count", labels, below)


def _waits(metric: str, told: str, tallies: Iterable[Tally]) -> Iterator[str]:
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in tallies:
        sums[each.queue][0] += each.waited
        sums[each.queue][1] += each.runs
    yield f"# HELP {metric} {told}"
    yield f"# TYPE {metric} summary"
    for queue, (seconds, runs) in sorted(sums.items()):
        yield _sample(f"{metric}_sum", {"queue": queue}, seconds)
        yield _sample(f"{metric}_count", {"queue": queue}, runs)
