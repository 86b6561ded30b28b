"""The dashboard in a real browser: Chromium drives it, at the sizes of a desk and of a phone."""

import contextlib
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import (
    CHROMIUM,
    DESKTOP,
    INSTALL,
    PATIENCE,
    PHONE,
    Served,
    enqueue,
    gate,
    opened,
    served,
    told_wrong,
    touch,
    write_jobs,
)
from making import App
from playwright.sync_api import Browser, Page, expect

pytestmark = [
    pytest.mark.slow,
    pytest.mark.my_app,
    pytest.mark.skipif(CHROMIUM is None, reason=INSTALL),
]

HIDDEN = {"token": "s3cret"}
MILLION = 1_000_000
LIMIT = 0.1
"""Seconds in which a page has to be there: of the server's work, whatever else the machine does."""
COUNTS = 0.3
"""Seconds in which SQLite counts to a million where that holds; a slower machine has longer."""

COUNT_TO_A_MILLION = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 1000000)
SELECT count(*) FROM numbers
"""

FILL = """
from PACKAGE.runtime import open_app

INSERT = '''
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO jobs (token, name, queue, priority, payload, payload_version, state, run_at,
                  attempt, max_attempts, created_at, started_at, finished_at, error)
SELECT 'abcdefghij', 'job_' || (i % 50), 'queue_' || (i % 5), 0, '{}', 1, :state, t, 1, 8, t, t,
       CASE WHEN :state IN ('completed', 'failed') THEN t END,
       CASE WHEN :state = 'failed' THEN 'ValueError: ' || i || printf('%.900c', 'x') END
FROM (SELECT i, 1790000000 + i / 100.0 AS t FROM n)
'''
# An hour in which each of fifty jobs ended in four ways in each minute.
TALLIES = '''
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999)
INSERT INTO tallies
SELECT unixepoch() / 60 - i / 200, 'queue_' || (i % 5), 'job_' || (i % 50),
       iif(i % 200 < 100, 'completed', 'failed'), i / 50 % 2, 7, 1.5, 2.5 FROM n
'''

with open_app() as app:
    def fill(db):
        for state, count in SHARES.items():
            db.execute(INSERT, {"state": state, "count": count})
        db.execute(TALLIES)
    app.queue._database.write(fill)
"""
SHARES = {"completed": 600_000, "ready": 250_000, "failed": 100_000, "scheduled": 50_000}
LISTS = ("all", *SHARES, "running", "cancelled")
PAGES = [
    *("/_jobs", "/_jobs/workers", "/_jobs/recurring", "/_jobs/job/1-abcdefghij", "/_metrics"),
    *(f"/_jobs/list/{state}" for state in LISTS),
    *(f"/_jobs/list/{state}?name=nothing" for state in LISTS),
    *(f"/_jobs/list/{state}?queue=queue_3" for state in LISTS),
    "/_jobs/list/completed?after=[0,1790003000.5,300050]",
    "/_jobs/list/failed?error=nothing",
]
TRIES = 5
"""First loads of a page, of which the best counts."""

EVIL = "<script>alert(1)</script>"
ENQUEUE_EVIL = f"""
from PACKAGE.runtime import open_app
from PACKAGE.runtime.job import NewJob

with open_app() as app:
    payload = '{{"EVIL": ["EVIL"]}}'.replace("EVIL", "{EVIL}")
    print(app.queue.enqueue([NewJob(name="{EVIL}", payload=payload, queue="{EVIL}")])[0].id)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    expect.set_options(timeout=PATIENCE * 1000)
    with opened() as chromium:
        yield chromium


@pytest.fixture
def shop(app: App, tmp_path: Path) -> App:
    """An app of one test, with jobs that wait for it."""
    copy = app.copy(tmp_path / "my-app")
    write_jobs(copy)
    return copy


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_job_is_watched_as_it_fails_and_retried_to_its_end(
    shop: App, browser: Browser, tmp_path: Path, size: Any
) -> None:
    job = enqueue(shop, "render", folder=str(tmp_path), clip="a.mp4", **HIDDEN)
    with gate(tmp_path) as go_on, served(shop) as (address, _):
        page = browser.new_page(viewport=size)
        wrong = told_wrong(page)
        page.goto(f"{address}/_jobs")
        page.get_by_role("link", name="Running 1").click()
        page.get_by_role("link", name="render").click()
        expect(page.locator("h1")).to_have_text("render running")
        expect(page.locator("main")).not_to_contain_text(HIDDEN["token"])

        # Without a reload from here on.
        page.evaluate("window.same = true")
        go_on(2)
        expect(page.locator("progress")).to_have_attribute("value", "0.5")
        expect(page.locator("main")).to_contain_text("50 %, 2 of 4")
        go_on(2)
        expect(page.locator("h1")).to_have_text("render failed")
        error = page.get_by_label("Error")
        expect(error).to_contain_text("ValueError: <b>no codec</b> for a.mp4")
        expect(error).to_contain_text("Traceback (most recent call last)")
        assert page.evaluate("window.same")

        touch(tmp_path, "codec")
        go_on(4)
        page.get_by_role("button", name="Retry").click()
        expect(page.get_by_role("status")).to_have_text("1 job was retried.")
        expect(page.locator("h1")).to_have_text("render completed")
        assert page.url.startswith(f"{address}/_jobs/job/{job}")
        assert wrong == []
        page.close()


def test_all_is_done_without_a_script(shop: App, browser: Browser, tmp_path: Path) -> None:
    for clip in ("a", "b", "c"):
        enqueue(shop, "render", folder=str(tmp_path), clip=clip)
    with gate(tmp_path) as go_on, served(shop) as (address, _):
        go_on(3 * 4)
        page = browser.new_context(java_script_enabled=False).new_page()
        _wait_for_failed(page, address, 3)
        page.get_by_label("Error").fill("for b")
        page.get_by_role("button", name="Search").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        page.get_by_text("Discard all that match").click()
        page.get_by_role("button", name="Yes, discard them all").click()
        expect(page.get_by_role("status")).to_have_text("1 job was discarded.")
        page.get_by_role("link", name="Show all").click()
        expect(page.locator("tbody tr")).to_have_count(2)

        page.get_by_role("link", name="Recurring").click()
        page.get_by_role("button", name="Run now").click()
        expect(page.locator("h1")).to_contain_text("nightly")
        page.close()


def test_a_job_named_and_filled_with_a_script_does_not_run_it(shop: App, browser: Browser) -> None:
    job = _python(shop, ENQUEUE_EVIL)
    with served(shop) as (address, _):
        page = browser.new_page()
        wrong = told_wrong(page)
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(f"{address}/_jobs/list/failed")
        expect(page.get_by_role("link", name=EVIL)).to_be_visible()
        page.goto(f"{address}/_jobs/list/all?name={EVIL}&queue={EVIL}")
        page.get_by_role("link", name=EVIL).click()
        expect(page.locator("h1")).to_have_text(f"{EVIL} failed")
        expect(page.get_by_label("Params")).to_contain_text(f'"{EVIL}": [')
        with page.expect_response(f"**/{job}*", timeout=PATIENCE * 1000) as shown_anew:
            assert page.evaluate("document.body.className") == "live"
        assert shown_anew.value.ok
        assert wrong == []
        page.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_serious_finding_and_fit_the_screen(
    shop: App, browser: Browser, tmp_path: Path, size: Any, scheme: Any
) -> None:
    folders = [tmp_path, tmp_path / "never"]
    jobs = [enqueue(shop, "render", folder=str(folder), clip="a" * 300) for folder in folders]
    enqueue(shop, "resize")
    with gate(folders[0]) as go_on, gate(folders[1]), served(shop) as (address, _):
        go_on(4)
        page = browser.new_page(viewport=size, color_scheme=scheme)
        _wait_for_failed(page, address, 1)
        for path in (
            *("", "/list/all", "/list/running", "/list/completed", "/list/ready"),
            *("/list/failed?did=retry&count=1", "/list/failed?name=nothing"),
            *("/recurring", "/workers", f"/job/{jobs[0]}", f"/job/{jobs[1]}"),
        ):
            page.goto(f"{address}/_jobs{path}")
            found = Axe().run(page).response["violations"]
            serious = [each for each in found if each["impact"] in {"serious", "critical"}]
            assert serious == [], path
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{path} is {wide} pixels too wide"
        page.close()


def _wait_for_failed(page: Page, address: str, count: int) -> None:
    """Open the list of failed jobs when so many are there; it may be without scripts."""
    deadline = time.monotonic() + 30
    page.goto(f"{address}/_jobs/list/failed")
    while page.locator("tbody tr").count() < count:
        assert time.monotonic() < deadline
        page.reload()


def test_pages_are_there_at_once_with_a_million_jobs(
    shop: App, record_property: Callable[[str, object], None]
) -> None:
    _python(shop, FILL.replace("SHARES", repr(SHARES)))
    assert sum(SHARES.values()) == MILLION
    best: dict[str, tuple[float, float]] = {}
    slow = PAGES
    for _ in range(TRIES):
        # A server that has not counted anything yet.
        with served(shop, threads=0) as server:
            _load(server, "/_jobs/recurring")
            for path in slow:
                best[path] = min(_load(server, path), best.get(path, (60.0, 60.0)))
        limit = LIMIT * max(1.0, _million() / COUNTS)
        if not (slow := [path for path in PAGES if best[path][0] > limit]):
            break
    lines = [
        f"{cpu * 1000:4.0f} ms of CPU, {wall * 1000:4.0f} ms in all: {path}"
        for path, (cpu, wall) in best.items()
    ]
    record_property("pages", lines)
    assert slow == [], "\n".join([*lines, f"{limit * 1000:4.0f} ms of CPU are the limit here"])


def _million() -> float:
    """Return the seconds of CPU in which SQLite counts to a million here."""
    before = time.process_time()
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.execute(COUNT_TO_A_MILLION).fetchone()
    return time.process_time() - before


def _load(server: Served, path: str) -> tuple[float, float]:
    """Load a page; return the seconds that the server worked, and that it took."""
    before, began = server.cpu_seconds(), time.perf_counter()
    with urllib.request.urlopen(server.address + path, timeout=60) as answer:  # noqa: S310 - ours
        answer.read()
    return server.cpu_seconds() - before, time.perf_counter() - began


def _python(app: App, script: str) -> str:
    (app.root / "script.py").write_text(script.replace("PACKAGE", app.package))
    return app.run("python", "script.py").stdout.strip()
