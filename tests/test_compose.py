"""compose.yaml: it fits the image and the settings, and what it runs works together."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pages
import pytest
import yaml
from container import INTERPOLATED, Image, build, interpolate, read_dockerfile
from making import REPOSITORY, App, clean_environment, make_app, run
from waiting import PATIENCE, wait_for_line

GROW, DRAIN, LOOK, COMPOSE = pages.read("docs/scaling.md")
PARTS = yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8"))["parts"]
SECRETS = {"SECRET", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"}
OURS = ("web", "worker")


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> App:
    """Give an installed app with the part, which a test must leave as it is."""
    parts = ["container", "postgres", "compose"]
    return make_app(template, tmp_path_factory.mktemp("apps"), "default", parts=parts)


@pytest.fixture
def compose(made: App) -> dict[str, Any]:
    """Give what its compose.yaml says."""
    read: dict[str, Any] = yaml.safe_load((made.root / "compose.yaml").read_text("utf-8"))
    return read


def test_it_names_only_what_there_is(made: App, compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services.keys() == {"web", "worker", "postgres", "valkey"}
    shown = made.run(made.name, "settings").stdout.splitlines()
    settings = dict(line.split("=", 1) for line in shown)
    _, image = read_dockerfile(made.root)
    for name in OURS:
        assert services[name]["environment"].keys() <= settings.keys()
        assert services[name]["build"] == "."
        assert float(services[name]["stop_grace_period"][:-1]) > float(settings["JOBS_GRACE"])
        assert services[name]["depends_on"].keys() == {"postgres", "valkey"}
    assert services["web"]["command"] == yaml.safe_load(dict(image)["CMD"])
    assert services["web"]["environment"]["PORT"] in services["web"]["ports"][0].split(":")[-1]

    healthy = {name for name, service in services.items() if "healthcheck" in service}
    assert healthy == services.keys() - {"web"}
    assert "HEALTHCHECK" in dict(image)

    used = [volume for each in services.values() for volume in each.get("volumes", ())]
    assert sorted(volume.split(":")[0] for volume in used) == sorted(compose["volumes"])


def test_its_images_are_pinned(compose: dict[str, Any]) -> None:
    images = [each["image"] for each in compose["services"].values() if "image" in each]
    assert len(images) == 2
    assert [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?$", image)] == []


def test_its_secrets_come_from_the_env_file(made: App, compose: dict[str, Any]) -> None:
    text = (made.root / "compose.yaml").read_text("utf-8")
    asked = {match[1] for match in INTERPOLATED.finditer(text) if match[2] == "?"}
    assert asked == SECRETS
    for service in compose["services"].values():
        for name, value in service["environment"].items():
            if re.search("SECRET|PASSWORD|AUTH", name):
                assert INTERPOLATED.fullmatch(value), name
            if "@" in INTERPOLATED.sub("", str(value)):
                password = value.partition("://")[2].rpartition("@")[0].partition(":")[2]
                assert INTERPOLATED.fullmatch(password), name
    assert all(compose["services"][name]["env_file"] == ".env" for name in OURS)
    ignored = (made.root / ".gitignore").read_text("utf-8").splitlines()
    assert ".env" in ignored


@contextmanager
def running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[Any]:
    """Run a program until the block ends."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_programs(app: App, folder: Path) -> Path:
    """Give a folder with the servers' programs: those of Redis, and of a wheel, will do."""
    folder.mkdir()
    wheel = [str(path) for path in app.venv.glob("lib/*/site-packages/*/pginstall*/bin/pg_isready")]
    if program := next(iter(wheel), shutil.which("pg_isready")):
        (folder / "pg_isready").symlink_to(program)
    for name in ("server", "cli"):
        program = shutil.which(f"valkey-{name}") or shutil.which(f"redis-{name}")
        if program is None:
            pytest.skip("install Valkey or Redis")
        (folder / f"valkey-{name}").symlink_to(program)
    return folder


def is_well(service: dict[str, Any], image: Image, environment: dict[str, str]) -> bool:
    """Whether a service is in health, by what it says, or else its image."""
    if "healthcheck" not in service:
        command = image.program(image.health)
    else:
        kind, *command = service["healthcheck"]["test"]
        command = ["sh", "-c", *command] if kind == "CMD-SHELL" else command
    return run(*command, cwd=image.folder, env=environment, ok=False).returncode == 0


def make_env_file(app: App, folder: Path) -> dict[str, str]:
    """Make .env in a folder by what the docs say, and return what is in it."""
    _, *lines = COMPOSE.text.splitlines()
    shown = (app.root / "compose.yaml").read_text("utf-8")
    assert [
        line for line in lines if line.startswith("docker") and f"# {line}\n" not in shown
    ] == []
    rest = "\n".join(line for line in lines if not line.startswith("docker"))
    command = rest.replace("uv run ", f"{app.venv}/bin/")
    run("bash", "-ec", command, cwd=folder, env=app.environment())
    written = (folder / ".env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in written)


@pytest.mark.parametrize("block", [GROW, COMPOSE], ids=["postgres", "compose"])
def test_what_the_docs_ask_for_keeps_the_parts_that_most_apps_have(block: pages.Block) -> None:
    begin = "uv run copier update --data 'parts="
    line = block.text.splitlines()[0]
    assert line.startswith(begin)
    wanted = set(yaml.safe_load(line.removeprefix(begin).removesuffix("'")))
    usual = set(re.findall(r"'(\w+)'", PARTS["default"]))
    assert usual
    assert usual < wanted <= set(PARTS["choices"].values())


def test_what_waits_in_the_file_runs_as_the_docs_say(made: App, tmp_path: Path) -> None:
    app = made.copy(tmp_path / "my-app")
    greeting = ("jobs", "enqueue", "example", "--params", '{"name": "Ada"}')
    for delay in ("0", "0", "3600"):
        app.run(app.name, *greeting, "--delay", delay)
    settings = {"JOBS_URL": "postgresql://nobody@127.0.0.1:1/none"}
    environment = app.environment() | settings
    place = f"{app.venv}/bin/"
    listed = app.run(app.name, "jobs", "list", "--state", "scheduled", "--json").stdout
    (later,) = json.loads(listed)
    prefix, _, command = DRAIN.text.strip().partition(" uv run ")
    assert prefix == "JOBS_URL=sqlite:var/queue.db"
    drain = f"{prefix} exec {place}{command}"
    with running(["bash", "-c", drain], app.root, environment) as worker:
        for _ in range(2):
            wait_for_line(worker, "Job completed: example")
        now = f"{prefix} {place}{app.name} jobs now {later['id']}"
        run("bash", "-c", now, cwd=app.root, env=environment)
        wait_for_line(worker, "Job completed: example")
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0
    assert pages.play(app, [LOOK]) == []


def greet(page: str, worker: Any) -> None:
    """Have the front page schedule its job, and find there what the worker put in the store."""
    with urlopen(page, urlencode({"name": "Ada"}).encode(), timeout=PATIENCE) as answer:  # noqa: S310
        place = answer.url
    assert "?job=" in place
    wait_for_line(worker, "Job completed: example")
    with urlopen(place, timeout=PATIENCE) as answer:  # noqa: S310 - this test's own server
        assert "Hello, Ada!" in answer.read().decode()


def test_what_it_runs_works_together(made: App, compose: dict[str, Any], tmp_path: Path) -> None:
    secrets = make_env_file(made, tmp_path)
    assert secrets.keys() == SECRETS
    assert all(re.fullmatch(r"[\w-]{40,}", secret) for secret in secrets.values())
    image = build(made.root, tmp_path / "app")
    programs = find_programs(made, tmp_path / "programs")
    services = yaml.safe_load(interpolate(yaml.safe_dump(compose["services"], width=999), secrets))
    port, valkey_port = free_port(), free_port()
    path = f"{image.folder}/.venv/bin:{programs}:{os.environ['PATH']}"
    common = clean_environment() | {"PATH": path}

    with ExitStack() as stack:
        script = str(REPOSITORY / "tests" / "end_to_end" / "database.py")
        python = str(made.venv / "bin" / "python")
        database = stack.enter_context(running([python, script], made.root, made.environment()))
        url = wait_for_line(database, "postgresql://").strip()

        postgres = common | {"PGPORT": str(urlsplit(url).port)}
        assert is_well(services["postgres"], image, postgres)
        assert not is_well(services["postgres"], image, common | {"PGPORT": str(port)})

        command = [*services["valkey"]["command"], "--port", str(valkey_port)]
        stack.enter_context(running(command, tmp_path, common))
        test = services["valkey"]["healthcheck"]["test"]
        test[1] = test[1].replace("valkey-cli", f"valkey-cli -p {valkey_port}")
        valkey = common | services["valkey"]["environment"]
        deadline = time.monotonic() + PATIENCE
        while not is_well(services["valkey"], image, valkey):
            assert time.monotonic() < deadline
        wrong = valkey | {"REDISCLI_AUTH": "another"}
        assert not is_well(services["valkey"], image, wrong)

        environments, processes = {}, {}
        for name in OURS:
            service = services[name]
            environment = common | image.settings | service["environment"]
            environment |= {"PATH": path, "JOBS_URL": url, "PORT": str(port)}
            for store in ("STORE_URL", "CACHE_URL"):
                here = f"@127.0.0.1:{valkey_port}/"
                environment[store] = environment[store].replace("@valkey:6379/", here)
            environments[name] = environment
            assert not is_well(service, image, environment)
            command = image.program(service["command"])
            processes[name] = stack.enter_context(running(command, image.folder, environment))
            wait_for_line(processes[name], "Production ")
            assert is_well(service, image, environment)

        greet(f"http://127.0.0.1:{port}/", processes["worker"])
        for name, process in processes.items():
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
            assert process.returncode == 0
            assert not is_well(services[name], image, environments[name])
    assert list((image.folder / "var").iterdir()) == []
