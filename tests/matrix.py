"""Which answers are tried together: each pair of them in at least one app."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import yaml
from making import ANSWERS, REPOSITORY

PARTS: list[str] = list(
    yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8"))["parts"]["choices"].values()
)

NEEDS = {"compose": ("container", "postgres")}
"""The parts that are not made without others."""

LEVELS: dict[str, Sequence[Any]] = {
    "project_name": [answers["project_name"] for answers in ANSWERS.values()],
    "package": ["", "iguana_farm_2"],
    "description": ["", ANSWERS["awkward"]["description"]],
    "author_name": ["", ANSWERS["awkward"]["author_name"]],
    **dict.fromkeys(PARTS, (True, False)),
}
"""What each question is answered with; "" leaves it at its default. A part is a question here."""

Row = dict[str, Any]


def is_possible(row: Mapping[str, Any]) -> bool:
    """Whether no part of the row lacks what it needs; what is not in the row may still come."""
    needed = {need for part, needs in NEEDS.items() if row.get(part) for need in needs}
    return all(row.get(name, True) for name in needed)


def cover_pairs(levels: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Return rows of answers in which each pair of answers to two questions occurs.

    Each row begins with a pair that is still missing, and takes for every other question what
    brings most of the missing ones. What is_possible refuses is in none.
    """

    def possible(row: Mapping[str, int]) -> bool:
        return is_possible({name: levels[name][level] for name, level in row.items()})

    missing = {
        ((one, first), (other, second))
        for one, other in combinations(levels, 2)
        for first in range(len(levels[one]))
        for second in range(len(levels[other]))
        if possible({one: first, other: second})
    }
    rows = []
    while missing:
        row = dict(min(missing))
        for name in (name for name in levels if name not in row):
            row[name] = max(
                [each for each in range(len(levels[name])) if possible({**row, name: each})],
                key=lambda level: sum(pair in missing for pair in _pairs(row, name, level)),
            )
        missing -= {pair for name in row for pair in _pairs(row, name, row[name])}
        rows.append({name: levels[name][level] for name, level in row.items()})
    return rows


def _pairs(row: Mapping[str, int], name: str, level: int) -> set[Any]:
    sides = [((name, level), other) for other in row.items() if other[0] != name]
    return {pair for one, other in sides for pair in ((one, other), (other, one))}


def as_answers(row: Row) -> dict[str, Any]:
    """Return a row as Copier's answers."""
    texts = {name: value for name, value in row.items() if name not in PARTS and value}
    return texts | {"parts": [part for part in PARTS if row[part]]}


def describe(row: Row) -> str:
    """Return a row in a few words: which answers are not the defaults, and which parts."""
    plain = {"project_name": "my-app", "package": "", "description": "", "author_name": ""}
    words = [name.partition("_")[0] for name, value in plain.items() if row[name] != value]
    return " ".join([*words, *(part for part in PARTS if row[part])]) or "plain"
