"""The view that is measured: it goes to views/numbers.py of the app."""

from my_app.runtime import Request, Response


def index(request: Request) -> Response:
    """Answer with a page of ten rows, for the page that was asked for."""
    page = int(request.params.get("page", type=str) or 1)
    rows = [{"id": page * 10 + n, "name": f"lizard {n}", "tags": ["a", "b"]} for n in range(10)]
    return request.json({"page": page, "rows": rows})
