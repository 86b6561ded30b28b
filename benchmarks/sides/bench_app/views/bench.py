"""What `make bench` measures in the server's own process."""

import time

import bench_body
from my_app.runtime import Request, Response

HEAD_START = 0.3
"""Seconds for the job that computes to begin."""


def index(request: Request) -> Response:
    """Schedule from ten threads for ?seconds=, or ?paced= jobs, or these while one ?burns=."""
    params = request.params

    def schedule(name: str, **params: object) -> None:
        request.job(name, **params).schedule()

    if "seconds" in params:
        return request.json(bench_body.produce(schedule, float(params["seconds"]), threads=10))
    if "burns" in params:
        schedule("burn", seconds=float(params["burns"]))
        time.sleep(HEAD_START)
    return request.json(bench_body.pace(schedule, int(params["paced"])))
