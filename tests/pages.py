"""The blocks of README and docs/, and a runner that does what they say, in their order."""

import re
from dataclasses import dataclass

from making import REPOSITORY, App, run

BLOCK = re.compile(
    r"^(?:[^`\n]*`(?P<path>[^`\n]+/[^`\n]+)`:\n\n)?```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
CONFIG = "config.py"
VARYING = [
    (re.compile(r"\b\d+-[a-z0-9]{10}\b"), "ID"),
    (re.compile(r" +"), " "),
]
"""What differs from run to run, and what stands for it on a page."""


@dataclass(frozen=True)
class Block:
    """A block of code."""

    page: str
    kind: str
    """What stands behind the first fence, as in `console`."""
    text: str
    path: str | None = None
    """The file that it is, if the page says so."""

    def commands(self) -> list[tuple[str, list[str]]]:
        """Return the commands of a session, each with the lines that it is shown to print."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> ") and found:
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
            else:
                found[-1][1].append(line)
        return found


def names() -> list[str]:
    """Return all pages, from the repository's folder."""
    return ["README.md", *sorted(f"docs/{page.name}" for page in REPOSITORY.glob("docs/*.md"))]


def read(page: str, package: str = "my_app") -> list[Block]:
    """Return the blocks of a page, with the package that it is about called so."""
    text = (REPOSITORY / page).read_text("utf-8").replace("my_app", package)
    return [Block(page, m["kind"], m["text"], m["path"]) for m in BLOCK.finditer(text)]


def is_played(block: Block) -> bool:
    """Whether `play` does something with it."""
    return bool(block.path) or block.kind == "console" or is_part(block)


def is_part(block: Block) -> bool:
    """Whether it is a function for the app's config.py, which its first line says."""
    return block.kind == "python" and block.text.startswith(f"# {CONFIG}\n")


def play(app: App, blocks: list[Block]) -> list[str]:
    """Write the files and run the commands of these blocks in the app; return the tests' files."""
    tests = []
    for block in blocks:
        if block.path:
            place = app.root / block.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block.text, "utf-8")
            if block.path.startswith("tests/") and block.path not in tests:
                tests.append(block.path)
        elif is_part(block):
            config = app.root / "src" / app.package / CONFIG
            before = config.read_text("utf-8")
            config.write_text(f"{before}\n\n{block.text}", "utf-8")
            app.run(app.name, "jobs", "list")
            config.write_text(before, "utf-8")
        elif block.kind == "console":
            for command, shown in block.commands():
                check(command, converse(app, command), shown)
    return tests


def converse(app: App, command: str) -> str:
    """Run a command of a page in the app's folder and environment; return all that it printed."""
    return run(
        *("bash", "-c", f"{command.replace('uv run ', f'{app.venv}/bin/')} 2>&1"),
        cwd=app.root,
        env=app.environment(),
        ok=False,
    ).stdout


def check(command: str, printed: str, shown: list[str]) -> None:
    """Fail unless these lines were printed in this order, maybe with others between them."""
    lines = iter([level(line) for line in printed.splitlines()])
    for line in shown:
        wanted = re.escape(level(line)).replace(r"\.\.\.", ".*")
        assert any(re.fullmatch(wanted, each) for each in lines), f"{command}\n{line}\n\n{printed}"


def level(line: str) -> str:
    """Return a line with what varies made equal."""
    for pattern, word in VARYING:
        line = pattern.sub(word, line)
    return line.rstrip()


def indented(page: str) -> list[str]:
    """Return the lines of a page that are code by their indentation alone."""
    text = BLOCK.sub("", (REPOSITORY / page).read_text("utf-8"))
    return re.findall(r"(?:^|\n)\n( {4}\S[^\n]*)", text)
