"""Count jobs by their states and queues: what costs time when there are a million of them."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from ..job import State
from .overview import SCHEDULED_COUNTED, Depth, Overview

Read = Callable[..., list[tuple[Any, ...]]]

# Each count reads one index, and no row.
_RESTING = """
SELECT 'scheduled', count(*) FROM jobs WHERE state = 'scheduled'
UNION ALL SELECT 'completed', count(*) FROM jobs WHERE state = 'completed'
UNION ALL SELECT 'failed', count(*) FROM jobs WHERE state = 'failed'
UNION ALL SELECT 'cancelled', count(*) FROM jobs WHERE state = 'cancelled'
"""

_LIVE = """
UNION ALL SELECT 'ready', count(*) FROM jobs WHERE state = 'ready' AND held = 0
UNION ALL SELECT 'ready', count(*) FROM jobs
    WHERE limit_key IS NOT NULL AND state IN ('ready', 'running') AND held = 1
UNION ALL SELECT 'running', count(*) FROM jobs WHERE state = 'running'
"""

# How many are ready in each queue, and when the first of them was due. The index is stepped through
# from the head of one priority to the next, and each counted by itself: half of a GROUP BY's time.
# The next hundred of each are looked at: a retried job goes before those that were due before it.
_READY = """
WITH RECURSIVE heads (number) AS (
    SELECT * FROM (SELECT number FROM jobs WHERE state = 'ready' AND held = 0
                   ORDER BY queue, priority DESC, number LIMIT 1) AS first
    UNION ALL
    SELECT coalesce(
        (SELECT number FROM jobs WHERE state = 'ready' AND held = 0
            AND queue = last.queue AND priority < last.priority
         ORDER BY priority DESC, number LIMIT 1),
        (SELECT number FROM jobs WHERE state = 'ready' AND held = 0 AND queue > last.queue
         ORDER BY queue, priority DESC, number LIMIT 1))
    FROM heads JOIN jobs AS last USING (number)
)
SELECT queue,
       CAST(sum((SELECT count(*) FROM jobs WHERE state = 'ready' AND held = 0
                     AND queue = head.queue AND priority = head.priority)) AS BIGINT),
       min((SELECT min(run_at) FROM (
            SELECT run_at FROM jobs WHERE state = 'ready' AND held = 0
                AND queue = head.queue AND priority = head.priority
            ORDER BY number LIMIT 100) AS next))
FROM heads JOIN jobs AS head USING (number) GROUP BY queue
"""

NOT_READY = """
SELECT queue, 'running', count(*) FROM jobs WHERE state = 'running' GROUP BY queue
UNION ALL
SELECT queue, 'ready', count(*) FROM jobs INDEXED BY jobs_held
    WHERE state = 'ready' AND held = 1 GROUP BY queue
UNION ALL
SELECT queue, 'scheduled', count(*) FROM
    (SELECT queue FROM jobs WHERE state = 'scheduled' ORDER BY run_at LIMIT ?) AS next
    GROUP BY queue
"""


def counts(read: Read) -> dict[State, int]:
    """Return how many jobs are in each state."""
    return _sums(read(_RESTING + _LIVE))


def overview(read: Read, paused: Iterable[str]) -> Overview:
    """Return the same, and how much there is to do in each queue, with each job counted once."""
    depths = {queue: Depth(queue, paused=True) for queue in paused}
    for queue, ready, oldest in read(_READY):
        depth = depths.get(queue, Depth(queue))
        depths[queue] = replace(depth, ready=ready, oldest=oldest)
    for queue, state, count in read(NOT_READY, (SCHEDULED_COUNTED,)):
        depth = depths.get(queue, Depth(queue))
        depths[queue] = replace(depth, **{state: getattr(depth, state) + count})
    found = _sums(read(_RESTING))
    found[State.READY] = sum(depth.ready for depth in depths.values())
    found[State.RUNNING] = sum(depth.running for depth in depths.values())
    return Overview(found, [depths[queue] for queue in sorted(depths)])


def _sums(found: Iterable[tuple[Any, ...]]) -> dict[State, int]:
    sums = dict.fromkeys(State, 0)
    for state, count in found:
        sums[State(state)] += count
    return sums
