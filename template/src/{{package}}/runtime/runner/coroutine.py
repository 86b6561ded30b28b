"""Run a job that is a coroutine: to its end, for its time, or until it is asked to stop."""

import asyncio
import contextlib
import math
import os
from collections.abc import Awaitable

from ..env import Invocation
from ..errors import Cancel, JobTimeout
from .forks import end_if_forked

OWN_END = 0.25
"""Seconds in which a job that is to stop may ask `env.current.cancelled`, to end by itself then."""

STOPPED = "stopped where it awaited"


def run_coroutine(work: Awaitable[object], current: Invocation, seconds: float | None) -> bool:
    """Run it in this thread, in a loop of its own. Return whether it took longer than it may.

    asyncio ends it where it awaits: with JobTimeout after so many seconds, with Cancel when it is
    to stop, and has not asked for that within OWN_END. A job that catches that may tidy up, as
    everywhere in asyncio; but for a process that stops, it has not completed then, nor failed.
    """
    return asyncio.run(_guarded(work, current, seconds))


async def _guarded(work: Awaitable[object], current: Invocation, seconds: float | None) -> bool:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    limit, process = asyncio.timeout(seconds), os.getpid()
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if task is not None and not (stopped or current.knows or limit.expired()):
            stopped = True
            task.cancel()

    def tell() -> None:
        with contextlib.suppress(RuntimeError):  # it has ended in this moment
            loop.call_soon_threadsafe(loop.call_later, OWN_END, stop)

    try:
        current.on_stop(tell)
        async with limit:
            try:
                await work
            except BaseException as error:
                end_if_forked(process, error)
                raise
            end_if_forked(process, None)
    except TimeoutError as error:
        if not limit.expired():
            raise
        # What the job was at is told by how it was cancelled.
        cancelled = error.__cause__ or error
        raise JobTimeout().with_traceback(cancelled.__traceback__) from None
    except asyncio.CancelledError:
        if not stopped:
            raise
        raise Cancel(STOPPED) from None
    except Cancel:
        raise
    except Exception as error:
        # What it raises as it is torn away with its process is no failure of the job.
        if not (stopped and current.given_back):
            raise
        raise Cancel(STOPPED) from error
    else:
        if stopped and current.given_back:
            raise Cancel(STOPPED)
        return loop.time() > (limit.when() or math.inf)
    finally:
        current.on_stop(None)
