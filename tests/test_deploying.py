"""docs/deploying.md: what it has installed serves, and what it has backed up comes back."""

import configparser
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from typing import Any

import pages
import pytest
from container import read_dockerfile
from making import App, clean_environment, run
from waiting import PATIENCE, wait_for_line

INSTALL, UNIT, CADDY, NGINX, CONTAINER, BACKUP, RESTORE = pages.read("docs/deploying.md")
PLACE = "/srv/my-app"

JOB = '''
"""Wait until it may end."""

from pathlib import Path


def run(allocator, params, env):
    env.logger.info("begins")
    Path("gate").read_text()
'''


def read_unit() -> Any:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(UNIT.text)
    return unit


@contextmanager
def running(command: list[str], folder: Path, **settings: str) -> Iterator[Any]:
    """Run a program until the block ends."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=clean_environment() | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        patience = threading.Timer(PATIENCE, process.kill)
        patience.start()
        try:
            yield process
        finally:
            patience.cancel()
            process.kill()


def port_of(process: Any) -> int:
    found = re.search(r"server on http://[\d.]+:(\d+),", wait_for_line(process, " server on "))
    assert found
    return int(found[1])


def ask(port: int, method: str, path: str, **headers: str) -> int:
    """Send a request, and return the answer's status."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.my_app
def test_the_unit_starts_and_stops_what_was_installed(app: App, tmp_path: Path) -> None:
    place = app.copy(tmp_path / "my-app").root
    shutil.copy(app.root / "uv.lock", place)
    environment = clean_environment() | {"UV_PYTHON": sys.executable}
    run("bash", "-ec", INSTALL.text, cwd=place, env=environment)
    assert (place / ".env").stat().st_mode & 0o777 == 0o600
    service = read_unit()["Service"]
    assert UNIT.path == "/etc/systemd/system/my-app.service"
    assert service["WorkingDirectory"] == PLACE
    assert service["ReadWritePaths"] == f"{PLACE}/var"
    grace = run(str(place / ".venv/bin/my-app"), "settings", cwd=place).stdout
    grace = re.findall(r"^JOBS_GRACE=(\S+)", grace, re.MULTILINE)[0]
    assert f"({float(grace):g} s)" in UNIT.text
    assert float(service["TimeoutStopSec"]) > float(grace)

    command = service["ExecStart"].replace(PLACE, str(place)).split()
    with running(command, place, PORT="0") as server:
        assert ask(port_of(server), "GET", "/_ready") == 200
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE)
        assert server.returncode == 0
    # Nothing was written elsewhere, as the unit would refuse it.
    written = {path.name for path in place.iterdir()} - {path.parts[0] for path in app.files}
    assert written == {".env", ".venv", "uv.lock", "var"}


def test_the_unit_has_no_faults(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("install systemd")
    unit = tmp_path / "my-app.service"
    text = UNIT.text.replace(f"{PLACE}/.venv/bin/my-app", "/bin/true")
    unit.write_text(text.replace("User=my-app", "User=root").replace(PLACE, str(tmp_path)))
    said = run("systemd-analyze", "verify", str(unit), cwd=tmp_path)
    assert [line for line in said.stderr.splitlines() if unit.name in line] == []


@pytest.mark.my_app
def test_the_headers_of_a_proxy_are_believed_from_where_the_page_says(workshop: App) -> None:
    command = [str(workshop.venv / "bin/my-app"), "server", "--no-reload"]
    settings = {"PORT": "0", "PYTHONPATH": str(workshop.root / "src")}
    page = {"Origin": "http://example.com", "Host": "example.com"}
    form = {"Content_Type": "application/x-www-form-urlencoded", **page}
    proxy = {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "https"}
    sent = set(re.findall(r"proxy_set_header (\S+)", NGINX.text))
    assert sent == {"Host", *(name.replace("_", "-") for name in proxy)}
    target = "127.0.0.1:8080"
    assert f"reverse_proxy {target}\n" in CADDY.text
    assert f"proxy_pass http://{target};\n" in NGINX.text

    with running(command, workshop.root, **settings) as server:
        port = port_of(server)
        assert ask(port, "POST", "/", **form) != 403
        assert ask(port, "POST", "/", **form, **proxy) == 403  # a page that came by http
        assert ask(port, "GET", "/proxied", **proxy) == 404
        assert "203.0.113.7" in wait_for_line(server, "/proxied")
    with running(command, workshop.root, **settings, FORWARDED_ALLOW_IPS="192.0.2.1") as server:
        port = port_of(server)
        assert ask(port, "POST", "/", **form, **proxy) != 403
        assert ask(port, "GET", "/proxied", **proxy) == 404
        assert "203.0.113.7" not in wait_for_line(server, "/proxied")


@pytest.mark.my_app
def test_the_container_is_run_as_its_dockerfile_says(app: App) -> None:
    build, start = CONTAINER.text.replace("\\\n ", "").splitlines()
    shown = (app.root / "Dockerfile").read_text("utf-8")
    assert f"# {build}\n" in shown
    _, image = read_dockerfile(app.root)
    words = start.split()
    options = dict(pairwise(words))
    assert options["--publish"].endswith(f":{dict(image)['EXPOSE']}")
    assert options["--volume"] == f"my-app-var:{dict(image)['VOLUME']}"
    (told,) = [line for line in shown.splitlines() if line.startswith("# docker run")]
    for name in ("--env-file", "--volume", "--stop-timeout"):
        assert f"{name} {options[name]} " in told
    assert words[-1] == "my-app" == build.split()[-2]


@pytest.mark.my_app
def test_a_backup_of_a_running_app_brings_its_jobs_back(workshop: App) -> None:
    root, command = workshop.root, str(workshop.venv / "bin/my-app")
    (root / ".venv").symlink_to(workshop.venv)
    (root / "src/my_app/jobs/waits.py").write_text(JOB.lstrip())
    run("mkfifo", "gate", cwd=root)

    def cli(*words: str) -> Any:
        return json.loads(workshop.run("my-app", "jobs", *words, "--json").stdout)

    def states() -> dict[str, str]:
        return {job["id"]: job["state"] for job in cli("list")}

    def let_end() -> None:
        # Not by this process: nobody may come to read it.
        subprocess.run(["sh", "-c", ": > gate"], cwd=root, check=True, timeout=PATIENCE)

    worker = [command, "worker", "--threads", "1"]
    with running(worker, root, PYTHONPATH=str(root / "src")) as process:
        wait_for_line(process, "Development worker")
        for _ in range(2):
            workshop.run("my-app", "jobs", "enqueue", "waits")
        wait_for_line(process, "begins")
        before = states()
        assert sorted(before.values()) == ["ready", "running"]
        run("bash", "-ec", BACKUP.text, cwd=root, env=workshop.environment())
        for _ in before:
            let_end()
            wait_for_line(process, "Job completed")
        workshop.run("my-app", "jobs", "enqueue", "example", "--params", '{"name": "Ada"}')
        wait_for_line(process, "Job completed: example")
        process.send_signal(signal.SIGKILL)  # so that there is a journal
    assert (root / "var/queue.db-wal").stat().st_size

    stop, *steps, start = RESTORE.text.splitlines()
    assert (stop, start) == ("sudo systemctl stop my-app", "sudo systemctl start my-app")
    copies = sorted(path.name for path in (root / "backup").iterdir())
    assert [re.sub(r"\d", "0", name) for name in copies] == [
        "queue-0000-00-00-000000.db",
        "store-0000-00-00-000000.db",
    ]
    script = re.sub(r"queue-[\d-]+\.db", copies[0], "\n".join(steps))
    run("bash", "-ec", script, cwd=root)
    with running(worker, root, PYTHONPATH=str(root / "src"), JOBS_LEASE="1") as process:
        for _ in before:
            let_end()
            wait_for_line(process, "Job completed: waits")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert states() == dict.fromkeys(before, "completed")
