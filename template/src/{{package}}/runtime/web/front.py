"""What happens to every request before it is routed, and to every answer."""

from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .formats import prefers_json
from .public import find_file, send_file
from .request import request_id

SECURITY_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


class Front:
    """Give a request its id, serve a file of public/, take the .json off a path."""

    def __init__(self, app: ASGIApp, public: Path) -> None:
        self.app = app
        self.public = public.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers that every answer has."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        own_id = request_id(headers)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["X-Request-ID"] = own_id
                for name, value in SECURITY_HEADERS.items():
                    answer.setdefault(name, value)
            await send(message)

        file = find_file(self.public, scope["path"]) if scope["method"] in {"GET", "HEAD"} else None
        if file:
            await send_file(file, scope, receive, send_with_headers)
            return
        path, extension = split_json(scope["path"])
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
