"""docs/reliability.md names lines of the runtime: they are still there."""

import re

from making import REPOSITORY

PAGE = REPOSITORY / "docs" / "reliability.md"
RUNTIME = REPOSITORY / "template" / "src" / "{{package}}" / "runtime"
LINE = re.compile(r"`([\w/]+\.py)`: ((?:[^|`]*`[^`]+`)+)")


def test_the_lines_that_are_switched_off_are_there() -> None:
    rows = [row for row in PAGE.read_text("utf-8").splitlines() if row.startswith("|")]
    named = {
        (file, code)
        for row in rows
        for file, codes in LINE.findall(row)
        for code in re.findall(r"`([^`]+)`", codes)
    }
    gone = [
        f"{file}: {code}"
        for file, code in sorted(named)
        if code not in (RUNTIME / file).read_text("utf-8")
    ]
    assert len(named) > 50
    assert gone == []
