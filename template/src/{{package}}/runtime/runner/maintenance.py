"""The runner's second thread: tell peers that this process lives, and notice which have died."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..queue.protocol import Peer, Queue

if TYPE_CHECKING:
    from loguru import Logger

INTERVAL = 0.5
"""Seconds between two rounds: a killed peer is seen within this time."""

SHORTEST = 0.01
"""Seconds: a chore that always wants to go on leaves the others this time."""

BEATS = 6
"""Heartbeats in the time of a lease: a few may be late."""


class Maintenance:
    """Heartbeat, and the rescue of what dead peers had claimed."""

    def __init__(
        self,
        queue: Queue,
        process: Callable[[], str],
        lease: float,
        logger: "Logger",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._process = process
        self._lease = lease
        self._logger = logger
        self._clock = clock
        self._next_beat = self._last_round = clock()
        self._seen: dict[str, tuple[float, float]] = {}
        self._trouble = ""

    def run(self, stop: threading.Event, chores: Sequence[Callable[[], float]]) -> None:
        """Work until `stop` is set; a queue that cannot be used is tried again next round.

        Each chore returns the seconds after which it wants to be called again; it may be sooner.
        """
        while not stop.is_set():
            wait = min(INTERVAL, self._lease / BEATS)
            try:
                self.round()
                for chore in chores:
                    wait = min(wait, chore())
            except Exception as error:  # noqa: BLE001 - without this thread nobody beats
                # What this process cannot reach, the others perhaps cannot either.
                self._seen.clear()
                if str(error) != self._trouble:
                    self._logger.error("Maintenance waits: {}", error)
                self._trouble = str(error)
            else:
                self._trouble = ""
            stop.wait(max(wait, SHORTEST))

    def round(self) -> None:
        """Beat if it is time; rescue the jobs of every peer that is gone or silent.

        Where there seems to be none, it looks closer only when it beats.
        """
        now = self._clock()
        if now - self._last_round > self._lease / 2:
            # This process was stopped, or kept busy: perhaps the others were too.
            self._seen.clear()
        self._last_round = now
        if now >= self._next_beat:
            self._queue.heartbeat(self._process())
            self._next_beat = now + self._lease / BEATS
        elif self._queue.alone():
            return
        peers = [peer for peer in self._queue.peers() if peer.id != self._process()]
        for peer in peers:
            if self._queue.gone(peer):
                self._rescue(peer, "has died")
            elif self._silent_for(peer, now) > self._lease:
                self._rescue(peer, f"has been silent for {self._lease:g} s")
        self._seen = {peer.id: self._seen[peer.id] for peer in peers if peer.id in self._seen}

    def _silent_for(self, peer: Peer, now: float) -> float:
        # Measured by this process's own steady clock: the wall clock may jump.
        beat, since = self._seen.get(peer.id, (None, now))
        if beat != peer.heartbeat_at:
            since = now
        self._seen[peer.id] = (peer.heartbeat_at, since)
        return now - since

    def _rescue(self, peer: Peer, reason: str) -> None:
        count = self._queue.rescue(peer)
        self._logger.log(
            "WARNING" if count else "INFO",
            "Worker process {} {}: jobs taken back: {}",
            *(peer.pid, reason, count),
        )
