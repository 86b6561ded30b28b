"""What a view is given, and what it answers with."""

import random
import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Scope

from ..env import Services, outside_env
from ..errors import RequestError
from ..jobs import JobDraft, Jobs
from ..mail.mailers import MailDraft
from ..mutex import Mutex
from ..params import Params
from ..routes import Route
from ..settings import Settings
from ..store.protocol import Store
from .formats import JSON, to_json
from .multipart import Upload
from .pages import Pages
from .session import SessionCookie

if TYPE_CHECKING:
    from loguru import Logger

OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x1f]*\Z")
"""Browsers take `//host` and `/\\host` for another site, and leave out tabs and line ends."""

SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

__all__ = ["Request", "Response", "json_response", "request_id"]


def request_id(headers: Headers) -> str:
    """Return the id that a proxy gave the request in X-Request-ID, if it is sane, or a new one."""
    given = headers.get("x-request-id", "")
    # Not from the system, which each time would let other threads go first.
    return given if SANE_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"


def json_response(data: object, status: int = 200) -> Response:
    """Return an answer in JSON, by the rules of formats.to_json."""
    return Response(to_json(data), status, media_type=JSON)


class Request:
    """One request to a view, read to its end, and the services of the app."""

    def __init__(
        self,
        services: Services,
        pages: Pages,
        route: Route,
        scope: Scope,
        params: Params,
        *,
        session: SessionCookie,
        body: bytes = b"",
    ) -> None:
        self.method = route.method
        """As the view was found by: a form's `_method` counts, and HEAD is GET."""
        self.path: str = scope["path"]
        """Without the .json that asks for JSON."""
        self.headers = Headers(scope=scope)
        """By name, in any case."""
        self.params = params
        """The query's keys and over them those of the form or JSON object; see body.read_params.

        `params["key"]` answers with 400 if the client gave no such field; `get` does not.
        """
        self.body = body
        """The bytes that were sent, whatever their type: to check a signature over them, say.

        Of a form with files it is empty: they are in `params`.
        """
        self.id: str = scope["request_id"]
        """For the log: it comes from X-Request-ID, and the jobs scheduled here carry it on."""
        self.wants_json: bool = scope["wants_json"]
        """Whether the path ended in .json or the client prefers JSON to HTML."""
        self.settings: Settings = services.settings
        self.routes: tuple[Route, ...] = services.routes
        self.jobs: Jobs = services.jobs
        """All jobs; `jobs.get(id)` tells the state of one that was scheduled."""
        self.store: Store = services.store
        self.cache: Store = services.cache
        self.mutex: Mutex = services.mutex
        self._services = services
        self._pages = pages
        self._route = route
        self._session = session

    @property
    def session(self) -> Params:
        """What this client's requests share: a dict of JSON data, kept in a signed cookie.

        The client can read it, not change it. `clear()` ends it. A view that raises changes
        nothing.
        """
        return self._session.data

    @property
    def logger(self) -> "Logger":
        """The server's own logger; each line carries this request's id."""
        return self._services.logger.bind(request_id=self.id)

    def job(self, name: str, /, **params: object) -> JobDraft:
        """Return a job to fill in and `schedule()`. Raises UnknownJobError, naming the jobs."""
        return self.jobs.draft(name, params, request_id=self.id)

    def mail(self, name: str, /, **given: object) -> MailDraft:
        """Return a mail to fill in and `deliver()`. Raises MailError, naming the mailers.

        `to`, `cc`, `bcc`, `from_`, `subject`, `html` and `text` are the mail's; whatever else is
        given are params for the mailer and its templates.
        """
        return outside_env(self._services, self.id).mail(name, **given)

    def upload(self, name: str) -> Upload:
        """Return the file that came with a form in this field. Raises RequestError if none did."""
        file = self.params[name]
        if not isinstance(file, Upload):
            raise RequestError(
                f"the field {name!r:.100} is not a file: a form sends its files with "
                'enctype="multipart/form-data"'
            )
        return file

    def render(self, template: str | None = None, status: int = 200, **data: object) -> Response:
        """Answer with a page: templates/<view>/<action>.html, or the template that is named.

        A client that wants JSON gets `data` as an object instead. The template also has `request`
        and `app_name`.
        """
        if self.wants_json:
            answer = json_response(data, status)
        else:
            name = template or f"{self._route.view}/{self._route.action}.html"
            page = self._pages.render(name, **{"request": self, **data})
            answer = HTMLResponse(page, status)
        answer.headers["Vary"] = "Accept"
        return answer

    def redirect(self, path: str, status: int = 303, *, external: bool = False) -> Response:
        """Send the client on to another path of this site, which it asks for with GET.

        The path may come from outside: one that leads to another site is refused with 400. With
        `external` it is any URL, and the view answers for where it leads.
        """
        if not external and not OWN_PATH.match(path):
            raise RequestError(f"{path!r:.200} is not a path of this site, such as /uploads")
        return RedirectResponse(path, status)

    def json(self, data: object, status: int = 200) -> Response:
        """Answer with JSON, whatever the client prefers."""
        return json_response(data, status)

    def text(self, content: str, status: int = 200) -> Response:
        """Answer with plain text."""
        return PlainTextResponse(content, status)
