"""Give a job to the worker process as another one schedules it: through the pipe that rings it.

The job is inserted as running, claimed by who gets it, and goes along with the ring. So the worker
need not look for it, which is most of what a job waits for that comes from another process.
"""

import contextlib
import os
import select
import threading
from collections.abc import Iterable

import msgspec

from ..job import Job, NewJob
from ..storage.doorbell import STIR, press

_TOO_LONG = select.PIPE_BUF - 512
"""Bytes of a job to be scheduled; it may grow by 300 as it is kept. What is longer than PIPE_BUF
could be torn apart in the pipe."""


class Taker:
    """The worker process behind a pipe, as the queue's Starter. Raises OSError if it has died."""

    def __init__(self, path: str) -> None:
        self.process = os.path.basename(path)  # noqa: PTH119 - for each job: pathlib costs
        # Who is interrupted closes it while another thread may be committing the job: what a
        # closed number stands for then must not be written to.
        self._open = threading.Lock()
        self._pipe: int | None = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        # To insert the job takes longer than to wake a process that has slept: so it is awake, with
        # its code in the processor's caches, when the job comes.
        press(self._pipe, STIR)

    def close(self) -> None:
        """Let go of the pipe; what was not sent by now is left to be given back."""
        with self._open:
            if self._pipe is not None:
                os.close(self._pipe)
            self._pipe = None

    def has_room(self, queue: str) -> bool:  # noqa: ARG002 - it takes from all queues or none
        """Whether the process still lives and the pipe has room; INSERT_GIVEN asks for the rest.

        To be asked with the file's lock, for which others may have waited long.
        """
        with self._open:
            if self._pipe is None:
                return False
            poll = select.poll()
            poll.register(self._pipe, select.POLLOUT)
            return poll.poll(0) == [(self._pipe, select.POLLOUT)]

    def hold(self, job: Job) -> None:
        """Do nothing: the worker gives back what it is not told of."""

    def drop(self, job: Job) -> None:
        """Do nothing, likewise."""

    def begin(self, job: Job) -> None:
        """Send the job. A pipe that is full, or broken by now, leaves it to be given back."""
        line = msgspec.json.encode(job) + b"\n"
        with self._open:
            if self._pipe is not None:
                press(self._pipe, line)


def may_be_given(new: NewJob) -> bool:
    """Whether the job is sure to arrive in one piece."""
    return len(msgspec.json.encode(new)) <= _TOO_LONG


def read_given(messages: Iterable[bytes]) -> list[Job]:
    """Return the jobs that were sent; what is none is left out."""
    jobs = []
    for message in messages:
        with contextlib.suppress(ValueError):
            jobs.append(msgspec.json.decode(message, type=Job))
    return jobs
