"""Write the manifest: a hash of each file by which `doctor` tells what was edited by hand.

`make manifest` writes it. With --check nothing is written, and 1 is returned if it is out of date.
"""

import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
MANIFEST = Path("template/src/{{package}}/runtime/manifest.toml.jinja")

HEAD = """\
{#- Made by `make manifest`. A file with Jinja in it is hashed as it is rendered. -#}
{%- macro rendered(name) -%}
{%- set text -%}{%- include name -%}{%- endset -%}
{{- text | hash('sha256') -}}
{%- endmacro -%}
"""

PART = re.compile(r"\{% if '(\w+)' not in parts \| default\(\[\]\) %\}/(\S+)\{% endif %\}")
"""How copier.yml says in `_exclude` that a file or folder belongs to an optional part."""

Tables = dict[str, list[tuple[str, str]]]
"""Of the runtime ("") and of each part: paths in the app, and hashes or what gives them."""


def main(arguments: list[str]) -> int:
    """Run the command."""
    text = make_manifest(ROOT)
    target = ROOT / MANIFEST
    if "--check" not in arguments:
        target.write_text(text, "utf-8")
        return 0
    if target.is_file() and target.read_text("utf-8") == text:
        return 0
    print("the runtime's manifest is out of date: run make manifest", file=sys.stderr)
    return 1


def make_manifest(root: Path) -> str:
    """Return the manifest, a template itself, for the tree at `root`."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    tables = list_tables(root)
    lines = [
        HEAD + "# The files as the template wrote them: `doctor` tells by it which were edited.",
        f'version = "{version}"',
        "",
        "[runtime]",
        *(f'"{path}" = "{hashed}"' for path, hashed in tables.pop("")),
    ]
    for part, files in tables.items():
        lines += [f"{{%- if '{part}' in parts %}}", "", f"[parts.{part}]"]
        lines += [f'"{path}" = "{hashed}"' for path, hashed in files]
        lines += ["{%- endif %}"]
    return "\n".join(lines) + "\n"


def list_tables(root: Path) -> Tables:
    """Return what the manifest lists: the files of the runtime, and those of the parts."""
    patterns = list(find_patterns(root))
    tables: Tables = {"": [], **{part: [] for part, _ in patterns}}
    template = root / "template"
    for file in sorted(template.rglob("*")):
        path = file.relative_to(template).as_posix().removesuffix(".jinja")
        if not file.is_file() or "__pycache__" in file.parts or file == root / MANIFEST:
            continue
        part = next((part for part, pattern in patterns if belongs(path, pattern)), "")
        if part or path.startswith("src/{{package}}/runtime/"):
            path = path.replace("{{package}}", "{{ package }}")
            tables[part].append((path, hash_file(file, root)))
    return tables


def find_patterns(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each optional part with a pattern of its files, as copier.yml lists them."""
    config = yaml.safe_load((root / "copier.yml").read_text("utf-8"))
    for line in config["_exclude"]:
        if match := PART.fullmatch(line):
            yield match[1], match[2]


def belongs(path: str, pattern: str) -> bool:
    """Tell whether a pattern names this file, or a folder that it is in."""
    parts = path.split("/")
    return any(fnmatchcase("/".join(parts[:n]), pattern) for n in range(1, len(parts) + 1))


def hash_file(file: Path, root: Path) -> str:
    """Return the file's hash, or for a template the expression that renders and hashes it."""
    if file.suffix == ".jinja":
        return f"{{{{ rendered('{file.relative_to(root).as_posix()}') }}}}"
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
