"""`generate job` in an app, as its user runs it."""

import ast
import shutil
from pathlib import Path

import pytest
from making import App, clean_environment, list_files, run

NAMES = ("word_count", "json", "test", "match", "report", "admin/report", "a/b/c", "x" * 50)


def job_file(app: App, name: str) -> Path:
    return app.root / "src" / app.package / "jobs" / f"{name}.py"


def snapshot(app: App) -> dict[str, bytes | None]:
    """Read every file and folder, but for what Python caches."""
    paths = [path for path in app.root.rglob("*") if "__pycache__" not in path.parts]
    return {str(path): path.read_bytes() if path.is_file() else None for path in paths}


def refused(app: App, *arguments: str) -> str:
    """Run `generate job`, see it refuse and change nothing, and return the line that it says."""
    before = snapshot(app)
    done = app.run(app.name, "generate", "job", *arguments, ok=False)
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


def test_it_prints_what_it_made_and_the_command_to_try(workshop: App) -> None:
    done = workshop.run(workshop.name, "generate", "job", "iguanas")
    assert done.stdout.splitlines() == [
        f"created src/{workshop.package}/jobs/iguanas.py",
        "created tests/jobs/test_iguanas.py",
        f"Try it: uv run {workshop.name} jobs enqueue iguanas --wait",
    ]


def test_only_those_two_files_are_new(workshop: App) -> None:
    before = snapshot(workshop)
    workshop.run(workshop.name, "g", "job", "iguanas")
    new = {Path(path).name for path in snapshot(workshop).keys() - before.keys()}
    assert new == {"iguanas.py", "test_iguanas.py"}


def test_what_it_makes_passes_the_tests_and_all_checks(workshop: App) -> None:
    for name in NAMES:
        workshop.run(workshop.name, "generate", "job", name)
    done = workshop.run("pytest", "tests/jobs")
    assert f"{len(NAMES) + 3} passed" in done.stdout
    workshop.run("ruff", "check", "--no-cache")
    workshop.run("ruff", "format", "--check", "--no-cache")
    workshop.run("mypy")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "use small letters"),
        ("../../etc", "use small letters"),
        ("/etc/passwd", "use small letters"),
        ("a//b", "use small letters"),
        ("a/", "use small letters"),
        ("a\\b", "use small letters"),
        ("a.b", "use small letters"),
        ("2fast", "use small letters"),
        ("Iguanas", "use small letters"),
        ("word-count", "use small letters"),
        ("_helper", "use small letters"),
        ("größe", "use small letters"),
        ("two\nlines", "use small letters"),
        ("class", "class is a word of Python"),
        ("admin/import", "import is a word of Python"),
        ("x" * 51, "at most 50 characters"),
    ],
)
def test_a_bad_name_is_refused(workshop: App, name: str, said: str) -> None:
    assert said in refused(workshop, name)


def test_an_existing_job_is_left_alone(workshop: App) -> None:
    workshop.run(workshop.name, "generate", "job", "iguanas")
    job_file(workshop, "iguanas").write_text("# mine\n")
    (workshop.root / "tests/jobs/test_iguanas.py").unlink()
    assert "jobs/iguanas.py is there already" in refused(workshop, "iguanas")


def test_an_existing_test_is_left_alone_and_no_job_is_made(workshop: App) -> None:
    (workshop.root / "tests/jobs/test_iguanas.py").write_text("# mine\n")
    assert "tests/jobs/test_iguanas.py is there already" in refused(workshop, "iguanas")


def test_a_link_that_leads_nowhere_is_left_alone(workshop: App) -> None:
    job_file(workshop, "iguanas").symlink_to("nowhere")
    assert "jobs/iguanas.py is there already" in refused(workshop, "iguanas")
    assert job_file(workshop, "iguanas").is_symlink()


def test_a_module_cannot_get_a_folder_of_its_name(workshop: App) -> None:
    workshop.run(workshop.name, "generate", "job", "admin")
    assert "jobs/admin.py would hide" in refused(workshop, "admin/report")


def test_a_folder_of_modules_cannot_get_a_module_of_its_name(workshop: App) -> None:
    workshop.run(workshop.name, "generate", "job", "admin/report")
    assert "jobs/admin/ has modules" in refused(workshop, "admin")


def test_nothing_is_left_when_the_second_file_cannot_be_written(workshop: App) -> None:
    shutil.rmtree(workshop.root / "tests/jobs")
    (workshop.root / "tests/jobs").write_text("in the way\n")
    assert "nothing was written" in refused(workshop, "admin/deep/report")


def test_a_broken_generator_is_told_in_one_line(workshop: App) -> None:
    (workshop.root / "generators/job/copier.yml").write_text("name: [\n")
    assert "generators/job: " in refused(workshop, "iguanas")


def test_a_missing_generator_is_told_in_one_line(workshop: App) -> None:
    shutil.rmtree(workshop.root / "generators")
    assert "generators/job: no generator" in refused(workshop, "iguanas")


def test_without_copier_it_says_how_to_get_it(workshop: App, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    environment = clean_environment() | {"UV_PROJECT_ENVIRONMENT": str(bare)}
    run("uv", "sync", "--quiet", "--no-dev", cwd=workshop.root, env=environment)
    (workshop.root / "uv.lock").unlink()
    done = run(str(bare / "bin" / workshop.name), "g", "job", "x", cwd=workshop.root, ok=False)
    assert done.returncode == 2
    assert done.stderr == "Error: generators need copier, which `uv sync` installs\n"


def test_copier_by_hand_gives_the_same_files(workshop: App, tmp_path: Path) -> None:
    by_hand = workshop.copy(tmp_path / "by_hand")
    workshop.run(workshop.name, "generate", "job", "admin/report")
    workshop.run(
        "copier", "copy", "--quiet", "-d", "name=admin/report", "generators/job", "../by_hand"
    )
    made = [file for file in list_files(workshop.root) if file not in workshop.files]
    made = [file for file in made if "__pycache__" not in file.parts]
    assert [(workshop.root / f).read_bytes() for f in made] == [
        (by_hand.root / f).read_bytes() for f in made
    ]
    assert len(made) == len(list_files(by_hand.root)) - len(by_hand.files) == 2


def test_the_users_own_settings_of_copier_have_no_say(
    workshop: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text("defaults: [broken\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))
    workshop.run(workshop.name, "generate", "job", "iguanas")
    assert job_file(workshop, "iguanas").is_file()
