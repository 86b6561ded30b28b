"""Render the app's own HTML templates."""

from pathlib import Path

import jinja2

from ..errors import AppError


class Pages:
    """The templates/ folder of the app.

    Text is escaped, and a name that a template uses but was not given is an error. Every template
    has `app_name`, the package's name in words.
    """

    def __init__(self, folder: Path, app_name: str, *, fresh: bool):
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=fresh,
        )
        self._environment.globals["app_name"] = app_name

    def render(self, name: str, **data: object) -> str:
        """Return the HTML of a template. Raises AppError if there is none of this name."""
        if not self.has(name):
            raise AppError(f"there is no templates/{name}: write it, or answer request.json(...)")
        return self._environment.get_template(name).render(data)

    def has(self, name: str) -> bool:
        """Say whether the folder holds this template."""
        try:
            self._environment.get_template(name)
        except jinja2.TemplateNotFound:
            return False
        return True
