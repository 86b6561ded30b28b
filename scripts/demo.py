"""Make an app, give it a job, run it, and send it real input over HTTP: `make demo`."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

REPOSITORY = Path(__file__).parents[1]
PARTS = {
    "word_count.py": "src/my_app/jobs/word_count.py",
    "uploads.py": "src/my_app/views/uploads.py",
    "index.html": "src/my_app/templates/uploads/index.html",
    "get.html": "src/my_app/templates/uploads/get.html",
}
"""The files of scripts/demo/, and where they go in the app."""

PATIENCE = 30.0
"""Seconds to wait for the server, and for the job."""


class DemoError(Exception):
    """Something that the demo shows did not happen."""


def main() -> int:
    """Run the demo; return the exit code."""
    signal.signal(signal.SIGTERM, on_terminate)
    folder = Path(tempfile.mkdtemp(prefix="chuckwalla-"))
    stay = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        app = make_app(folder)
        add_word_count(app)
        with running_server(app, folder) as address:
            count_words(address, app / "README.md")
            show_log(folder / "server.log")
            if stay:
                stay_up(address, app)
    except DemoError as error:
        print(f"\nThe demo failed: {error}\nEverything is left in {folder}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    if not stay:
        shutil.rmtree(folder)
        say("The server has stopped, and the temporary folder is gone.")
    return 0


def make_app(folder: Path) -> Path:
    """Make an app from this tree, keep it in git and install it."""
    (folder / "settings.yml").write_text("{}\n")
    app = folder / "my-app"
    say("Make an app from this template, and install it.")
    run("copier", "copy", "--quiet", "--defaults", "--vcs-ref", "HEAD", REPOSITORY, app, cwd=folder)
    run("git", "init", "--quiet", cwd=app)
    run("git", "add", ".", cwd=app)
    run("git", "commit", "--quiet", "--message", "Begin", cwd=app)
    run("uv", "sync", "--quiet", cwd=app)
    print(f"   {app}")
    return app


def add_word_count(app: Path) -> None:
    """Generate a job, and write its body, a view and its pages."""
    say("Generate a job: uv run my-app generate job word_count")
    print(indent(run("uv", "run", "my-app", "generate", "job", "word_count", cwd=app)))
    say("Write what it does, and a view that schedules it and shows the result.")
    for name, place in PARTS.items():
        (app / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / "scripts/demo" / name, app / place)
    for name in ("word_count.py", "uploads.py"):
        text = (app / PARTS[name]).read_text("utf-8")
        print(f"   --- {PARTS[name]}\n{indent(text)}\n")


@contextlib.contextmanager
def running_server(app: Path, folder: Path) -> Iterator[str]:
    """Start the server, give its address, and stop it at the end, however that comes."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    say(f"Start the server: uv run my-app server --port {port}")
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            ["uv", "run", "my-app", "server", "--port", str(port)],
            cwd=app,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for_server(server, address, folder / "server.log")
        print(f"   {address}")
        yield address
    finally:
        stop(server)


def free_port() -> int:
    """Return 8080, or a port that is free if that one is taken."""
    for port in (8080, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise DemoError("no port is free on 127.0.0.1")


def wait_for_server(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Return when the front page answers."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(DemoError), open_url(address):
            return
        time.sleep(0.05)
    raise DemoError(f"the server does not answer:\n{log.read_text('utf-8')}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and what it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
            return


def count_words(address: str, file: Path) -> None:
    """Send a file to the view, and ask it for the result until that is there."""
    say(f"Send it a file: POST {address}/uploads with {file.name}")
    began = time.monotonic()
    with post_file(f"{address}/uploads", file) as answer:
        page = answer.url
    print(
        f"   answered in {1000 * (time.monotonic() - began):.0f} ms: the result will be at {page}"
    )
    say(f"Ask for the result: GET {page}.json")
    deadline = time.monotonic() + PATIENCE
    while not (shown := get_json(f"{page}.json"))["result"]:
        if time.monotonic() > deadline or shown["job"]["state"] == "failed":
            raise DemoError(f"no result; the view says {shown}")
        time.sleep(0.02)
    result = shown["result"]
    most = ", ".join(f"{word} ({times})" for word, times in result["most"])
    print(
        f"   job {shown['job']['id']}, {1000 * (time.monotonic() - began):.0f} ms after the POST:"
    )
    print(f"   {result['words']} words in {result['file']}; most often: {most}")


def post_file(url: str, file: Path) -> Any:
    """Send a file as a browser's form does, and follow to the page that the answer names."""
    head = (
        "--demo\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    )
    body = head.encode() + file.read_bytes() + b"\r\n--demo--\r\n"
    return open_url(url, body, Content_Type="multipart/form-data; boundary=demo")


def get_json(url: str) -> dict[str, Any]:
    """Return what a URL answers."""
    with open_url(url) as answer:
        value: dict[str, Any] = json.load(answer)
    return value


def open_url(url: str, body: bytes | None = None, **headers: str) -> Any:
    """Ask our own server, past any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named)  # noqa: S310 - always the server above
    try:
        return opener.open(request, timeout=PATIENCE)
    except OSError as error:
        raise DemoError(f"{request.get_method()} {url}: {error}") from error


def show_log(log: Path) -> None:
    """Print the server's first line and those of the job."""
    lines = log.read_text("utf-8").splitlines()
    say("What the server logged:")
    print(indent("\n".join(lines[:1] + [line for line in lines[1:] if "word_count" in line])))


def stay_up(address: str, app: Path) -> None:
    """Leave the server up until Ctrl-C."""
    say(f"Try it: {address}/uploads (Ctrl-C stops the server). The app stays in {app}")
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
    print()


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command to its end and return what it printed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(cwd if cwd.name.startswith("chuckwalla-") else cwd.parent),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = " ".join(str(word) for word in command)
        raise DemoError(f"{words}\n{done.stdout}{done.stderr}")
    return done.stdout


def environment(folder: Path) -> dict[str, str]:
    """Give this environment, with our tools first, and without what would steer app or tools."""
    steering = ("APP_", "BIND", "CACHE_", "JOBS_", "LOG_", "PORT", "STORE_", "THREADS", "VIRTUAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    who = {"NAME": "Demo", "EMAIL": "demo@example.invalid"}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
        "COPIER_SETTINGS_PATH": str(folder / "settings.yml"),
        "UV_PYTHON": sys.executable,
        **{f"GIT_AUTHOR_{key}": value for key, value in who.items()},
        **{f"GIT_COMMITTER_{key}": value for key, value in who.items()},
    }


def say(text: str) -> None:
    """Print one step."""
    print(f"\n=> {text}", flush=True)


def indent(text: str) -> str:
    """Return the lines, each a little to the right."""
    return "\n".join(f"   {line}".rstrip() for line in text.rstrip().splitlines())


def on_terminate(number: int, _frame: FrameType | None) -> None:
    """Leave by the way of every clean-up."""
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
