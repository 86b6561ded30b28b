"""The runner over our own queue: worker threads, a dispatcher and maintenance in one process."""

import math
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import msgspec

from ..env import Invocation, Services
from ..errors import JobTimeout, QueueError
from ..job import Job, NewJob, Outcome, Progress
from ..logs import current_job
from ..queue.protocol import Queue
from ..settings import LogLevel
from .alarm import STUCK_AFTER
from .coroutine import run_coroutine
from .cron import Cron
from .dispatcher import Dispatcher, Done
from .executor import Executor, own_frames, storable
from .lane import Seat
from .maintenance import Maintenance
from .pruning import Pruning
from .tally import Tallies

LAST_WORD = 1.0
"""Seconds before the end of the grace when jobs are told by `env.current.cancelled`. Half of them
are theirs; in the other half what still runs is given back."""


class ThreadRunner:
    """Claims and runs jobs. With `claims` off it runs only what `run_one` gives it."""

    def __init__(
        self,
        services: Services,
        queue: Queue,
        threads: Mapping[str, int],
        *,
        claims: bool = True,
        on_stuck: Callable[[], None] = lambda: None,
    ) -> None:
        self.threads = sum(threads.values())
        self._threads = threads
        self._claims = claims
        self._on_stuck = on_stuck
        self._services = services
        self._queue = queue
        self._logger = services.logger
        self._executor = Executor(services, self._give_up)
        self._tallies = Tallies(queue, services.clock)
        self._running: dict[tuple[int, int], _Run] = {}
        self._progress: dict[tuple[int, int], Progress] = {}
        self._reported: dict[tuple[int, int], Progress] = {}
        self._turned = threading.Condition()
        self._end = threading.Event()

    def start(self) -> None:
        """Begin to claim and run jobs. Returns at once; raises QueueError if it cannot begin."""
        services, queue, logger = self._services, self._queue, self._logger
        self._dispatcher = Dispatcher(
            *(queue, self._threads, logger, services.clock),
            claims=self._claims,
            # With fewer lines logged, even to ask for this one would be a twentieth of a quick job.
            tells_completed=services.settings.log_level in {LogLevel.DEBUG, LogLevel.INFO},
            ended=self._tallies.add,
        )
        maintenance = Maintenance(
            queue, lambda: self._dispatcher.process, services.settings.jobs_lease, logger
        )
        maintenance.round()
        chores: list[Callable[[], float]] = [self._watch_over_jobs, self._tallies.round]
        if self._claims:
            chores.append(Cron(queue, services.jobs, logger, services.clock).round)
            chores.append(Pruning(queue, services.settings, logger).round)
        lanes = [lane for lane, count in self._threads.items() for _ in range(count)]
        for number, lane in enumerate(lanes):
            self._add_worker(f"worker-{number}", lane)
        self._dispatching = _spawn("dispatcher", self._dispatch)
        self._maintaining = _spawn("maintenance", lambda: maintenance.run(self._end, chores))

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
                "Jobs that still run: {}; they are told to stop, and what does not end runs again",
                len(self._dispatcher.claimed),
            )
            for run in list(self._running.values()):
                run.current.stop(given_back=True)
            self.wait_until(self._is_idle, LAST_WORD / 2)
        self._end.set()
        self._dispatcher.bell.ring()
        self._dispatching.join()
        self._maintaining.join()
        try:
            self._dispatcher.give_back()
            self._tallies.write()
        except QueueError as error:
            # Nothing is lost: the next process to start takes the jobs back.
            self._logger.error("Stopping without giving jobs back: {}", error)
        for lane, count in self._threads.items():
            self._dispatcher.lanes[lane].put([None] * count)

    def _add_worker(self, name: str, lane: str) -> None:
        _spawn(name, lambda: self._work(name, lane))

    def _work(self, name: str, lane: str) -> None:
        take, seat, thread = self._dispatcher.lanes[lane].take, Seat(), threading.get_ident()
        while (job := take(seat)) is not None:
            current = Invocation(job, self._take_progress)
            key = (job.number, job.claim)
            run = self._running[key] = _Run(current, lane, name, thread, time.perf_counter())
            outcome = self._executor.execute(current)
            told = self._progress.pop(key, None)
            if self._running.pop(key, None) is None:
                return  # given up meanwhile: another thread has this one's place
            report = run.done(outcome, told)
            self._dispatcher.done(report)
            seat.ran(report.seconds)

    def _give_up(self, current: Invocation) -> None:
        run = self._running.pop((current.job.number, current.job.claim), None)
        if run is None:
            return
        current.given_up = True
        # All that this thread, which is the alarm's, logs from here on is of that job.
        token = current_job.set(current.job)
        try:
            self._replace(run)
        finally:
            current_job.reset(token)
        self._on_stuck()

    def _replace(self, run: "_Run") -> None:
        current = run.current
        # As text: to show the variables of frames that go on could make this thread wait as well.
        place = "".join(traceback.format_tb(_place(run.thread)))
        self._logger.error(
            "Job is stuck: {} has not ended {:g} s after its timeout. Another thread takes "
            "the place of {}; give what it waits for a timeout. It is at:\n{}",
            *(current.name, STUCK_AFTER, run.worker, place or "no line of its own"),
        )
        late = JobTimeout(f"did not end within {STUCK_AFTER:g} s of its timeout")
        outcome = self._executor.judge(current, late)
        told = storable(f"{outcome.error}\n\n{place}".rstrip())
        outcome = msgspec.structs.replace(outcome, error=told)
        try:
            self._add_worker(run.worker, run.lane)
        except RuntimeError as error:
            self._logger.error("There is one thread less: {}", error)
        self._dispatcher.done(run.done(outcome))

    def _dispatch(self) -> None:
        while not self._end.is_set():
            began = time.monotonic()
            wait = self._dispatcher.turn()
            with self._turned:
                self._turned.notify_all()
            self._dispatcher.rest(wait)
            self._dispatcher.pause(began)

    def _is_idle(self) -> bool:
        return not self._dispatcher.claimed

    def _take_progress(self, job: Job, done: float, note: str | None) -> None:
        self._progress[job.number, job.claim] = (job, done, note)

    def _watch_over_jobs(self) -> float:
        if self._running:
            asked = set(self._queue.cancels(self._dispatcher.process))
            for run in list(self._running.values()):
                if run.current.id in asked:
                    run.current.stop(given_back=False)
        told = dict(self._progress)
        if latest := [each for key, each in told.items() if self._reported.get(key) is not each]:
            self._queue.report(latest)
        self._reported = told
        return math.inf


class _Run(msgspec.Struct, frozen=True):
    current: Invocation
    lane: str
    worker: str
    thread: int
    started: float

    def done(self, outcome: Outcome, progress: Progress | None = None) -> Done:
        seconds = time.perf_counter() - self.started
        return Done(self.current.job, outcome, self.lane, self.worker, seconds, progress)


def _place(thread: int) -> TracebackType | None:
    """Return where the job of a thread is, as the traceback of an error that was raised there."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - documented, for this very question
    found = None
    while frame is not None:
        if frame.f_code is run_coroutine.__code__:
            found = _awaiting(frame.f_locals["work"]) or found
        found = TracebackType(found, frame, frame.f_lasti, frame.f_lineno or 1)
        frame = frame.f_back
    return own_frames(found)


def _awaiting(work: Any) -> TracebackType | None:
    """Return the same of a coroutine; None if it does not await, and is on its thread's stack."""
    frame = getattr(work, "cr_frame", None)
    if frame is None or work.cr_running:
        return None
    return TracebackType(_awaiting(work.cr_await), frame, frame.f_lasti, frame.f_lineno or 1)


def _spawn(name: str, target: Callable[[], None]) -> threading.Thread:
    # Daemons: a job that never ends must not keep the process from ending.
    thread = threading.Thread(name=name, target=target, daemon=True)
    thread.start()
    return thread
