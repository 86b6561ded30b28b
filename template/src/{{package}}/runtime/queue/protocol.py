"""What a queue promises. queue/sqlite.py keeps it; the conformance suite checks every backend.

A promise made here: when `enqueue` has returned, its jobs are kept through the death of every
process; so are `cancel`, `retry`, `discard`, `pause` and `resume`. The rest (a claim, a finish,
a heartbeat) may be lost in a power cut, and then a job runs again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from ..job import Enqueued, Finished, Job, NewJob, Progress, State
from ..storage.doorbell import Doorbell
from .overview import Action, Filter, Minute, Overview, Page, Tally, Tick

ANY_QUEUE = "*"
"""In `wanted`: every queue that is not named there itself."""


class Exchange(msgspec.Struct, frozen=True):
    """What one exchange with the queue gave."""

    claimed: list[Job]
    """Jobs to run now, in the order to start them."""
    refused: list[str]
    """Ids whose outcome was not written: the job had been taken from this process."""
    next_due: float | None
    """UTC seconds at which the next scheduled job becomes ready, if there is one."""
    known: bool
    """False: this process had been declared dead. It was given nothing; register anew."""


class Peer(msgspec.Struct, frozen=True):
    """A worker process as the queue knows it, in the order of the table's columns."""

    id: str
    pid: int
    host: str
    threads: int
    started_at: float
    heartbeat_at: float


class Inspector(Protocol):
    """What the faces need: a view, a command and the dashboard see and steer jobs by this.

    Every method raises QueueError when the queue cannot answer. Nothing is changed then, unless
    what failed is the last step: the disk, or the answer on its way.
    """

    weaker: Mapping[str, str]
    """What it promises less of than docs/reliability.md of the template says, and how."""

    def enqueue(self, jobs: Sequence[NewJob], connection: object = None) -> list[Enqueued]:
        """Keep all the jobs or none, durably, and answer in the same order.

        With a `connection`, where there is a server: in the transaction that is open on it.
        """
        ...

    def get(self, public_id: str) -> Job | None:
        """Return the job with this id; None if there is none (any more)."""
        ...

    def find(
        self, *, state: State | None = None, name: str | None = None, limit: int = 50
    ) -> list[Job]:
        """Return the newest jobs first, those with this state and name."""
        ...

    def page(self, wanted: Filter, *, after: str | None = None, limit: int = 50) -> Page:
        """Return the next jobs of a list behind `after`, which an earlier page told.

        Final states are listed newest end first, running jobs newest start first, and those that
        wait in the order of their turn; all states together newest first.
        """
        ...

    def act(self, action: Action, public_ids: Sequence[str]) -> int:
        """Do this to each of the jobs to which it can be done, durably; return to how many."""
        ...

    def overview(self) -> Overview:
        """Return the counts, and how much there is to do in each queue."""
        ...

    def minutes(self, since: int) -> list[Minute]:
        """Return how runs ended in this minute and later, of the last MINUTES_KEPT."""
        ...

    def totals(self) -> list[Tally]:
        """Return the tallies of all runs there ever were, summed up as those of minute 0."""
        ...

    def check(self) -> None:
        """Write nothing, as a job is written. Raises QueueError if that cannot be done."""
        ...

    def counts(self) -> dict[State, int]:
        """Return how many jobs are in each state; every state is a key."""
        ...

    def retry(self, public_id: str) -> str | None:
        """Make a failed or cancelled job ready with all its attempts before it; return its id.

        If another live job holds its unique key by now, nothing is changed and that one's id is
        returned. None if there is no such job, or it is not failed or cancelled.
        """
        ...

    def cancel(self, public_id: str) -> bool:
        """Cancel a waiting job, or ask a running one to stop; False if neither."""
        ...

    def discard(self, public_id: str) -> bool:
        """Delete a finished job, counted as discarded; False if it is not there or not finished."""
        ...

    def pause(self, queue: str) -> None:
        """Let no job of this queue be claimed until it is resumed."""
        ...

    def resume(self, queue: str) -> None:
        """Open a paused queue again."""
        ...

    def paused(self) -> list[str]:
        """Return the names of the paused queues."""
        ...

    def old(self, state: State, *, age: float, keep: int) -> tuple[float, int]:
        """Return up to where to prune the jobs of a final state: that one's end and its number.

        Old are those that ended over `age` seconds ago, and those beyond the `keep` newest.
        """
        ...

    def prune(self, state: State, up_to: tuple[float, int], *, most: int = 1000) -> int:
        """Delete the jobs of a final state that `old` told of, counted as pruned.

        Returns how many: `most` at most, the oldest first.
        """
        ...

    def removed(self) -> dict[str, int]:
        """Return how many jobs were removed for good: `pruned` and `discarded`."""
        ...

    def ticks(self) -> list[Tick]:
        """Return of each recurring job its times, present and past, and when it was scheduled."""
        ...

    def peers(self) -> list[Peer]:
        """Return the worker processes that have registered and not left."""
        ...

    def gone(self, peer: Peer) -> bool:
        """Whether the kernel says that the process has died."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


class Starter(Protocol):
    """What begins a job as it is scheduled, claimed in the same transaction: see giving.py too."""

    def has_room(self, queue: str) -> bool:
        """Whether a thread is free for a job of this queue."""
        ...

    def hold(self, job: Job) -> None:
        """Answer for a job from now on; its claim is about to be committed."""
        ...

    def drop(self, job: Job) -> None:
        """Answer for it no more: that failed."""
        ...

    def begin(self, job: Job) -> None:
        """Run a job that is held."""
        ...


class Queue(Inspector, Protocol):
    """What the runner needs besides. `process` is the id under which it registered."""

    def register(self, process: str, threads: int, starter: Starter | None = None) -> Doorbell:
        """Add this process as a worker under an id never used before; return what wakes it.

        What this process schedules from now on `starter` may begin at once.
        """
        ...

    def enqueue_claimed(self, job: NewJob, process: str) -> Job:
        """Keep a job durably, claimed by this process from the start; the caller runs it.

        Raises QueueError if a live job holds its unique key, or as many as its limit allows run.
        """
        ...

    def heartbeat(self, process: str) -> bool:
        """Say that the process lives. False: it had been declared dead, and owns nothing now."""
        ...

    def leave(self, process: str) -> None:
        """Remove this process and its doorbell; what it still had claimed is rescued."""
        ...

    def alone(self) -> bool:
        """Whether there seems to be no other process, living or just dead; asked often."""
        ...

    def exchange(
        self,
        process: str,
        finished: Sequence[Finished],
        wanted: Mapping[str, int],
        told: Sequence[Progress] = (),
        takes: int | None = None,
    ) -> Exchange:
        """Write outcomes and claim up to `wanted[queue]` jobs of each queue, in one transaction.

        An outcome counts only if the job is still running under the same claim. Scheduled jobs
        that are due become ready first. Highest priority first, then oldest first. `told` is what
        those that ended had told last. `takes` is how many jobs the process may have from now on
        for others to give it one, as they schedule it: those go with a ring.
        """
        ...

    def rescue(self, peer: Peer) -> int:
        """Declare a process dead and take its jobs back; return how many.

        A job goes back to ready, its attempt spent; on its last attempt it fails, saying so.
        Nothing happens if the process has sent a heartbeat since `peer` was read.
        """
        ...

    def give_back_all_but(
        self, process: str, held: Collection[tuple[int, int]]
    ) -> list[tuple[str, int]]:
        """Make ready again, unspent, what this process has claimed but for `held`: number, claim.

        Returns the ids and claims of those; one of them may still come with a ring.

        For a process that cannot know what its last exchange did, or whose queue was replaced by
        a backup: nobody else takes back what a living process seems to run.
        """
        ...

    def begin_cron(self, name: str, schedule: str) -> None:
        """Note that a job recurs from now on; nothing if its times are `schedule` already.

        Unless it was last scheduled over a day ahead of now: then a clock has been put back.
        """
        ...

    def tick(self, schedule: str, last_run: float, job: NewJob) -> Enqueued | None:
        """Keep a recurring job, unless another process has done so since `last_run`: then None."""
        ...

    def report(self, progress: Sequence[Progress]) -> None:
        """Record how far running jobs have come: 0 to 1 and a note; fenced like an outcome."""
        ...

    def tally(self, tallies: Sequence[Tally]) -> None:
        """Add to the tallies."""
        ...

    def cancels(self, process: str) -> list[str]:
        """Return the ids of this process's running jobs that somebody asked to cancel."""
        ...
