"""The same answer by Starlette alone, on the same uvicorn with the same options."""

import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def content(request: Request) -> Any:
    """Return what both endpoints answer with."""
    page = int(request.query_params.get("page") or 1)
    rows = [{"id": page * 10 + n, "name": f"lizard {n}", "tags": ["a", "b"]} for n in range(10)]
    return {"page": page, "rows": rows}


def in_thread(request: Request) -> Response:
    """Answer from a thread, where it may wait for a database."""
    return JSONResponse(content(request))


async def in_loop(request: Request) -> Response:
    """Answer from the event loop, where it may not wait for anything."""
    return JSONResponse(content(request))


routes = [Route("/numbers", in_thread), Route("/numbers-async", in_loop)]
config = uvicorn.Config(
    Starlette(routes=routes),
    port=int(sys.argv[1]),
    log_config=None,
    log_level="warning",
    server_header=False,
)
uvicorn.Server(config).run()
