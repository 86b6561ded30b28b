"""One thread claims for all worker threads, and writes back what they finished.

Finishing the last batch and claiming the next share one transaction; that is about six times
what workers reach that claim for themselves.
"""

import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import QueueError
from ..job import Finished, Job, Outcome, Progress, State
from ..logs import current_job, together
from ..queue.giving import read_given
from ..queue.protocol import ANY_QUEUE, Queue
from .lane import LONGEST_HOLD, LOOK, Lane

if TYPE_CHECKING:
    from loguru import Logger

LONGEST_WAIT = 2.0
"""Seconds between looks at the queue when nobody rings: the fallback for a lost bell."""

CHECK_EVERY = 10.0
"""Seconds between looks for jobs that count as this process's, and that it does not hold."""

SHORTEST_GAP = 0.002
"""Seconds between two exchanges, unless more is known to wait."""

GAP_PER_JOB = 0.0004
"""Seconds by which each job that ended since the last exchange makes the next gap longer."""

LONGEST_GAP = 0.006
"""Seconds; within HORIZON, so that the threads do not run dry meanwhile."""

PAUSE_AFTER_ERROR = 1.0
"""Seconds before a queue that cannot be used is tried again."""

GIVEN_BACK = Outcome(State.READY, keep_attempt=True)


class Done(Finished, frozen=True):
    """What a worker thread reports of one run."""

    lane: str
    worker: str
    seconds: float
    progress: Progress | None = None
    """What the run told last, if it told anything."""


class Dispatcher:
    """Owns what this process has claimed. All but `done` is called by its own thread."""

    def __init__(
        self,
        queue: Queue,
        threads: Mapping[str, int],
        logger: "Logger",
        clock: Callable[[], float] = time.time,
        *,
        claims: bool = True,
        tells_completed: bool = True,
        ended: Callable[[Sequence["Done"]], None] = lambda _: None,
    ) -> None:
        self.lanes = {name: Lane(count) for name, count in threads.items()}
        """By the name of the queue that has these threads, or ANY_QUEUE."""
        self.claimed: dict[tuple[int, int], Job] = {}
        """By number and claim, every job that this process has to answer for."""
        self._queue = queue
        self._threads = sum(threads.values())
        self._logger = logger
        self._clock = clock
        self._tells_completed = tells_completed
        self._tell_ended = ended
        self._outbox: deque[Done] = deque()
        self._ended: list[Done] = []
        self._unstarted: list[Job] = []
        self._given_back: set[tuple[str, int]] = set()
        """Of what others gave it, what it gave back before it knew of that."""
        self._next_check = time.monotonic()
        self._claims = self._claiming = claims
        self._is_urgent = False
        self._told = 0
        """How many jobs it may have for others to give it one, as the queue knows."""
        self._gap = SHORTEST_GAP
        self._trouble = ""
        self._register()

    def done(self, report: Done) -> None:
        """Take a finished run from a worker thread."""
        self._outbox.append(report)
        lane = self.lanes[report.lane]
        if lane.waiting() <= lane.low_water:
            self.bell.ring()

    def rest(self, seconds: float) -> None:
        """Return when there is something to do, or after so many seconds."""
        now = time.monotonic()
        until = now + seconds
        while True:
            waiting = [lane.nudge(now) for lane in self.lanes.values()]
            rung = self.bell.wait(min(until - now, LOOK) if any(waiting) else until - now)
            if self._receive() or rung:
                return
            if (now := time.monotonic()) >= until:
                return

    def _receive(self) -> bool:
        # Start what others have given this process; return whether some has to be given back.
        jobs = read_given(self.bell.take())
        back = {(job.id, job.claim) for job in jobs} & self._given_back
        self._given_back -= back
        jobs = [job for job in jobs if (job.id, job.claim) not in back]
        if self._claiming:
            self.start(jobs)
            return False
        self._unstarted += jobs
        return bool(jobs)

    def pause(self, since: float) -> None:
        """Let more come together, if the last turn began at `since` and there is no hurry.

        Each exchange keeps those who schedule from the file, in all processes.
        """
        if not self._is_urgent and (left := since + self._gap - time.monotonic()) > 0:
            time.sleep(left)

    def stop_claiming(self) -> None:
        """Claim no more; what no thread has begun is given back in the next turn."""
        self._claiming = False
        self.bell.ring()

    def start(self, jobs: Sequence[Job]) -> None:
        """Hand jobs that this process has claimed to its worker threads."""
        shares: dict[str, list[Job]] = {}
        for job in jobs:
            self.claimed[job.number, job.claim] = job
            shares.setdefault(self._lane_of(job.queue), []).append(job)
        for name, share in shares.items():
            lane = self.lanes[name]
            lane.hold(len(share))
            lane.low_water = len(share)
            lane.put(share)

    def has_room(self, queue: str) -> bool:
        """Whether a job of this queue may be claimed for this process as it is scheduled.

        This and the next three are for the queue, in the thread of who commits it.
        """
        lane = self.lanes.get(self._lane_of(queue))
        return self._claiming and lane is not None and lane.wanted() > 0

    def hold(self, job: Job) -> None:
        """Answer for a job from now on, whose claim is about to be committed."""
        self.claimed[job.number, job.claim] = job
        self.lanes[self._lane_of(job.queue)].hold(1)

    def drop(self, job: Job) -> None:
        """Answer for it no more: its claim was not committed."""
        self.lanes[self._lane_of(job.queue)].hold(-1)
        self.claimed.pop((job.number, job.claim), None)

    def begin(self, job: Job) -> None:
        """Hand a job that is held to the worker threads."""
        if not self.lanes[self._lane_of(job.queue)].put([job]):
            self.bell.ring()

    def turn(self) -> float:
        """Write what is finished, claim what can start; return the seconds to wait for a ring."""
        now = time.monotonic()
        self._collect(now)
        try:
            if self._claims and now >= self._next_check:
                # An exchange that failed may have claimed; and a backup knows of earlier claims.
                back = self._queue.give_back_all_but(self.process, self.claimed.keys())
                self._given_back.update(back)
                self._next_check = now + CHECK_EVERY
            wanted = self._wanted()
            told = [each.progress for each in self._ended if each.progress is not None]
            takes = self._takes()
            answer = self._queue.exchange(self.process, self._unwritten(), wanted, told, takes)
            self._told = self._told if takes is None else takes
            self._is_urgent = 0 < sum(wanted.values()) <= len(answer.claimed) or any(
                each.job.limit_key for each in self._ended
            )
            self._settle(answer.refused)
            if not answer.known:
                self._start_again()
                return 0.0
        except Exception as error:  # noqa: BLE001 - without this thread all that is claimed waits
            # What it tried to write, it may have written or not.
            self._next_check, self._told = now, -1
            self._tell_trouble(str(error) if isinstance(error, QueueError) else repr(error))
            return PAUSE_AFTER_ERROR
        self._tell_trouble("")
        if self._claims and not self._claiming:
            # It was told to stop during the exchange: the next turn gives back what came of that.
            self.claimed.update({(job.number, job.claim): job for job in answer.claimed})
            self._unstarted += answer.claimed
        else:
            self.start(answer.claimed)
        if any(lane.waiting() for lane in self.lanes.values()):
            return LONGEST_HOLD / 4
        due_in = LONGEST_WAIT if answer.next_due is None else answer.next_due - self._clock()
        return min(max(due_in, 0.0), LONGEST_WAIT)

    def give_back(self) -> None:
        """Write what is finished, and return the rest to the queue with their attempts."""
        self._claiming = False
        self.turn()
        if self._trouble:
            raise QueueError(self._trouble)
        # All: what others have given it in this moment as well.
        self._queue.give_back_all_but(self.process, ())
        self._queue.leave(self.process)

    def _register(self) -> None:
        process = secrets.token_hex(8)
        # One that claims nothing has no threads for what waits: nobody is to count on it.
        self.bell = self._queue.register(process, self._threads if self._claims else 0, self)
        self.process = process
        self._told = 0

    def _lane_of(self, queue: str) -> str:
        return queue if queue in self.lanes else ANY_QUEUE

    def _collect(self, now: float) -> None:
        reports = [self._outbox.popleft() for _ in range(len(self._outbox))]
        self._ended += reports
        self._gap = min(SHORTEST_GAP + GAP_PER_JOB * len(reports), LONGEST_GAP)
        counts = Counter(report.lane for report in reports)
        for name, lane in self.lanes.items():
            lane.end(counts[name], now)
            # One that claims nothing has only what was to run here: nobody else waits for that.
            if self._claims and (not self._claiming or lane.is_late(now)):
                self._unstarted += lane.take_back()

    def _unwritten(self) -> list[Finished]:
        return [*self._ended, *(Finished(job, GIVEN_BACK) for job in self._unstarted)]

    def _wanted(self) -> dict[str, int]:
        return {name: lane.wanted() for name, lane in self.lanes.items()} if self._claiming else {}

    def _takes(self) -> int | None:
        # What others may give this process is for any of its threads; None: as was told before.
        takes = self._threads if self._claiming and self.lanes.keys() == {ANY_QUEUE} else 0
        return None if takes == self._told else takes

    def _settle(self, refused: Sequence[str]) -> None:
        for job in [*(each.job for each in self._ended), *self._unstarted]:
            self.claimed.pop((job.number, job.claim), None)
        for job_id in refused:
            self._logger.warning("The job {} was taken over by another process meanwhile", job_id)
        if refused:
            self._ended = [report for report in self._ended if report.job.id not in refused]
        # One line a job, by this one thread: ten threads that write cost six times that.
        if self._tells_completed:
            with together():
                for report in self._ended:
                    if report.outcome.state is State.COMPLETED:
                        self._tell_completed(report)
        self._tell_ended(self._ended)
        self._ended.clear()
        self._unstarted.clear()

    def _tell_completed(self, report: Done) -> None:
        token = current_job.set(report.job)
        self._logger.info(
            "Job completed: {0.name} ({1}, {0.id}, {2:.1f} ms)",
            *(report.job, report.worker, report.seconds * 1000),
        )
        current_job.reset(token)

    def _start_again(self) -> None:
        self._logger.warning("This process was declared dead and lost its jobs; it starts again")
        before = self.process
        self._register()
        # What still runs keeps its thread, and is claimed no more: its outcome will be refused.
        for lane in self.lanes.values():
            for job in lane.take_back():
                self.claimed.pop((job.number, job.claim), None)
        self._queue.leave(before)

    def _tell_trouble(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            self._logger.error("The queue cannot be used, jobs wait: {}", trouble)
        elif self._trouble and not trouble:
            self._logger.info("The queue can be used again")
        self._trouble = trouble
