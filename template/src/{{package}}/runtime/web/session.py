"""Keep a little data with the client from one request to the next, in a signed cookie.

The client can read it and cannot change it. A cookie that was changed, has expired or was signed
with another secret counts as none.
"""

import base64

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from .. import payload
from ..env import Services
from ..errors import InvalidParamsError
from ..params import Params
from ..settings import Environment
from .signing import sign, verify

MAX_COOKIE = 4096
"""Bytes of name and value together: what every browser keeps."""


class SessionCookie:
    """The session of one request: read when it is first asked for, sent back if it has changed."""

    def __init__(self, services: Services, scope: Scope) -> None:
        self._settings = services.settings
        self._now = services.clock
        self._scope = scope
        self._purpose = f"{services.package} session"
        production = self._settings.environment is Environment.PRODUCTION
        self._secure = production or scope["scheme"] == "https"
        # A browser takes __Host- from this very host alone, so no neighbour can plant a session.
        prefix = "__Host-" if self._secure else ""
        self._name = f"{prefix}{services.package}_session"
        self._data: Params | None = None
        self._kept = ""

    @property
    def data(self) -> Params:
        """What the cookie holds; empty without a valid one."""
        if self._data is None:
            self._data = self._read()
        return self._data

    def write(self, answer: Response) -> None:
        """Send the session with this answer, if it was changed or half of its time is over.

        Raises TypeError for what JSON cannot say and for more than a cookie holds: the mistake is
        the view's.
        """
        if self._data is None:
            return
        answer.headers.add_vary_header("Cookie")
        answer.headers.setdefault("Cache-Control", "private")
        text = _encode(self._data) if self._data else ""
        if text == self._kept:
            return
        value = sign(text, self._settings.secret, self._purpose, self._now()) if text else ""
        size = len(self._name) + len(value)
        if size > MAX_COOKIE:
            raise TypeError(
                f"session: {size} bytes as a cookie, and browsers keep {MAX_COOKIE}; put the data "
                "into request.store, and its key into the session"
            )
        answer.set_cookie(
            self._name,
            value,
            max_age=int(self._settings.session_age) if text else 0,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def _read(self) -> Params:
        cookie = HTTPConnection(self._scope).cookies.get(self._name, "")
        secrets = filter(None, (self._settings.secret, self._settings.secret_old))
        text, since = verify(cookie, secrets, self._purpose) or ("", 0)
        age = self._now() - since
        if not text or age > self._settings.session_age:
            return Params()
        try:
            data = payload.decode_value(base64.urlsafe_b64decode(text + "=="))
        except InvalidParamsError:  # written by a later version of the app
            return Params()
        # One that is half over is sent anew, so that it ends only when it was not used for long.
        self._kept = text if age < self._settings.session_age / 2 else "old"
        return Params(data)


def _encode(data: Params) -> str:
    try:
        encoded = payload.encode(data, where="session")
    except InvalidParamsError as error:
        raise TypeError(str(error)) from None
    return base64.urlsafe_b64encode(encoded.encode()).rstrip(b"=").decode()
