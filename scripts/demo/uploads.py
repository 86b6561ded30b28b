"""Take a text file, have its words counted in the background, and show the result."""

from my_app.runtime import Request, Response


def index(request: Request) -> Response:
    """Show the form."""
    return request.render()


def post(request: Request) -> Response:
    """Schedule the job, and answer at once with the page that will show the result."""
    file = request.params["file"]
    job = request.job("word_count", name=file.filename, text=file.text())
    return request.redirect(f"/uploads/{job.schedule()}")


def get(request: Request, id: str) -> Response:
    """Show how far the job is, and its result when there is one; as JSON at /uploads/{id}.json."""
    return request.render(job=request.jobs.get(id), result=request.store.get(f"word_count:{id}"))
