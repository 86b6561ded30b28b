"""docs/parity.md: every row of what Jetzig does has its test, and names one that there is."""

import re

from making import REPOSITORY

ROWS = [*range(1, 19), *range(20, 24), *range(30, 36), *range(40, 47), *range(50, 53)]


def test_every_row_of_parity_has_its_test() -> None:
    files = [
        *REPOSITORY.glob("tests/test_*.py"),
        *REPOSITORY.glob("template/tests/**/test_*.jinja"),
    ]
    text = "\n".join(file.read_text("utf-8") for file in files)
    definitions = set(re.findall(r"^def (test_p\d\d_\w+)", text, re.MULTILINE))
    assert sorted({int(name[6:8]) for name in definitions}) == ROWS

    page = (REPOSITORY / "docs" / "parity.md").read_text("utf-8")
    table = re.findall(r"^\| P(\d\d) \|.*\| `(\w+)` \|$", page, re.MULTILINE)
    assert [int(row) for row, _ in table] == ROWS
    assert [name for row, name in table if not name.startswith(f"test_p{row}_")] == []
    assert {name for _, name in table} <= definitions
