"""What all sides of `make bench` do alike: the jobs, and the ways to schedule them."""

import os
import threading
import time
from pathlib import Path

from bench_marks import Marks

PACE = 0.01
"""Seconds between two jobs whose latency is measured: workers are all but idle."""

NAP = 0.01
"""Seconds that a sleeping job sleeps."""

BULK = 1000
"""Jobs that are given to one call of bulk scheduling."""

_marks = Marks(Path(os.environ["BENCH_FOLDER"]))


def noop():
    """Do nothing, and count it."""
    _marks.ended()


def stamp(at):
    """Note how long it took from schedule() to here."""
    _marks.began(at)
    _marks.ended()


def nap():
    """Sleep, as a job does that waits for the network."""
    time.sleep(NAP)
    _marks.ended()


def burn(seconds):
    """Compute, and never let go of the interpreter but when it takes itself away."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))
    _marks.ended()


def produce(schedule, seconds, threads=1):
    """Schedule one job after the other for a time, in as many threads; tell when and how many."""
    counts = []

    def work():
        count = 0
        while time.monotonic() < end:
            schedule("noop")
            count += 1
        counts.append(count)

    began = time.monotonic()
    end = began + seconds
    others = [threading.Thread(target=work) for _ in range(threads - 1)]
    for thread in others:
        thread.start()
    work()
    for thread in others:
        thread.join()
    return {"began": began, "count": sum(counts)}


def pace(schedule, count):
    """Schedule jobs that note their latency, one each PACE."""
    due = time.monotonic()
    for _ in range(count):
        time.sleep(max(0.0, due - time.monotonic()))
        schedule("stamp", at=time.monotonic())
        due = max(due + PACE, time.monotonic())
    return {"count": count}


def produce_many(schedule_many, seconds):
    """Schedule BULK jobs at once, again and again for a time; tell the jobs per second."""
    began = time.monotonic()
    count = 0
    while time.monotonic() < began + seconds:
        schedule_many(BULK)
        count += BULK
    return {"rate": count / (time.monotonic() - began)}
