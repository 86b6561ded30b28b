"""What happens to every request before it is routed, and to every answer."""

from collections.abc import Iterable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .formats import prefers_json
from .public import find_file, send_file
from .request import request_id

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
]


class Front:
    """Give a request its id, serve a file of public/, take the .json off a path."""

    def __init__(self, app: ASGIApp, public: Path, mounts: Iterable[str]) -> None:
        self.app = app
        self.public = public.resolve()
        self.mounted = tuple(f"{path.rstrip('/')}/" for path in mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers that every answer has."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        own_id = request_id(headers)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                added = [(b"x-request-id", own_id.encode()), *SECURITY_HEADERS]
                message["headers"] = [
                    *message["headers"],
                    *[header for header in added if header[0] not in given],
                ]
            await send(message)

        file = find_file(self.public, scope["path"]) if scope["method"] in {"GET", "HEAD"} else None
        if file:
            await send_file(file, scope, receive, send_with_headers)
            return
        path, extension = scope["path"], False
        if not path.startswith(self.mounted):  # what is mounted gets its path as it came
            path, extension = split_json(path)
        wants_json = extension or prefers_json(headers.get("accept", ""))
        scope = {**scope, "path": path, "request_id": own_id, "wants_json": wants_json}
        await self.app(scope, receive, send_with_headers)


def split_json(path: str) -> tuple[str, bool]:
    """Return the path without .json, and whether it had it: `/x/1.json` is `/x/1` as JSON.

    The front page as JSON is `/.json`.
    """
    stem = path.removesuffix(".json")
    if stem == path or (stem.endswith("/") and stem != "/"):
        return path, False
    return stem, True
