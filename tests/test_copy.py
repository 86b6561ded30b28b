"""The front door: `copier copy` and `copier update` over a real git history."""

from pathlib import Path

import pytest
from making import copy_tree, list_files, run


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Give a git repository with one commit of this tree and no tags."""
    folder = copy_tree(tmp_path / "clone")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    if not (folder / ".git").exists():
        run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--message", "Change", cwd=folder)


def copy(source: Path, folder: Path) -> str:
    done = run("copier", "copy", str(source), str(folder), "--defaults", cwd=folder.parent)
    return done.stderr


@pytest.mark.parametrize("kind", ["clone", "template"])
def test_copier_copy_needs_neither_trust_nor_tags(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    source = request.getfixturevalue(kind)
    copy(source, tmp_path / "my-app")
    assert (tmp_path / "my-app/src/my_app/__main__.py").is_file()


def test_it_ends_by_saying_how_to_go_on(template: Path, tmp_path: Path) -> None:
    said = copy(template, tmp_path / "a folder's name")
    assert """cd '""" in said
    for step in ("git init", "git commit", "uv sync", "uv run a-folder-s-name server"):
        assert step in said


def test_the_current_folder_gives_its_name(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    run("copier", "copy", "--quiet", "--defaults", str(template), ".", cwd=folder)
    assert (folder / "src/here/__main__.py").is_file()


def test_an_update_brings_what_is_new_and_leaves_alone_what_is_the_owners(
    clone: Path, tmp_path: Path
) -> None:
    app = tmp_path / "my-app"
    copy(clone, app)
    commit(app)
    (app / "src/my_app/jobs/example.py").unlink()
    (app / "tests/jobs/test_example.py").unlink()
    (app / "src/my_app/views/root.py").write_text('"""Mine."""\n')
    (app / "src/my_app/jobs/mine.py").write_text("# mine\n")
    (app / "src/my_app/__init__.py").write_text('"""Mine."""\n')
    commit(app)
    before = set(list_files(app / "src")) | set(list_files(app / "tests"))

    runtime = clone / "template/src/{{package}}/runtime"
    with (runtime / "errors.py").open("a") as file:
        file.write("\n\nNEW = 1\n")
    (runtime / "new.py").write_text("NEW = 2\n")
    for example in ("jobs/example.py.jinja", "views/root.py.jinja"):
        (runtime.parent / example).write_text('"""New."""\n')
    commit(clone)
    run("copier", "update", "--defaults", "--quiet", cwd=app)

    after = set(list_files(app / "src")) | set(list_files(app / "tests"))
    assert after - before == {Path("my_app/runtime/new.py")}
    assert before - after == set()
    assert (app / "src/my_app/runtime/errors.py").read_text().endswith("NEW = 1\n")
    assert (app / "src/my_app/__init__.py").read_text() == '"""Mine."""\n'
    assert (app / "src/my_app/views/root.py").read_text() == '"""Mine."""\n'
    changed = run("git", "status", "--porcelain", cwd=app).stdout.split("\n")
    assert not [line for line in changed if line[:2] in {"UU", "AA", "DU", "UD"}]
