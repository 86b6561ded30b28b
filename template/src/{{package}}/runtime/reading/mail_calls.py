"""Find misspelt mails, and mails that are not delivered, in a file's syntax tree.

What is given with a name is not judged: a word that is no field of the mail is a param of its own.
"""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from ..hint import hint
from .words import Problem, drafts_in, forgotten, last_name, scopes

GIVERS = ("app", "env", "open_app", "request")
"""Whose `mail` is judged: that of something else may be an address, or may send by itself."""


def read_mailers(folder: Path) -> list[str]:
    """Return the names of the mailers in a folder; none of them is read."""
    names = sorted(path.parent.name for path in folder.glob("*/__init__.py"))
    return [name for name in names if not name.startswith(("_", "."))]


def check_mails(tree: ast.Module, mailers: Collection[str]) -> Iterator[Problem]:
    """Yield what is wrong with the mails that a file asks for; nothing without any mailer."""
    for scope, nodes in scopes(tree) if mailers else ():
        for node in nodes:
            if isinstance(node, ast.Call) and (name := _asked_for(node)) and name not in mailers:
                meant = hint(name, mailers, "mailers/ has")
                yield node.args[0].lineno, f"no mailer is called {name!r}{meant}"
        for line, mail in forgotten(scope, nodes, drafts_in(nodes, _asked_for), _asked_for):
            if mail in mailers:
                yield line, f"the mail {mail!r} is not delivered: nothing calls its deliver()"


def _asked_for(node: ast.expr | None) -> str | None:
    """Return the name in a call `request.mail("name", ...)`."""
    match node:
        case ast.Call(ast.Attribute(giver, "mail"), [ast.Constant(str(name)), *_]):
            return name if last_name(getattr(giver, "func", giver)) in GIVERS else None
    return None
