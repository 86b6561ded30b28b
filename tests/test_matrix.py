"""The matrix of `make test-all`: all pairs of answers, on every Python of this machine."""

import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from checks import find_faults, run_tests
from making import ANSWERS, App, render
from matrix import LEVELS, as_answers, cover_pairs, describe, is_possible

ROWS = cover_pairs(LEVELS)

Record = Callable[[str, object], None]


def test_each_pair_of_answers_is_in_a_row() -> None:
    for one, other in combinations(LEVELS, 2):
        pairs = {(first, second) for first in LEVELS[one] for second in LEVELS[other]}
        wanted = {pair for pair in pairs if is_possible(dict(zip((one, other), pair, strict=True)))}
        assert wanted == {(row[one], row[other]) for row in ROWS}
    assert all(map(is_possible, ROWS))


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=describe)
def test_an_app_is_sound(
    row: dict[str, object], python: str, template: Path, tmp_path: Path, record_property: Record
) -> None:
    began = time.monotonic()
    app = render(template, tmp_path, as_answers(row), python)
    assert find_faults(app) == []
    app.run("ruff", "check", "--no-cache")
    app.run("ruff", "format", "--check", "--no-cache")
    app.run("mypy")
    passed, skipped = run_tests(app, "--ignore", "tests/runtime")
    assert skipped == []
    record(record_property, app, describe(row), passed, began)


@pytest.mark.slow
def test_the_runtimes_own_tests_pass(
    other_python: str, template: Path, tmp_path: Path, record_property: Record
) -> None:
    # On the Python of these tests, test_app.py runs them.
    began = time.monotonic()
    app = render(template, tmp_path, ANSWERS["awkward"], other_python)
    passed, skipped = run_tests(app, "-n", "2", "tests/runtime")
    record_property("skipped", skipped)
    record(record_property, app, "the runtime", passed, began)


def record(record_property: Record, app: App, what: str, passed: int, began: float) -> None:
    """Add a row to the table that conftest.py prints."""
    script = "import platform; print(platform.python_version())"
    version = app.run("python", "-c", script).stdout.strip()
    record_property("matrix", (version, what, passed, time.monotonic() - began))
