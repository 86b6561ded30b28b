"""`make bench`: what becomes of its figures, and of a side whose server is missing."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from making import REPOSITORY, clean_environment

sys.path.insert(0, str(REPOSITORY / "benchmarks"))

from plot import draw
from report import Page
from sides.bench_marks import Marks, read_tally
from table import ROWS, Results

BY_KEY = {row.key: row for row in ROWS}


@pytest.fixture
def results() -> Results:
    """Give three rounds of two sides."""
    found = Results({"ours": "Chuckwalla", "huey-sqlite": "Huey <&>"})
    for mine, others in ((60_000.0, 2000.0), (20_000.0, 4000.0), (50_000.0, 2500.0)):
        found.add("ours", {"drain": mine, "same": 1.0})
        found.add("huey-sqlite", {"drain": others})
    return found


def test_a_goal_that_is_a_multiple_of_a_peers(results: Results) -> None:
    assert results.ratio(BY_KEY["drain"]) == 50_000 / 2500
    assert results.is_met(BY_KEY["drain"])
    results.add("huey-sqlite", {"drain": 2600.0})
    assert not results.is_met(BY_KEY["drain"])


def test_a_goal_of_our_own_where_less_is_better(results: Results) -> None:
    assert results.ratio(BY_KEY["same"]) == pytest.approx(1 / 0.9)
    assert results.is_met(BY_KEY["same"]) is False


def test_nothing_is_said_without_a_figure(results: Results) -> None:
    assert results.ratio(BY_KEY["p50"]) is None
    assert results.is_met(BY_KEY["p50"]) is None


def test_the_page_has_every_row_and_the_picture_a_bar_for_each_figure(results: Results) -> None:
    names = list(results.names.values())
    page = Page(results, 3, {"Cores": "2"}, dict.fromkeys(names, "1"), dict.fromkeys(names, ""), [])
    text = page.text()
    assert "| jobs/s | ≥ 20 x Huey <&> | 50,000 | 2,500 | 20.00 | yes |" in text
    assert "20,000 to 60,000" in text
    assert all(f"| {row.title} |" in text for row in ROWS)
    picture = ET.fromstring(draw(results, [BY_KEY["drain"], BY_KEY["p50"]]))  # noqa: S314 - ours
    words = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert words[1:] == ["Chuckwalla", "50,000", "Huey <&>", "2,500"]


def test_marks_of_threads_and_processes_are_added_up(tmp_path: Path) -> None:
    assert read_tally(tmp_path).ended == 0
    lines = (
        "import sys, threading",
        f"sys.path.insert(0, {str(REPOSITORY / 'benchmarks' / 'sides')!r})",
        "from bench_marks import Marks",
        "from pathlib import Path",
        f"marks = Marks(Path({str(tmp_path)!r}))",
        "threads = [threading.Thread(target=marks.ended) for _ in range(3)]",
        "[each.start() for each in threads]",
        "[each.join() for each in threads]",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)
    marks = Marks(tmp_path)
    marks.ended()
    marks.ended()
    tally = read_tally(tmp_path)
    assert tally.ended == 5
    assert tally.first < tally.last
    assert tally.rate == pytest.approx(4 / (tally.last - tally.first))


def test_a_word_that_means_nothing_is_refused() -> None:
    command = [sys.executable, "benchmarks/bench.py", "--quick", "--sides", "ours,celery"]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=clean_environment() | {"PYTHONPATH": "tests"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("argument --sides: there is no 'celery'")
