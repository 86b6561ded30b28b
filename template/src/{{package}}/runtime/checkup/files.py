"""Which of the template's own files were edited by hand, by the hashes in the manifest?"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from .finding import Finding, Level, join

RUNTIME = Path(__file__).parents[1]
MANIFEST = RUNTIME / "manifest.toml"


class Manifest(msgspec.Struct, frozen=True):
    """What the template wrote: its version, and hashes of files by their paths in the app."""

    version: str
    runtime: dict[str, str]
    parts: dict[str, dict[str, str]] = {}


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """Return the manifest. Raises ValueError if it is gone, or not what the template wrote."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Manifest)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"{path.name} cannot be read, so edits cannot be told: {error}") from None


def check_files(root: Path, manifest: Manifest) -> Iterator[Finding]:
    """Compare the files of the runtime, and those of each optional part."""
    runtime, parts = manifest.runtime, manifest.parts
    known = {*runtime, *(path for files in parts.values() for path in files)}
    added = [f"{path} (added)" for path in _list_runtime(root) if path not in known]
    if edited := [*_compare(root, runtime), *added]:
        yield Finding(
            Level.NOTE,
            f"edited by hand in the runtime: {join(edited)}",
            "An update merges such edits, and leaves conflict markers where it changes the same "
            "lines.",
        )
    else:
        yield Finding(Level.GOOD, "the runtime is as the template wrote it")
    for part, files in parts.items():
        if edited := list(_compare(root, files)):
            yield Finding(
                Level.NOTE,
                f"edited by hand in the part {part}: {join(edited)}",
                f"An update that leaves {part} out deletes its files, and these edits with them; "
                "`git checkout HEAD -- FILE` before you commit keeps one.",
            )


def _compare(root: Path, files: Mapping[str, str]) -> Iterator[str]:
    for path, wanted in files.items():
        try:
            content = (root / path).read_bytes()
        except OSError:
            yield f"{path} (deleted)"
        else:
            if hashlib.sha256(content).hexdigest() != wanted:
                yield path


def _list_runtime(root: Path) -> Iterator[str]:
    for file in sorted(RUNTIME.rglob("*")):
        if file.is_file() and file != MANIFEST and "__pycache__" not in file.parts:
            yield file.relative_to(root).as_posix()
