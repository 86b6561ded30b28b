"""The job `burn` of `make bench`."""

import bench_body
from my_app.runtime import Arena, JobEnv, Params


def run(allocator: Arena, params: Params, env: JobEnv) -> None:
    """See bench_body."""
    bench_body.burn(params["seconds"])
