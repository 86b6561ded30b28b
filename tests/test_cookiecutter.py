"""The second door: `cookiecutter` makes the app that `copier copy` makes, or nothing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from history import commit, make_history
from making import ANSWERS, REPOSITORY, TOOL, clean_environment, list_files, run

NOT_FOR_COOKIECUTTER = {"package", "parts"}
"""Questions of Copier's that have another form here: empty for the default, and one a part."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a clone with tags, whose last commit has none."""
    folder = make_history(tmp_path_factory.mktemp("clones") / "chuckwalla", tags=True)
    with (folder / "template/ruff.toml").open("a") as file:
        file.write("# not released\n")
    commit(folder)
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a `cookiecutter` beside which there is no Copier."""
    venv = tmp_path_factory.mktemp("bare") / "venv"
    run("uv", "venv", "--quiet", "--python", sys.executable, str(venv), cwd=venv.parent)
    install = ("uv", "pip", "install", "--quiet", "--python", str(venv / "bin/python"))
    run(*install, "cookiecutter", cwd=venv.parent)
    return venv / "bin"


def cookiecutter(
    folder: Path, *arguments: str, program: Path = TOOL, path: str | None = None, ok: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, with a home of its own beside that."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    environment = clean_environment() | {"HOME": str(home), "NO_COLOR": "1"}
    if path is not None:
        environment["PATH"] = path
    folder.mkdir(exist_ok=True)
    command = (str(program / "cookiecutter"), "--no-input", *arguments)
    return run(*command, cwd=folder, env=environment, ok=ok)


def copy(source: str, folder: Path, *arguments: str) -> dict[str, tuple[int, bytes]]:
    """Run `copier copy`, and return what it made."""
    run("copier", "copy", "--quiet", "--defaults", *arguments, source, str(folder), cwd=REPOSITORY)
    return read_tree(folder)


def read_tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the modes and contents of all files, and the modes of the folders."""
    folders = [path.relative_to(folder) for path in folder.rglob("*") if path.is_dir()]
    files = list_files(folder)
    assert files
    return {
        str(path): ((folder / path).lstat().st_mode, b"" if path in folders else read(folder, path))
        for path in (*files, *folders)
    }


def read(folder: Path, file: Path) -> bytes:
    return (folder / file).read_bytes()


@pytest.mark.parametrize("kind", ANSWERS)
def test_it_gives_what_copier_copy_gives(clone: Path, tmp_path: Path, kind: str) -> None:
    answers = [f"{name}={value}" for name, value in ANSWERS[kind].items()]
    data = [word for answer in answers for word in ("--data", answer)]
    expected = copy(str(clone), tmp_path / "expected", *data)
    # Cookiecutter renders what is given in the command, though not what is typed.
    raw = [answer.replace("{{", "{{ '{{' }}") for answer in answers]
    cookiecutter(tmp_path / "out", str(clone), *raw)
    (made,) = (tmp_path / "out").iterdir()
    assert read_tree(made) == expected
    assert ".copier-answers.yml" in expected


@pytest.mark.parametrize(
    ("answer", "parts"),
    [("container=no", "[github_actions]"), ("github_actions=no", "[container]")],
)
def test_a_part_can_be_left_out(clone: Path, tmp_path: Path, answer: str, parts: str) -> None:
    given = ("--data", "project_name=my-app", "--data", f"parts={parts}")
    expected = copy(str(clone), tmp_path / "expected", *given)
    cookiecutter(tmp_path / "out", str(clone), answer)
    assert read_tree(tmp_path / "out/my-app") == expected


def test_the_folder_and_the_package_may_have_other_names(clone: Path, tmp_path: Path) -> None:
    cookiecutter(tmp_path / "out", str(clone), "project_slug=here", "package=farm")
    assert (tmp_path / "out/here/src/farm/__main__.py").is_file()


@pytest.mark.parametrize("elsewhere", [True, False], ids=["-o", "here"])
def test_a_relative_path_is_noted_as_a_whole_one(
    clone: Path, tmp_path: Path, elsewhere: bool
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    arguments = ("-o", str(tmp_path / "other")) if elsewhere else ()
    cookiecutter(folder, os.path.relpath(clone, folder), *arguments)
    app = tmp_path / ("other" if elsewhere else "out") / "my-app"
    assert f"_src_path: {clone}\n" in (app / ".copier-answers.yml").read_text()
    assert read_tree(app) == copy(str(clone), tmp_path / "my-app")


def test_an_address_is_noted_as_copier_wants_it(clone: Path, tmp_path: Path) -> None:
    cookiecutter(tmp_path / "out", f"git+file://{clone}")
    expected = copy(f"git+file://{clone}", tmp_path / "my-app")
    assert read_tree(tmp_path / "out/my-app") == expected


def test_a_checkout_is_the_version_that_is_made(clone: Path, tmp_path: Path) -> None:
    head = run("git", "rev-parse", "HEAD", cwd=clone).stdout.strip()
    cookiecutter(tmp_path / "out", f"git+file://{clone}", "--checkout", head)
    expected = copy(f"git+file://{clone}", tmp_path / "my-app", "--vcs-ref", head)
    assert read_tree(tmp_path / "out/my-app") == expected
    assert b"# not released\n" in expected["ruff.toml"][1]


def test_copier_update_works_in_it(clone: Path, tmp_path: Path) -> None:
    cookiecutter(tmp_path / "out", f"git+file://{clone}")
    app = tmp_path / "out/my-app"
    commit(app)
    run("copier", "update", "--defaults", "--vcs-ref", "HEAD", cwd=app)
    changed = run("git", "status", "--porcelain", cwd=app).stdout.split("\n")
    assert changed == [" M .copier-answers.yml", " M ruff.toml", ""]


def test_without_copier_it_says_what_to_install_and_leaves_nothing(
    clone: Path, bare: Path, tmp_path: Path
) -> None:
    done = cookiecutter(tmp_path / "out", str(clone), program=bare, path="/nowhere", ok=False)
    assert done.returncode == 1
    assert "Error: this needs Copier: install uv or pipx, or " in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("tool", ["copier", "uvx", "pipx"])
def test_copier_may_come_from_a_tool(clone: Path, bare: Path, tmp_path: Path, tool: str) -> None:
    begin = {"copier": "", "uvx": "copier ", "pipx": "run copier "}[tool]
    shim = tmp_path / "tools" / tool
    shim.parent.mkdir()
    script = f"""#!/bin/sh
    case "$*" in "{begin}copy "*) ;; *) exit 9;; esac
    while [ "$1" != copy ]; do shift; done
    exec {TOOL}/copier "$@"
    """
    shim.write_text("\n".join(line.strip() for line in script.splitlines()))
    shim.chmod(0o755)
    cookiecutter(tmp_path / "out", str(clone), program=bare, path=f"{shim.parent}:/usr/bin:/bin")
    assert (tmp_path / "out/my-app/.copier-answers.yml").is_file()


@pytest.mark.parametrize("force", [(), ("-f",), ("-f", "-s")])
def test_a_folder_with_files_is_refused_and_left_as_it_is(
    clone: Path, tmp_path: Path, force: tuple[str, ...]
) -> None:
    folder = tmp_path / "out/my-app"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("mine\n")
    done = cookiecutter(tmp_path / "out", str(clone), *force, ok=False)
    assert done.returncode == 1
    assert ("has files already: choose another folder" in done.stderr) == bool(force)
    assert {name: text for name, (_, text) in read_tree(folder).items()} == {"README.md": b"mine\n"}


def test_an_answer_that_copier_refuses_leaves_nothing(clone: Path, tmp_path: Path) -> None:
    for force in ((), ("-f",)):
        (tmp_path / "out" / "json").mkdir(parents=True, exist_ok=True) if force else None
        done = cookiecutter(tmp_path / "out", str(clone), *force, "project_name=json", ok=False)
        assert done.returncode == 1
        line = "Error: Copier made no app: ValueError: .* type another name, such as json-app"
        assert re.search(line, done.stderr)
        assert list_files(tmp_path / "out") == ()


def test_a_template_that_fails_midway_leaves_nothing(clone: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    run("git", "clone", "--quiet", "--no-tags", str(clone), str(broken), cwd=tmp_path)
    (broken / "template/zzz.jinja").write_text("{{ nothing }}\n")
    commit(broken)
    (tmp_path / "out/my-app").mkdir(parents=True)
    done = cookiecutter(tmp_path / "out", "-f", str(broken), ok=False)
    assert done.returncode == 1
    assert "Error: Copier made no app: " in done.stderr
    assert "'nothing' is undefined" in done.stderr
    assert list((tmp_path / "out/my-app").iterdir()) == []


def test_a_template_that_is_not_in_git_at_its_origin(clone: Path, tmp_path: Path) -> None:
    archive = tmp_path / "chuckwalla.zip"
    command = ("git", "archive", "--prefix=chuckwalla/", "--output", str(archive), "HEAD")
    run(*command, cwd=clone)
    done = cookiecutter(tmp_path / "out", str(archive), ok=False)
    assert done.returncode == 1
    assert "is not in git, so the app could not be updated" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def read_questions() -> tuple[dict[str, Any], dict[str, Any]]:
    ours = json.loads((REPOSITORY / "cookiecutter.json").read_text("utf-8"))
    config = yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8"))
    return ours, {name: value for name, value in config.items() if not name.startswith("_")}


def test_it_asks_what_copier_asks() -> None:
    ours, theirs = read_questions()
    parts = list(theirs["parts"]["choices"].values())
    names = [name for name in ours if not name.startswith("__")]
    others = [name for name in theirs if name != "parts"]
    assert names == [*others[:1], "project_slug", *others[1:], *parts]
    assert ours["__prompts__"].keys() == set(names)
    same = [name for name in others if name not in NOT_FOR_COOKIECUTTER]
    assert [ours["__prompts__"][name] for name in same] == [theirs[name]["help"] for name in same]
    assert ours["description"] == theirs["description"]["default"]
    chosen = [name for name in parts if ours[name]]
    assert theirs["parts"]["default"] == f"{{{{ {chosen} }}}}"
