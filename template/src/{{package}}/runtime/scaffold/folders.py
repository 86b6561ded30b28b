"""Find the generators: each folder in the project's generators/ that has a copier.yml is one."""

from pathlib import Path


def find_generators(root: Path) -> dict[str, Path]:
    """Return the folder of each generator of the project at `root`, by its name."""
    found = (root / "generators").glob("*/copier.yml")
    return {path.parent.name: path.parent for path in sorted(found)}


def summary(folder: Path) -> str:
    """Return what a generator is for: the first line of its copier.yml, if that is a comment."""
    with (folder / "copier.yml").open(encoding="utf-8", errors="replace") as file:
        line = file.readline()
    return line.lstrip("#").strip() if line.startswith("#") else ""
