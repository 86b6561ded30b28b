"""What every app must be, whatever was answered and on whichever Python."""

import os
import re
from collections.abc import Iterator

from making import App

TEMPLATED = ("/generators/", "/templates/", "/mailers/", "/tests/runtime/")
"""Where braces are right: files that are templates themselves, and tests of those."""

BRACES = re.compile(r"\{\{ ?(_copier|package|project_name|author_name)|\{%-? ?[a-z]|\[=|\[%")


def find_faults(app: App) -> list[str]:
    """Return what is wrong with the rendered files, as text."""
    return [f"{file}: {fault}" for file in app.files for fault in _faults_of(app, str(file))]


def _faults_of(app: App, file: str) -> Iterator[str]:
    text = (app.root / file).read_bytes().decode("utf-8")
    if not text.strip():
        yield "empty"
    if "\r" in text:
        yield "a carriage return"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "does not end with one new line"
    if re.search(r"[ \t]$", text, re.MULTILINE):
        yield "white space at the end of a line"
    if not any(part in f"/{file}" for part in TEMPLATED) and BRACES.search(file + text):
        yield "something of the template is left over"
    if file.endswith(".jinja") and "/mailers/" not in file:
        yield "its name was not rendered"


def run_tests(app: App, *arguments: str) -> tuple[int, list[str]]:
    """Run the app's own tests; return how many passed, and a line for each that was skipped."""
    done = app.run("pytest", "-rs", *arguments)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    skipped = re.findall(r"^SKIPPED .*", done.stdout, re.MULTILINE)
    if "CI" in os.environ:
        assert skipped == [], "what these tests need is to be installed by .ci/run"
    return int(passed[1]), skipped
