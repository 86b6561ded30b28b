"""What runs jobs, seen from outside: the height at which another engine can take its place."""

from typing import Protocol

from ..job import NewJob


class Runner(Protocol):
    """Runs jobs in worker threads of this process."""

    @property
    def threads(self) -> int:
        """How many jobs it runs at once."""
        ...

    def start(self) -> None:
        """Begin to claim and run jobs. Returns at once."""
        ...

    def run_one(self, new: NewJob) -> str:
        """Schedule a job and run it in this process, whoever else is there; return its id."""
        ...

    def wait_idle(self) -> None:
        """Return when nothing that this process has claimed is left to run or to write."""
        ...

    def stop(self, grace: float) -> None:
        """Claim no more, wait for what runs, give the rest back: all within `grace` seconds.

        Running jobs are told by `env.current.cancelled` a moment before the time is up. A job
        given back does not spend its attempt.
        """
        ...
