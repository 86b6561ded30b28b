"""A generated app from one end to the other: the files of end_to_end/, served in production.

A form takes a name and a file, a job processes it with the store, the mutex and a mail, and the
page shows progress and then the result. Server, mail server and the mutex' other holder are
processes of their own.
"""

import http.client
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from making import REPOSITORY, App

pytestmark = pytest.mark.my_app

PARTS = REPOSITORY / "tests" / "end_to_end"
PLACES = {
    "view.py": "views/texts.py",
    "new.html": "templates/texts/new.html",
    "get.html": "templates/texts/get.html",
    "job.py": "jobs/count_words.py",
    "mailer.py": "mailers/counted/__init__.py",
    "html.jinja": "mailers/counted/html.jinja",
    "text.jinja": "mailers/counted/text.jinja",
}
"""Where the files go in the app, over what its generators wrote there."""

LONG = "to be or not to be " * 10_000
PATIENCE = 60


class Process:
    """A program of the app's environment; what it prints, errors too, is read line by line."""

    def __init__(self, app: App, environ: dict[str, str], *command: str) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=app.root,
            env=app.environment() | {"PYTHONUNBUFFERED": "1"} | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the match in the next line that has one; kill the process if none comes."""
        assert self._process.stdout is not None
        seen = []
        patience = threading.Timer(PATIENCE, self._process.kill)
        patience.start()
        try:
            for line in self._process.stdout:
                seen.append(line)
                if match := re.search(pattern, line):
                    return match
        finally:
            patience.cancel()
        raise AssertionError(f"{pattern!r} did not come, but:\n{''.join(seen)}")

    def end(self) -> int:
        """Ask it to stop, and return its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.communicate(timeout=PATIENCE)
        finally:
            self._process.kill()
        return self._process.wait()


Start = Callable[..., Process]


@pytest.fixture
def start(shop: App) -> Iterator[Start]:
    """Start a program of the app, and end it with the test."""
    with ExitStack() as stack:

        def begin(program: str, *arguments: str, **environ: str) -> Process:
            command = (str(shop.venv / "bin" / program), *arguments)
            process = Process(shop, environ, *command)
            stack.callback(process.end)
            return process

        yield begin


@pytest.fixture
def shop(workshop: App) -> App:
    """Give an app with the parts of this test, made by its generators and filled in."""
    for part in ("job count_words", "mailer counted", "view texts new post get"):
        workshop.run(workshop.name, "generate", *part.split())
    for name, place in PLACES.items():
        path = workshop.root / "src" / workshop.package / place
        assert path.is_file(), f"the generator did not make {place}"
        shutil.copyfile(PARTS / name, path)
    return workshop


def ask(
    address: str, path: str, body: bytes | None = None, kind: str = ""
) -> tuple[int, http.client.HTTPMessage, str]:
    """Return status, headers and text of an answer; a redirect is not followed."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)
    try:
        headers = {"Content-Type": kind} if kind else {}
        connection.request("POST" if body is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def send_text(address: str, name: str, file: str, text: str) -> str:
    """Fill in the form as a browser does; return the path of the page that it leads to."""
    field = f'--part\r\nContent-Disposition: form-data; name="name"\r\n\r\n{name}\r\n'
    head = f'--part\r\nContent-Disposition: form-data; name="file"; filename="{file}"\r\n'
    body = f"{field}{head}Content-Type: text/plain\r\n\r\n{text}\r\n--part--\r\n"
    kind = "multipart/form-data; boundary=part"
    status, headers, told = ask(address, "/texts", body.encode(), kind)
    assert status == 303, told
    return headers["Location"]


def wait_for_page(address: str, path: str, *words: str) -> str:
    """Ask for a page again and again, as it does by itself in a browser, until it has the words."""
    deadline = time.monotonic() + PATIENCE
    while True:
        status, _, page = ask(address, path)
        assert status == 200, page
        if all(each in page for each in words):
            return page
        assert time.monotonic() < deadline, page


def test_a_form_a_job_and_a_page_that_shows_its_progress_and_result(
    shop: App, start: Start, tmp_path: Path
) -> None:
    authority = tmp_path / "authority.pem"
    mails = start(
        "python", str(PARTS / "mail_server.py"), str(authority), PYTHONPATH=str(shop.root)
    )
    production = {
        "APP_ENV": "production",
        "SECRET": "a secret of this test, for production",
        "JOBS_ANY_FILESYSTEM": "1",
        "SMTP_HOST": "localhost",
        "SMTP_PORT": mails.wait_for(r"^\d+$")[0],
        "SMTP_USER": "ada",
        "SMTP_PASSWORD": "s3cret, with spaces",
        "SSL_CERT_FILE": str(authority),
    }
    server = start(shop.name, "server", "--port", "0", **production)
    address = server.wait_for(r"http://\S+:\d+")[0]

    status, _, form = ask(address, "/texts/new")
    assert status == 200
    assert 'action="/texts" enctype="multipart/form-data"' in form

    # While another process has the mutex, the jobs tell how far they are, and wait.
    holder = start("python", str(PARTS / "holder.py"), **production)
    holder.wait_for("held")
    long = send_text(address, "Zoë <b>", "hamlet.txt", LONG)
    short = send_text(address, "Ada", "short.txt", "one\ntwo three\n")
    for page in (long, short):
        wait_for_page(address, page, '<progress value="0.5">waits for its turn</progress>')

    # Its death releases it, and each text counts, though they were counted at once.
    holder.end()
    wait_for_page(address, long, "60000 words", "of 60003", "Zoë &lt;b&gt;")
    wait_for_page(address, short, "3 words", "of 60003")

    received = [json.loads(mails.wait_for("^{.*}$")[0]) for _ in range(2)]
    by_subject = {mail["subject"]: mail for mail in received}
    assert by_subject["hamlet.txt is counted"] == {
        "to": ["editor@example.com"],
        "subject": "hamlet.txt is counted",
        "bodies": [
            "Hello Zoë <b>, your text has 60000 words.",
            "<p>Hello <b>Zoë &lt;b&gt;</b>, your text has 60000 words.</p>",
        ],
        "encrypted": True,
    }
    assert by_subject.keys() == {"hamlet.txt is counted", "short.txt is counted"}
    assert server.end() == 0


def test_its_parts_are_tidy(shop: App) -> None:
    shop.run("ruff", "check", "--no-cache", "src")
    shop.run("ruff", "format", "--check", "--no-cache", "src")
    shop.run(shop.name, "check")
