"""Make new files from a generator: a Copier template in the project's generators/ folder.

Nothing is rendered in place, where Copier would ask, and take a bare Enter for a yes to overwrite.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, redirect_stderr
from io import StringIO
from pathlib import Path

from .errors import GenerateError


def make_files(root: Path, generator: str, answers: Mapping[str, str]) -> list[Path]:
    """Render a generator of the project at `root`, and write all of its files or none.

    Returns the new files, relative to `root`. Raises GenerateError if one is there already, or
    if the generator cannot be rendered or its files cannot be written.
    """
    template = root / "generators" / generator
    if not (template / "copier.yml").is_file():
        raise GenerateError(f"{template}: no generator is there; run this in the project's folder")
    with tempfile.TemporaryDirectory(prefix="generate-") as folder:
        rendered = Path(folder)
        _render(template, rendered, answers)
        files = sorted(path.relative_to(rendered) for path in rendered.rglob("*") if path.is_file())
        _check_targets(root, files)
        _write_all(root, {file: (rendered / file).read_bytes() for file in files})
    return files


def _render(template: Path, folder: Path, answers: Mapping[str, str]) -> None:
    try:
        import copier  # noqa: PLC0415 - costs 0.4 s, which a refused name need not pay
    except ImportError as error:
        raise GenerateError(f"generators need {error.name}, which `uv sync` installs") from error
    try:
        with redirect_stderr(StringIO()):
            copier.run_copy(
                str(template),
                folder,
                dict(answers),
                defaults=True,
                quiet=True,
                overwrite=True,
                settings=copier.Settings(),
            )
    except Exception as error:  # a generator is the team's own, and may fail in any way
        reason = " ".join(str(error).split())
        raise GenerateError(f"{template}: {type(error).__name__}: {reason}") from error


def _check_targets(root: Path, files: list[Path]) -> None:
    for file in files:
        if os.path.lexists(root / file):
            raise GenerateError(f"{file} is there already; nothing was written")
        beside = file.with_suffix("")
        if any((root / beside).rglob("*.py")):
            raise GenerateError(f"{beside}/ has modules, which {file} would hide; use another name")
        for folder in file.parents[:-1]:
            module = folder.with_name(f"{folder.name}.py")
            if (root / module).is_file():
                raise GenerateError(f"{module} would hide what is in {folder}/; use another name")


def _write_all(root: Path, contents: Mapping[Path, bytes]) -> None:
    with ExitStack() as undo:
        try:
            for file, content in contents.items():
                _make_folder(root / file.parent, undo)
                with (root / file).open("xb") as target:
                    undo.callback((root / file).unlink)
                    target.write(content)
        except OSError as error:
            reason = f"{error.filename or file}: {error.strerror}"
            raise GenerateError(f"{reason}; nothing was written") from error
        undo.pop_all()


def _make_folder(folder: Path, undo: ExitStack) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, undo)
        folder.mkdir()
        undo.callback(folder.rmdir)
