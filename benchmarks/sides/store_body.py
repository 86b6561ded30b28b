"""What both sides of `benchmarks/store.py` do: put and get one value under many keys, and time it.

It answers each line of stdin, as in `put 10` for ten threads, by the microseconds of one call.
"""

import sys
import threading
import time
from collections.abc import Callable

KEYS = 200
"""Each thread has as many of its own."""

VALUE = {"name": "Ada", "numbers": [1, 2, 3], "text": "x" * 100}


def answer(version: str, calls: dict[str, Callable[[str], object]]) -> None:
    """Say the version, then answer until stdin ends."""
    tell(version)
    for line in sys.stdin:
        name, threads = line.split()
        tell(f"{_measure(calls[name], int(threads)):.2f}")


def tell(text: str) -> None:
    """Print a line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _measure(call: Callable[[str], object], threads: int) -> float:
    start = threading.Barrier(threads + 1)

    def work(number: int) -> None:
        keys = [f"key {number} {index}" for index in range(KEYS)]
        start.wait()
        for key in keys:
            call(key)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    return (time.perf_counter() - began) * 1e6 / (threads * KEYS)
