"""Pages of the queue's jobs, for the dashboard and the commands: fast at a million rows.

A page begins behind the last job of the one before, found through the index in whose order the
state is listed. A search looks at a bounded number of jobs for one page, and tells how far it came.
"""

# ruff: noqa: S608 - all that is put into a statement is written out here

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ..job import Job, State
from . import rows
from .overview import Filter, Page
from .statements import COLUMNS

LOOK = 30_000
"""Jobs that one page of a search looks at: some 25 ms."""

LOOK_AT_NAMES = 60_000
"""The same, where the index has the names."""

LOOK_AT_ERRORS = 5_000
"""The same for errors, which may be 20,000 characters long."""

Read = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]


class Walk(NamedTuple):
    """Jobs in the order of an index, from behind a place that :a, :b and :c tell of."""

    where: str
    order: str


class Stage(NamedTuple):
    """Walks from one place: what follows the one before in the same order."""

    place: tuple[str, ...]
    """The columns that tell where a job is."""
    first: tuple[Any, ...]
    """The place before all jobs."""
    walks: tuple[Walk, ...]


def _by_time(state: State, column: str, *, newest_first: bool = True) -> tuple[Stage, ...]:
    sign, way = ("<", "DESC") if newest_first else (">", "ASC")
    where = f"state = '{state}' AND ({column}, number) {sign} (:a, :b)"
    first = (math.inf if newest_first else -math.inf, 0)
    return (Stage((column, "number"), first, (Walk(where, f"{column} {way}, number {way}"),)),)


_READY = "state = 'ready' AND held = 0 AND"
_HELD = "state = 'ready' AND held = 1 AND"

STAGES: dict[State | None, tuple[Stage, ...]] = {
    None: (Stage(("number",), (2**62,), (Walk("number < :a", "number DESC"),)),),
    State.SCHEDULED: _by_time(State.SCHEDULED, "run_at", newest_first=False),
    # In the order in which they are claimed, then those that a limit holds back.
    State.READY: (
        Stage(
            ("queue", "priority", "number"),
            ("", 0, 0),
            (
                Walk(f"{_READY} queue = :a AND priority = :b AND number > :c", "number"),
                Walk(f"{_READY} queue = :a AND priority < :b", "priority DESC, number"),
                Walk(f"{_READY} queue > :a", "queue, priority DESC, number"),
            ),
        ),
        Stage(
            ("limit_key", "number"),
            ("", 0),
            (Walk(f"{_HELD} (limit_key, number) > (:a, :b)", "limit_key, number"),),
        ),
    ),
    State.RUNNING: _by_time(State.RUNNING, "started_at"),
    State.COMPLETED: _by_time(State.COMPLETED, "finished_at"),
    State.FAILED: _by_time(State.FAILED, "finished_at"),
    State.CANCELLED: _by_time(State.CANCELLED, "finished_at"),
}


def page(read: Read, wanted: Filter, after: str | None, limit: int) -> Page:
    """Return the next jobs behind `after`, a page's own word; the first ones if it is None."""
    stages = STAGES[wanted.state]
    begin, place = _place(after, stages)
    values: dict[str, Any] = {
        "name": wanted.name.lower(),
        "error": wanted.error.lower(),
        "queue": wanted.queue,
        "look": (look := _look(wanted)),
    }
    found: list[Job] = []
    words: list[str] = []
    for number, stage in enumerate(stages[begin:], begin):
        for walk in stage.walks:
            values |= zip("abc", place, strict=False)
            values["most"] = limit + 1 - len(found)
            for row in read(_statement(walk, wanted), values):
                job = rows.job_of(row)
                found.append(job)
                words.append(_word(number, [getattr(job, column) for column in stage.place]))
            if len(found) > limit:
                return Page(found[:limit], words[limit - 1])
            if wanted.searches and (end := read(_end(stage, walk), values)):
                return Page(found, _word(number, end[0]), looked_at=look)
        place = stages[number + 1].first if number + 1 < len(stages) else ()
    return Page(found, None)


def _statement(walk: Walk, wanted: Filter) -> str:
    if not wanted.searches:
        return f"SELECT {COLUMNS} FROM jobs WHERE {walk.where} ORDER BY {walk.order} LIMIT :most"
    columns = [column for column in ("name", "error", "queue") if getattr(wanted, column)]
    tests = {
        "name": "instr(lower(seen.name), :name)",
        "error": "instr(lower(seen.error), :error)",
        "queue": "seen.queue = :queue",
    }
    return f"""
SELECT {", ".join(f"jobs.{column.strip()}" for column in COLUMNS.split(","))}
FROM (SELECT number AS seen_number, {", ".join(columns)} FROM jobs
      WHERE {walk.where} ORDER BY {walk.order} LIMIT :look) AS seen
LEFT JOIN jobs ON jobs.number = seen.seen_number
WHERE {" AND ".join(tests[column] for column in columns)} LIMIT :most
"""


def _end(stage: Stage, walk: Walk) -> str:
    return f"""
SELECT {", ".join(stage.place)} FROM jobs
WHERE {walk.where} ORDER BY {walk.order} LIMIT 1 OFFSET :look - 1
"""


def _look(wanted: Filter) -> int:
    if wanted.error:
        return LOOK_AT_ERRORS
    return LOOK_AT_NAMES if wanted.state is State.COMPLETED and not wanted.queue else LOOK


def _word(stage: int, place: Sequence[Any]) -> str:
    return msgspec.json.encode([stage, *place]).decode()


def _place(after: str | None, stages: Sequence[Stage]) -> tuple[int, Sequence[Any]]:
    """Return the stage to begin in and the place; the first for what no page has given."""
    try:
        number, *place = msgspec.json.decode(after or "[0]", type=list[int | float | str])
    except (msgspec.DecodeError, ValueError):
        number, place = 0, []
    if isinstance(number, int) and 0 <= number < len(stages):
        wanted = [type(value) for value in stages[number].first]
        small = all(isinstance(value, str) or abs(value) < 2**63 for value in place)
        if [type(value) for value in place] == wanted and small:
            return number, place
    return 0, stages[0].first
