"""The job of `make chaos`: it goes into the app as jobs/drain.py."""

from body import work
from my_app.runtime import Arena, JobEnv, Params


def run(allocator: Arena, params: Params, env: JobEnv) -> None:  # noqa: ARG001
    """Note the start, sleep, note the end."""
    work(params["number"])
