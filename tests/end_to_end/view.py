"""Take a name and a text, have the words counted in the background, and show how far that is."""

from my_app.runtime import Request, Response


def new(request: Request) -> Response:
    """Show the form."""
    return request.render()


def post(request: Request) -> Response:
    """Schedule the job, and send the client to the page that will show its result."""
    name, file = request.params["name"], request.params["file"]
    job = request.job("count_words", name=name, file=file.filename, text=file.text())
    return request.redirect(f"/texts/{job.schedule()}")


def get(request: Request, id: str) -> Response:
    """Show how far the job is, and then its result."""
    job = request.jobs.get(id)
    texts = request.store.get("texts") or {}
    words = texts.get(id)
    return request.render(job=job, words=words, of_all=sum(texts.values()))
