"""The recipes of docs/hooks.md: a real client of each library, and what arrives of each job."""

import gzip
import json
import re
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import pages
import pytest
from making import App

pytestmark = pytest.mark.my_app

RECIPES = {block.kind: block.text for block in pages.read("docs/hooks.md")}
HEAD = "from my_app.runtime import Cancel, JobOptions, Retry\n\n"
JOBS = {
    "fine": "def run(allocator, params, env):\n    return\n",
    "broken": (
        "options = JobOptions(max_attempts=1)\n\n\n"
        "def run(allocator, params, env):\n    raise ValueError('broken on purpose')\n"
    ),
    "late": (
        "options = JobOptions(max_attempts=1, timeout=0.05)\n\n\n"
        "def run(allocator, params, env):\n    while True:\n        pass\n"
    ),
    "patient": (
        "options = JobOptions(max_attempts=1)\n\n\n"
        "def run(allocator, params, env):\n    raise Retry('not yet')\n"
    ),
    "modest": "def run(allocator, params, env):\n    raise Cancel('no need')\n",
}


def recipe(name: str) -> str:
    """Return a recipe's code."""
    return RECIPES[f"python {name}"]


@pytest.fixture
def watched(workshop: App) -> App:
    """Give an app with a job for each way to end, that sees this environment's packages last."""
    for name, text in JOBS.items():
        (workshop.root / "src" / "my_app" / "jobs" / f"{name}.py").write_text(HEAD + text)
    site = sysconfig.get_path("purelib")
    text = f"import sys\n\nsys.path.append({site!r})\n"
    (workshop.root / "src" / "sitecustomize.py").write_text(text)
    return workshop


class Sentry(BaseHTTPRequestHandler):
    """Takes what a client sends, as Sentry's own server does."""

    events: list[dict[str, Any]]

    def do_POST(self) -> None:
        """Keep the events of an envelope."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = [json.loads(line) for line in body.splitlines() if line]
        for header, item in pairwise(lines):
            if header.get("type") == "event":
                self.events.append(item)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def sentry() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve, and give the address that clients are told, and the events that arrive."""
    handler = type("Handler", (Sentry,), {"events": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_port}/1", handler.events  # type: ignore[attr-defined]
        server.shutdown()


def test_sentry_is_told_of_failures_and_of_nothing_else(
    watched: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    (watched.root / "src" / "my_app" / "config.py").write_text(recipe("sentry"))
    with sentry() as (address, events):
        monkeypatch.setenv("SENTRY_DSN", address)
        for name in JOBS:
            watched.run("my-app", "jobs", "enqueue", name, "--wait", ok=False)
    told = [(each["tags"]["job"], each["exception"]["values"][-1]) for each in events]
    assert [(job, error["type"], error["value"]) for job, error in told] == [
        ("broken", "ValueError", "broken on purpose"),
        ("late", "JobTimeout", "took longer than its timeout of 0.05 s"),
    ]
    assert events[0]["contexts"]["job"]["attempt"] == 1
    assert re.fullmatch(r"\d+-\w+", events[0]["contexts"]["job"]["id"])


TRACED = """
import json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)

from my_app.runtime import open_app

with open_app() as app:
    runner = app.runner(threads=1)
    runner.start()
    for name in JOBS:
        job_id = app.job(name).schedule()
        runner.wait_until(lambda: app.queue.get(job_id).finished, 30)
    runner.stop(10)
for span in exporter.get_finished_spans():
    print(json.dumps([
        span.name,
        span.attributes["job.attempt"],
        span.status.status_code.name,
        [event.name for event in span.events],
    ]))
"""


def test_opentelemetry_records_a_span_for_each_run(watched: App) -> None:
    (watched.root / "src" / "my_app" / "config.py").write_text(recipe("opentelemetry"))
    done = watched.run("python", "-c", TRACED.replace("JOBS", repr(list(JOBS))))
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        ["fine", 1, "UNSET", []],
        ["broken", 1, "ERROR", ["exception"]],
        ["late", 1, "ERROR", ["exception"]],
        ["patient", 1, "UNSET", ["Retry"]],
        ["modest", 1, "UNSET", ["Cancel"]],
    ]


def test_a_hook_sees_how_long_each_run_takes(watched: App) -> None:
    (watched.root / "src" / "my_app" / "config.py").write_text(recipe("timing"))
    done = watched.run("my-app", "jobs", "run", "broken", ok=False)
    assert re.search(r"\[broken \S+ #1\] broken took \d\.\d+ s", done.stderr)


@pytest.mark.parametrize("name", [kind.removeprefix("python ") for kind in RECIPES])
def test_the_linter_and_the_formatter_are_content_with_a_recipe(watched: App, name: str) -> None:
    path = watched.root / "src" / "my_app" / "config.py"
    path.write_text(recipe(name))
    watched.run("ruff", "check", "--no-cache", str(path))
    watched.run("ruff", "format", "--check", "--no-cache", str(path))
