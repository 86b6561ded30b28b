"""Render the bodies of mails from the templates of their mailers."""

import functools
from collections.abc import Mapping
from pathlib import Path

import jinja2

from ..errors import MailRefusedError


def render(folder: Path, kind: str, params: Mapping[str, object]) -> str | None:
    """Return the mailer's template `html` or `text`, filled in; None if its folder has none.

    HTML is escaped, and a param that the template uses but was not given is an error. A template
    of another folder is included by its path below mailers/. Raises MailRefusedError.
    """
    name = f"{folder.name}/{kind}.jinja"
    environment = _environment(folder.parent)
    try:
        template = environment.get_template(name)
    except jinja2.TemplateNotFound:
        return None
    except jinja2.TemplateSyntaxError as error:
        raise MailRefusedError(f"mailers/{error.name}:{error.lineno}: {error.message}") from error
    try:
        return template.render(params)
    except jinja2.TemplateError as error:
        raise MailRefusedError(f"mailers/{name}: {error}") from error


def _is_html(name: str | None) -> bool:
    return name is None or not name.endswith("text.jinja")


@functools.cache
def _environment(root: Path) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(root),
        autoescape=_is_html,  # noqa: S701 - a text is not HTML
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
