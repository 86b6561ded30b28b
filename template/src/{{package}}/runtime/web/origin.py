"""Refuse forms that another site's page sends in the name of a user who visits it.

A page can make a browser send a form anywhere, with the user's cookies, and without asking. It can
send other types, JSON among them, only if the server says yes beforehand (CORS), and this one never
does. So only what a form can send is looked at. Browsers say where a request comes from in
Sec-Fetch-Site or, older ones, in Origin; a program that sends neither is no browser and cannot be
misled. Behind a proxy that changes Host, Sec-Fetch-Site alone decides. docs/views.md has the cases.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from ..errors import RequestError
from .body import URLENCODED, media_type
from .multipart import MULTIPART

FORM_TYPES = ("", URLENCODED, MULTIPART, "text/plain")


def refuse_foreign_form(method: str, scheme: str, headers: Mapping[str, str]) -> None:
    """Raise RequestError with status 403 if a page of another origin sends what changes state."""
    if method not in {"POST", "PUT", "PATCH", "DELETE"} or media_type(headers) not in FORM_TYPES:
        return
    site = headers.get("sec-fetch-site")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        origin = headers.get("origin")
        own = origin is None or _is_own(origin, scheme, headers.get("host", "").lower())
    if not own:
        raise RequestError("this form was sent from a page of another site", 403)


def _is_own(origin: str, scheme: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    # Whoever sits on the line can write what comes by http. The other way round it is a proxy that
    # took off the encryption and does not say so.
    downgraded = parts.scheme == "http" and scheme == "https"
    return parts.netloc.lower() == host and not downgraded
