"""The generators of an app, as its user runs them: `generate job iguanas` and so on."""

import ast
import json
import re
import shlex
import shutil
from pathlib import Path

import pages
import pytest
from making import App, clean_environment, list_files, run

NAMES = (
    *("word_count", "match", "test", "client", "page", "app", "id", "None", "runtime", "wrap"),
    *("IguanaFarm", "request", "a1__b_", "test_path", "admin/report", "a.b.c", "x" * 30),
)
LONGEST = ("x" * 50, f"y/{'y' * 48}")

MADE: dict[str, list[list[str]]] = {
    "job": [
        ["--queue", "q" * 64, "--cron", "*/5 0-23/2 1,15 JAN-DEC MON-FRI"],
        ["--cron", "0 3 * * *", "--max-attempts", "1000", "--timeout", "604800"],
        [],
    ],
    "view": [["index", "new", "edit", "get", "post", "put", "patch", "delete"], ["post"], []],
    "middleware": [[]],
    "mailer": [[]],
}
"""What each generator is given besides a name: for one name this, for the next one that."""

MANY = """
import json, sys
from {package}.runtime.cli import main
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments)
    except SystemExit as end:
        if end.code:
            raise
"""
"""Runs many commands in one process: starting one takes longer than what it does."""


SHRINKS = """
from starlette.testclient import TestClient

def test_the_front_page_is_compressed(client: TestClient) -> None:
    assert client.get("/").headers["Content-Encoding"] == "gzip"
"""


def names_for(kind: str) -> list[str]:
    """Give names as nasty as this kind of file can have."""
    if kind == "mailer":
        return [name for name in NAMES if not set("/.") & set(name)]
    return [*NAMES, *(LONGEST if kind in {"job", "view"} else ())]


def job_file(app: App, name: str) -> Path:
    return app.root / "src" / app.package / "jobs" / f"{name}.py"


def snapshot(app: App) -> dict[str, bytes | None]:
    """Read every file and folder, but for what Python caches."""
    paths = [path for path in app.root.rglob("*") if "__pycache__" not in path.parts]
    return {str(path): path.read_bytes() if path.is_file() else None for path in paths}


def made_in(app: App) -> dict[Path, bytes]:
    """Read what is there besides what the template made and what Python caches."""
    files = set(list_files(app.root)) - set(app.files)
    found = {file: (app.root / file).read_bytes() for file in sorted(files)}
    return {file: text for file, text in found.items() if "__pycache__" not in file.parts}


def refused(app: App, *arguments: str) -> str:
    """Run `generate`, see it refuse and change nothing, and return the line that it says."""
    before = snapshot(app)
    done = app.run(app.name, "generate", *arguments, ok=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert snapshot(app) == before
    return done.stderr


def test_p01_generate_job_writes_one_job_with_the_function_run(workshop: App) -> None:
    workshop.run(workshop.name, "generate", "job", "iguanas")
    text = job_file(workshop, "iguanas").read_text("utf-8")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert [function.name for function in functions] == ["run"]
    arguments = [argument.arg for argument in functions[0].args.args]
    assert arguments == ["allocator", "params", "env"]
    docstring = ast.get_docstring(functions[0]) or ""
    assert all(f"{argument}: " in docstring for argument in arguments)
    assert 'env.logger.info("Running a job.")' in text


@pytest.mark.parametrize("cron", ["61 * * * *", "0 0 30 2 *", "0 25 * * *"])
def test_a_time_that_never_comes_is_refused_with_the_reason(workshop: App, cron: str) -> None:
    told = refused(workshop, "job", "iguanas", "--cron", cron)
    assert f"jobs/iguanas.py:6: cron='{cron}': " in told
    assert "nothing was written" in told


def test_help_has_a_whole_line_on_each(app: App) -> None:
    told = app.run(app.name, "generate", "--help").stdout.partition("Commands:")[2]
    assert all(f"  {kind} " in told for kind in MADE)
    assert "..." not in told


def test_it_prints_what_it_made_and_the_command_to_try(workshop: App) -> None:
    done = workshop.run(workshop.name, "generate", "job", "iguanas")
    assert done.stdout.splitlines() == [
        f"created src/{workshop.package}/jobs/iguanas.py",
        "created tests/jobs/test_iguanas.py",
        f"Try it: uv run {workshop.name} jobs enqueue iguanas --wait",
    ]
    assert [file.name for file in made_in(workshop)] == ["iguanas.py", "test_iguanas.py"]
    enqueued = workshop.run(workshop.name, "jobs", "enqueue", "iguanas", "--wait")
    assert "Running a job." in enqueued.stderr


def test_all_that_is_made_passes_its_tests_and_all_checks(workshop: App) -> None:
    commands = [
        ["generate", kind, name, *choices[number % len(choices)]]
        for kind, choices in MADE.items()
        for number, name in enumerate(names_for(kind))
    ]
    many = MANY.format(package=workshop.package)
    workshop.run("python", "-c", many, json.dumps(commands))
    new = [file for file in made_in(workshop) if file.parts[0] == "tests"]
    assert len(new) == len(commands)
    done = workshop.run("pytest", *map(str, new))
    assert "passed" in done.stdout
    assert "failed" not in done.stdout
    workshop.run("ruff", "check", "--no-cache")
    workshop.run("ruff", "format", "--check", "--no-cache")
    workshop.run("mypy")
    workshop.run(workshop.name, "routes")


@pytest.mark.my_app
@pytest.mark.parametrize(
    ("name", "needed"),
    [("iguanas", {"click", "jinja2", "yaml", "msgspec"}), ("class", {"click"})],
    ids=["a job", "a refusal"],
)
def test_it_imports_only_what_it_needs(workshop: App, name: str, needed: set[str]) -> None:
    # What a command imports is nearly all of its time; `make bench-generate` has the seconds.
    script = str(workshop.venv / "bin" / workshop.name)
    done = workshop.run("python", "-X", "importtime", script, "generate", "job", name, ok=False)
    imported = {line.split("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    ours = {f"{workshop.package}.runtime.{name}" for name in ("boot", "storage", "queue", "web")}
    heavy = {"click", "jinja2", "yaml", "msgspec", "sqlite3", "starlette", "copier", "pydantic"}
    assert imported & (heavy | ours) == needed


@pytest.mark.parametrize("kind", MADE)
def test_copier_by_hand_gives_the_same_files(workshop: App, tmp_path: Path, kind: str) -> None:
    by_hand = workshop.copy(tmp_path / "by_hand")
    data = {
        "job": [
            *("queue=reports", "cron=0 3 * * *", "timezone=Europe/Berlin"),
            *("max_attempts=3", "timeout=30", "limit=2"),
        ],
        "view": ["actions=[index, post, get]"],
    }
    options = {
        "job": [
            *("--queue", "reports", "--cron", "0 3 * * *", "--timezone", "Europe/Berlin"),
            *("--max-attempts", "3", "--timeout", "30", "--limit", "2"),
        ],
        "view": ["post", "index", "get"],
    }
    by_copier = [argument for each in data.get(kind, []) for argument in ("-d", each)]
    name = "report" if kind == "mailer" else "admin/report"
    workshop.run(workshop.name, "generate", kind, name, *options.get(kind, []))
    answers = ("-q", "-d", f"name={name}", *by_copier)
    workshop.run("copier", "copy", *answers, f"generators/{kind}", "../by_hand")
    assert made_in(workshop) == made_in(by_hand)
    assert len(made_in(workshop)) >= 2


@pytest.mark.parametrize("kind", MADE)
def test_destroy_undoes_it(workshop: App, kind: str) -> None:
    name = "iguanas" if kind == "mailer" else "deep/iguanas"
    before = snapshot(workshop)
    workshop.run(workshop.name, "generate", kind, name)
    assert snapshot(workshop) != before
    workshop.run("python", "-m", "compileall", "-q", "src", "tests")
    workshop.run(workshop.name, "destroy", kind, name)
    assert snapshot(workshop) == before


def test_a_second_run_finds_nothing_to_do(workshop: App) -> None:
    workshop.run(workshop.name, "generate", "job", "iguanas")
    before = snapshot(workshop)
    again = workshop.run(workshop.name, "generate", "job", "Iguanas")
    assert again.stdout == "nothing to do: all of it is there already\n"
    assert snapshot(workshop) == before


def test_the_options_of_a_job_reach_its_file(workshop: App) -> None:
    options = ("--queue", "reports", "--cron", "0 3 * * *", "--timezone", "Asia/Tokyo")
    more = ("--max-attempts", "3", "--timeout", "30", "--limit", "2")
    workshop.run(workshop.name, "generate", "job", "iguanas", *options, *more)
    text = job_file(workshop, "iguanas").read_text("utf-8")
    lines = ['    queue="reports",', '    cron="0 3 * * *",', '    timezone="Asia/Tokyo",']
    lines += ["    max_attempts=3,", "    timeout=30,", "    limit=2,"]
    assert "\n".join(["options = JobOptions(", *lines, ")"]) in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("job", "../../etc"), "use letters, digits"),
        (("job", "2fast"), "use letters, digits"),
        (("view", "größe"), "use letters, digits"),
        (("middleware", "class"), "class is a word of Python"),
        (("job", "json"), "json is a module of Python's standard library"),
        (("job", "x" * 51), "at most 50 characters"),
        (("middleware", "x" * 31), "name: Use up to 30 small letters"),
        (("mailer", "admin/welcome"), "no folder"),
        (("job", "x", "--queue", 'a"b'), "queue: Use up to 64 letters"),
        (("job", "x", "--cron", '* * * *"\n'), "cron: Use five fields"),
        (("job", "x", "--max-attempts", "0"), "max_attempts: Use a number from 1 to 1000."),
        (("job", "x", "--timezone", "Asia/Tokyo"), "timezone: It is the zone of cron: give both."),
        (("job", "x", "--timeout", "-1"), "timeout: Use a number from 0 to 604800."),
        (("job", "x", "--limit", "1001"), "limit: Use a number from 0 to 1000."),
        (("view", "root"), "views/root.py: there already, and different"),
    ],
)
def test_what_cannot_be_made_is_refused(
    workshop: App, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(workshop, *arguments)


def test_the_users_own_files_are_left_alone(workshop: App) -> None:
    (workshop.root / "tests/jobs/test_iguanas.py").write_text("# mine\n")
    assert "tests/jobs/test_iguanas.py: there already" in refused(workshop, "job", "iguanas")
    job_file(workshop, "lizards").symlink_to("nowhere")
    assert "jobs/lizards.py is there already" in refused(workshop, "job", "lizards")
    workshop.run(workshop.name, "generate", "job", "admin")
    assert "jobs/admin.py would hide" in refused(workshop, "job", "admin/report")


def test_what_the_docs_show_works(workshop: App) -> None:
    blocks = pages.read("docs/generators.md", workshop.package)
    commands, *files, complete = blocks
    for line in commands.text.replace("my-app", workshop.name).splitlines():
        workshop.run(*shlex.split(line, comments=True)[2:])
    for block in files:
        assert block.path
        place = workshop.root / block.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(block.text)
    # Before it is on the path it is called by its place.
    script = complete.text.replace("$(_", f"$(export PATH={workshop.venv}/bin:$PATH; _")
    script = script.replace("_MY_APP_", f"_{re.sub(r'[-.]', '_', workshop.name).upper()}_")
    script = f"{script.replace('my-app', workshop.name)}complete -p"
    assert f" {workshop.name}" in run("bash", "-c", script, cwd=workshop.root).stdout

    listed = workshop.run(workshop.name, "generate").stdout
    assert re.search(r"component +Make a component\.\n", listed)
    workshop.run(workshop.name, "generate", "component", "admin/box", "--size", "5")
    assert (workshop.root / "components/admin/box.txt").read_text() == "admin_box of 5\n"
    assert "size: Use 9 at most." in refused(workshop, "component", "box", "--size", "10")

    (workshop.root / "tests/test_shrink.py").write_text(SHRINKS)
    workshop.run("pytest", "tests/test_shrink.py")
    workshop.run("mypy", f"src/{workshop.package}/middleware")


def test_without_generators_there_is_still_a_secret(workshop: App) -> None:
    shutil.rmtree(workshop.root / "generators")
    done = workshop.run(workshop.name, "generate", "job", "iguanas", ok=False)
    assert "No such command 'job': there are secret" in done.stderr
    assert workshop.run(workshop.name, "generate", "secret").stdout.startswith("SECRET=")


def test_without_the_tools_of_development_it_says_how_to_get_them(
    workshop: App, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    environment = clean_environment() | {"UV_PROJECT_ENVIRONMENT": str(bare)}
    run("uv", "sync", "--quiet", "--no-dev", cwd=workshop.root, env=environment)
    (workshop.root / "uv.lock").unlink()
    command = str(bare / "bin" / workshop.name)
    done = run(command, "g", "job", "x", cwd=workshop.root, ok=False)
    assert done.returncode == 2
    assert done.stderr == "error: generators need copier, which `uv sync` installs\n"
    assert run(command, "g", "secret", cwd=workshop.root).stdout.startswith("SECRET=")
