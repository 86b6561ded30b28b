"""Whether the app can do its work, for a supervisor or a load balancer to ask."""

import threading
import time
from collections.abc import Callable

import msgspec

from ..env import Services
from ..errors import QueueError
from ..operating import living

KEPT = 1.0
"""Seconds for which an answer is given again: whoever asks must not be able to keep it busy."""


class Readiness(msgspec.Struct, frozen=True):
    """What /_ready answers, with 200 if `ready` and 503 otherwise."""

    ready: bool
    queue: str
    """"ok", or "cannot be written"."""
    workers: int
    """Processes that run jobs, have not died, and gave a sign of life within JOBS_LEASE."""


class Health:
    """Looks at the queue at most once a second."""

    def __init__(self, services: Services, steady: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._steady = steady
        self._lock = threading.Lock()
        self._answer = Readiness(ready=False, queue="not asked yet", workers=0)
        self._good_until = 0.0

    def readiness(self) -> Readiness:
        """Return whether jobs can be kept and something is there to run them."""
        with self._lock:
            if self._steady() >= self._good_until:
                self._answer = self._look()
                self._good_until = self._steady() + KEPT
            return self._answer

    def _look(self) -> Readiness:
        queue, lease = self._services.jobs.queue, self._services.settings.jobs_lease
        try:
            queue.check()
            peers = living(queue)
        except QueueError as error:
            self._services.logger.error("Not ready: {}", error)
            return Readiness(ready=False, queue="cannot be written", workers=0)
        now = self._services.clock()
        alive = sum(now - peer.heartbeat_at <= lease for peer in peers)
        return Readiness(ready=alive > 0, queue="ok", workers=alive)
