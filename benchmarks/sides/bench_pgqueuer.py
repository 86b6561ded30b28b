"""PGQueuer's side of `make bench`, on the PostgreSQL server that PGQUEUER_DSN names."""

import asyncio
import functools
import json
import os
import platform
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version

import asyncpg
import bench_body
import uvloop
from pgqueuer import PgQueuer, run
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

DSN = os.environ["PGQUEUER_DSN"]
FILL = 1000
"""Jobs in one statement when the queue is filled."""


@asynccontextmanager
async def worker():
    """Give what is run; its jobs are coroutines, and what blocks goes to a thread."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(10))
    connection = await asyncpg.connect(DSN)
    pgq = PgQueuer.from_asyncpg_connection(connection)

    @pgq.entrypoint("noop")
    async def noop(_job):
        bench_body.noop()

    @pgq.entrypoint("nap")
    async def nap(_job):
        await asyncio.to_thread(bench_body.nap)

    @pgq.entrypoint("stamp")
    async def stamp(job):
        bench_body.stamp(**json.loads(job.payload))

    yield pgq


@functools.cache
def runner():
    """Give the loop on which this script waits for each answer."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


@functools.cache
def connection():
    """Connect, once."""
    return runner().run(asyncpg.connect(DSN, timeout=3))


@functools.cache
def queries():
    """Give PGQueuer's statements over the connection."""
    return Queries(AsyncpgDriver(connection()))


def versions():
    """Tell what decides the figures; raise if the server is missing."""
    server = connection().get_server_version()
    shown = {
        name: runner().run(connection().fetchval(f"SHOW {name}"))
        for name in ("fsync", "synchronous_commit")
    }
    durability = ", ".join(f"{name} {value}" for name, value in shown.items())
    return {
        "PGQueuer": version("pgqueuer"),
        "Python": platform.python_version(),
        "PostgreSQL": f"{server.major}.{server.minor} ({durability})",
    }


def drop():
    """Remove the tables."""
    if runner().run(queries().schema_is_installed()):
        runner().run(queries().uninstall())


def prepare():
    """Make an empty queue."""
    drop()
    runner().run(queries().install())
    runner().run(queries().optimize_autovacuum())


def schedule(name, **params):
    """Schedule a job as users do."""
    runner().run(queries().enqueue(name, json.dumps(params).encode()))


def schedule_many(count, name="noop"):
    """Schedule many at once."""
    runner().run(queries().enqueue([name] * count, [b"{}"] * count, [0] * count))


def fill(name, count):
    """Put jobs in the queue."""
    for done in range(0, count, FILL):
        schedule_many(min(FILL, count - done), name)


if __name__ == "__main__":
    # As `pgq run --batch-size 100`, which ends at once with the newest version of typer.
    uvloop.run(run(worker, batch_size=100))
