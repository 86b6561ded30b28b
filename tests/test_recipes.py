"""The recipes of docs/ work as they are printed, with the real libraries."""

import os
import sys
from pathlib import Path

import pages
import pytest
from making import App, clean_environment, run

pytestmark = pytest.mark.my_app

PAGES = {
    "database.md": pages.read("docs/database.md"),
    "other-frameworks.md": pages.read("docs/other-frameworks.md"),
}

COUNT_WORDS = """
from my_app.runtime import Arena, JobEnv, Params


def run(allocator: Arena, params: Params, env: JobEnv) -> None:
    env.store.put("words", len(params["text"].split()))
"""
HEAD = '''
from typing import Any
import pytest
from my_app.runtime import open_app

def finish(job_id):
    """Run what waits in the queue's file; return the job's state, and the words."""
    with open_app() as app:
        runner = app.runner(threads=1)
        runner.start()
        assert runner.wait_until(lambda: app.jobs.get(job_id).finished, 60)
        runner.stop(5)
        return app.jobs.get(job_id).state, app.services.store.get("words")
'''
MOUNTED = """
def test_a_mounted_api(client: Any, run_jobs: Any, app: Any) -> None:
    assert client.post("/api/texts", json={"text": "to be or not"}).status_code == 202
    assert client.post("/api/texts", json={}).status_code == 422
    assert "count_words" not in client.get("/api/openapi.json").text
    assert run_jobs() == 1
    assert app.services.store.get("words") == 4
"""
FASTAPI = """
from shop.main import app
from starlette.testclient import TestClient

def test_fastapi() -> None:
    with TestClient(app) as client:
        answer = client.post("/texts", params={"text": "to be"})
    assert answer.status_code == 202
    assert finish(answer.json()["job"]) == ("completed", 2)
"""
DJANGO = """
import django
from django.conf import settings

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["testserver"])
django.setup()

from django.test import Client
from django.urls import path
from shop.views import post

urlpatterns = [path("texts", post)]

def test_django() -> None:
    answer = Client().post("/texts", {"text": "to be or"})
    assert answer.status_code == 202
    assert finish(answer.json()["job"]) == ("completed", 3)
"""
ORDERS = """
import pytest
from sqlalchemy import select
from my_app.database import Order, Outgoing, sessions
from my_app.outbox import relay
from my_app.runtime.errors import QueueError

def rows(table):
    with sessions() as session:
        return session.scalars(select(table).order_by(table.id)).all()

@pytest.fixture(autouse=True)
def empty():
    with sessions.begin() as session:
        for table in (Order, Outgoing):
            for row in session.scalars(select(table)):
                session.delete(row)

def test_an_order_is_confirmed_by_its_job(client, expect_job, run_jobs):
    number = client.post("/orders", data={"email": "a@example.org"}).json()["order"]
    expect_job("confirm_order", order=number)
    assert (rows(Outgoing), rows(Order)[0].confirmed) == ([], False)
    assert run_jobs() == 1
    assert rows(Order)[0].confirmed

def test_an_order_that_is_not_saved_leaves_no_job(client, app):
    assert client.post("/orders", data={}).status_code == 400
    assert (rows(Order), rows(Outgoing), app.queue.find()) == ([], [], [])

def test_a_new_row_is_never_taken_for_an_old_one(client, app):
    for _ in range(3):
        client.post("/orders", data={"email": "a@example.org"})
    assert len(app.queue.find(name="confirm_order")) == 3

def test_the_queue_may_be_away(client, app, clock, monkeypatch, run_jobs):
    from datetime import timedelta

    def fail(*_):
        raise QueueError("the disk is full")
    with monkeypatch.context() as patch:
        patch.setattr(app.queue, "enqueue", fail)
        assert client.post("/orders", data={"email": "a@example.org"}).status_code == 201
    assert len(rows(Outgoing)) == 1
    clock.move(timedelta(minutes=1))
    assert run_jobs() == 2
    assert (rows(Outgoing), rows(Order)[0].confirmed) == ([], True)

def test_a_job_that_cannot_be_scheduled_holds_up_no_other(client, app):
    with sessions.begin() as session:
        session.add(Outgoing(job="gone", params={}))
    client.post("/orders", data={"email": "a@example.org"})
    assert [row.job for row in rows(Outgoing)] == ["gone"]
    assert len(app.queue.find(name="confirm_order")) == 1
"""
DIES = '''
import os, sys
from my_app import outbox
from my_app.database import Order, Outgoing, sessions
from my_app.runtime import open_app

class Dying:
    """Stands for a job; the process ends before or after it was scheduled, without a word."""

    def __init__(self, draft):
        self.draft = draft

    def schedule(self, **options):
        if sys.argv[1] == "after":
            self.draft.schedule(**options)
        os._exit(9)

with open_app() as app:
    with sessions.begin() as session:
        order = Order(email="a@example.org")
        session.add(order)
        session.flush()
        session.add(Outgoing(job="confirm_order", params={"order": order.id}))
    outbox.relay(lambda *given, **params: Dying(app.job(*given, **params)), None)
'''
LIVES = """
from my_app.outbox import relay
from my_app.runtime import open_app

with open_app() as app:
    relay(app.job, app.services.logger)
    relay(app.job, app.services.logger)
    (job,) = app.queue.find(name="confirm_order")
    print(job.state, job.params)
"""


class Recipe:
    """An app with the files of a page of docs/ in it, and the repository's own libraries."""

    def __init__(self, workshop: App, page: str) -> None:
        self.root = workshop.root
        for block in PAGES[page]:
            assert block.path
            self.write(block.path, block.text)
        self.write("src/my_app/jobs/count_words.py", COUNT_WORDS)
        (self.site,) = workshop.venv.glob("lib/python*/site-packages")

    def write(self, path: str, text: str) -> None:
        """Write a file of the app."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, "utf-8")

    def test(self, text: str) -> str:
        """Run a file of tests; return what it said."""
        self.write("tests/test_recipe.py", HEAD + text)
        return self.python("-m", "pytest", "tests/test_recipe.py", "-p", "no:cacheprovider")

    def python(self, *arguments: str, ok: bool = True) -> str:
        """Run Python in the app's folder, with its packages before those of the repository."""
        path = os.pathsep.join([str(self.root / "src"), str(self.root), str(self.site)])
        environment = clean_environment() | {"PYTHONPATH": path}
        return run(sys.executable, *arguments, cwd=self.root, env=environment, ok=ok).stdout


@pytest.fixture
def copied(workshop: App) -> App:
    """Give a copy of the app that the recipes are about, on this Python."""
    return workshop


def test_a_fastapi_app_is_mounted(copied: App) -> None:
    recipe = Recipe(copied, "other-frameworks.md")
    assert "1 passed" in recipe.test(MOUNTED)


@pytest.mark.parametrize("text", [FASTAPI, DJANGO], ids=["fastapi", "django"])
def test_another_framework_schedules_jobs(copied: App, text: str) -> None:
    recipe = Recipe(copied, "other-frameworks.md")
    assert "1 passed" in recipe.test(text)


def test_an_order_and_its_job_are_saved_together(copied: App) -> None:
    recipe = Recipe(copied, "database.md")
    assert "5 passed" in recipe.test(ORDERS)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_order_survives_the_end_of_its_process(copied: App, when: str, tmp_path: Path) -> None:
    recipe = Recipe(copied, "database.md")
    (tmp_path / "dies.py").write_text(DIES)
    (tmp_path / "lives.py").write_text(LIVES)
    recipe.python(str(tmp_path / "dies.py"), when, ok=False)
    assert recipe.python(str(tmp_path / "lives.py")) == "ready {'order': 1}\n"


@pytest.mark.parametrize("page", ["database.md", "other-frameworks.md"])
def test_the_code_of_a_recipe_is_tidy(copied: App, page: str) -> None:
    recipe = Recipe(copied, page)
    (recipe.root / "src/my_app/jobs/count_words.py").unlink()
    copied.run("ruff", "check", "--no-cache", "src")
    copied.run("ruff", "format", "--check", "--no-cache")
