"""`make demo`, as it is without a terminal."""

import sys
from pathlib import Path

from making import REPOSITORY, clean_environment, run


def test_the_demo_shows_a_job_that_counts_words_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = clean_environment() | {"TMPDIR": str(tmp_path)}
    done = run(sys.executable, str(REPOSITORY / "scripts/demo.py"), cwd=tmp_path, env=environment)
    assert "words in README.md; most often: " in done.stdout
    assert "Job completed: word_count" in done.stdout
    assert list(tmp_path.glob("chuckwalla-*")) == []
