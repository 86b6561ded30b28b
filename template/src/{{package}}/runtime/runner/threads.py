"""The runner over our own queue: worker threads, a dispatcher and maintenance in one process."""

import secrets
import threading
import time
from collections.abc import Callable

from ..env import Invocation, Services
from ..errors import QueueError
from ..job import Job, NewJob
from ..queue.protocol import Queue
from .dispatcher import Dispatcher, Done
from .executor import Executor
from .maintenance import Maintenance

LAST_WORD = 1.0
"""Seconds before the end of the grace when jobs are told by `env.current.cancelled`. Half of them
are theirs; in the other half what still runs is given back."""


class ThreadRunner:
    """Keeps the promises of protocol.py. With `claims` off it runs only what `run_one` gives it."""

    def __init__(
        self, services: Services, queue: Queue, threads: int, *, claims: bool = True
    ) -> None:
        self.threads = threads
        self._capacity = threads if claims else 0
        self._queue = queue
        self._lease = services.settings.jobs_lease
        self._logger = services.logger
        self._executor = Executor(services)
        self._running: dict[str, Invocation] = {}
        self._progress: dict[str, tuple[Job, float, str | None]] = {}
        self._turned = threading.Condition()
        self._end = threading.Event()

    def start(self) -> None:
        """Begin to claim and run jobs. Returns at once; raises QueueError if it cannot begin."""
        self._dispatcher = Dispatcher(
            self._queue, self._capacity, lambda: secrets.token_hex(8), self._logger
        )
        self._maintenance = Maintenance(
            self._queue, lambda: self._dispatcher.process, self._lease, self._logger
        )
        self._maintenance.round()
        for number in range(self.threads):
            _spawn(f"worker-{number}", self._work)
        self._dispatching = _spawn("dispatcher", self._dispatch)
        self._maintaining = _spawn(
            "maintenance", lambda: self._maintenance.run(self._end, self._each_round)
        )

    def run_one(self, new: NewJob) -> str:
        """Schedule a job and run it in this process, whoever else is there; return its id."""
        job = self._queue.enqueue_claimed(new, self._dispatcher.process)
        self._dispatcher.start([job])
        return job.id

    def wait_idle(self) -> None:
        """Return when nothing that this process has claimed is left to run or to write."""
        self.wait_until(self._is_idle, None)

    def wait_until(self, reached: Callable[[], bool], timeout: float | None) -> bool:
        """Return True when `reached` does, asked after each exchange with the queue."""
        with self._turned:
            return self._turned.wait_for(reached, timeout)

    def stop(self, grace: float) -> None:
        """Claim no more, wait up to `grace` seconds for what runs, give the rest back."""
        self._dispatcher.stop_claiming()
        if self._running:
            self._logger.info("Stopping: what runs has {:.1f} s, what waits is kept", grace)
        if not self.wait_until(self._is_idle, max(grace - LAST_WORD, 0.0)):
            self._logger.warning(
                "{} jobs still run: they are told to stop, and run again later",
                len(self._dispatcher.claimed),
            )
            for invocation in list(self._running.values()):
                invocation.stop(given_back=True)
            self.wait_until(self._is_idle, LAST_WORD / 2)
        self._end.set()
        self._dispatcher.bell.ring()
        self._dispatching.join()
        self._maintaining.join()
        for _ in range(self.threads):
            self._dispatcher.inbox.put(None)
        try:
            self._dispatcher.give_back()
        except QueueError as error:
            # Nothing is lost: the next process to start takes the jobs back.
            self._logger.error("Stopping without giving jobs back: {}", error)

    def _work(self) -> None:
        name = threading.current_thread().name
        while (job := self._dispatcher.inbox.get()) is not None:
            current = self._running[job.id] = Invocation(job, self._take_progress)
            started = time.perf_counter()
            outcome = self._executor.execute(current)
            seconds = time.perf_counter() - started
            self._running.pop(job.id, None)
            self._dispatcher.done(Done(job, outcome, name, seconds))

    def _dispatch(self) -> None:
        while not self._end.is_set():
            wait = self._dispatcher.turn()
            with self._turned:
                self._turned.notify_all()
            self._dispatcher.bell.wait(wait)

    def _is_idle(self) -> bool:
        return not self._dispatcher.claimed

    def _take_progress(self, job: Job, done: float, note: str | None) -> None:
        self._progress[job.id] = (job, done, note)

    def _each_round(self) -> None:
        for job_id in self._queue.cancels(self._dispatcher.process) if self._running else ():
            if invocation := self._running.get(job_id):
                invocation.stop(given_back=False)
        if self._progress:
            latest = [self._progress.pop(key) for key in list(self._progress)]
            self._queue.report(latest)


def _spawn(name: str, target: Callable[[], None]) -> threading.Thread:
    # Daemons: a job that never ends must not keep the process from ending.
    thread = threading.Thread(name=name, target=target, daemon=True)
    thread.start()
    return thread
