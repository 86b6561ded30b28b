"""The runner's second thread: tell peers that this process lives, and notice which have died."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import QueueError
from ..queue.protocol import Peer, Queue

if TYPE_CHECKING:
    from loguru import Logger

INTERVAL = 0.5
"""Seconds between two rounds: a killed peer is seen within this time."""

HEARTBEAT = 5.0
LEASE = 30.0
"""Seconds without a heartbeat after which a process counts as hung."""


class Maintenance:
    """Heartbeat, and the rescue of what dead peers had claimed."""

    def __init__(self, queue: Queue, process: Callable[[], str], logger: "Logger") -> None:
        self._queue = queue
        self._process = process
        self._logger = logger
        self._next_beat = 0.0
        self._seen: dict[str, tuple[float, float]] = {}
        self._trouble = ""

    def run(self, stop: threading.Event, each_round: Callable[[], None]) -> None:
        """Work until `stop` is set; a queue that cannot be used is tried again next round."""
        while not stop.is_set():
            try:
                self.round()
                each_round()
            except QueueError as error:
                if str(error) != self._trouble:
                    self._logger.error("Maintenance waits: {}", error)
                self._trouble = str(error)
            else:
                self._trouble = ""
            stop.wait(INTERVAL)

    def round(self) -> None:
        """Beat if it is time; rescue the jobs of every peer that is gone or silent."""
        now = time.monotonic()
        if now >= self._next_beat:
            self._queue.heartbeat(self._process())
            self._next_beat = now + HEARTBEAT
        peers = [peer for peer in self._queue.peers() if peer.id != self._process()]
        for peer in peers:
            if self._queue.gone(peer):
                self._rescue(peer, "has died")
            elif self._silent_for(peer, now) > LEASE:
                self._rescue(peer, f"has been silent for {LEASE:.0f} s")
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
        self._logger.warning(
            "Worker process {} {}: {} of its jobs taken back", peer.pid, reason, count
        )
