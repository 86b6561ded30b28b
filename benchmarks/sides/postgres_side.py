"""One side of `make bench-postgres`, in the app's environment; prints jobs a second."""

import asyncio
import logging
import multiprocessing
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import procrastinate
import psycopg
from procrastinate.jobs import Job

THREADS = 10

NOTHING = Job(
    id=None, queue="default", lock=None, queueing_lock=None, task_name="nothing", task_kwargs={}
)


def nothing() -> None:
    """Do what the app's job does."""


def plain(url: str) -> procrastinate.App:
    """Return Procrastinate with its tables made."""
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, max_size=12))
    app.task(name="nothing")(nothing)
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone() == (None,):
            connection.execute(app.schema_manager.get_schema().encode())
    return app


def plain_schedule(url: str, count: int, batch: int) -> float:
    """Defer jobs in batches; return the jobs a second."""
    plain(url)
    connector = procrastinate.SyncPsycopgConnector(conninfo=url)
    with procrastinate.App(connector=connector).open() as app:
        began = time.perf_counter()
        for _ in range(count // batch):
            app.job_manager.batch_defer_jobs([NOTHING] * batch)
        return count / (time.perf_counter() - began)


def plain_work(url: str) -> None:
    """Run jobs until told to end."""
    app = plain(url)

    async def work() -> None:
        async with app.open_async():
            await app.run_worker_async(concurrency=THREADS, install_signal_handlers=False)

    asyncio.run(work())


def app_schedule(url: str, count: int, batch: int) -> float:
    """Schedule jobs in batches; return the jobs a second."""
    with opened(url) as app:
        began = time.perf_counter()
        for _ in range(count // batch):
            if batch == 1:
                app.job("nothing").schedule()
            else:
                app.jobs.schedule_many("nothing", [{}] * batch)
        return count / (time.perf_counter() - began)


def app_work(url: str) -> None:
    """Run jobs until told to end."""
    with opened(url) as app:
        app.runner(threads=THREADS).start()
        time.sleep(10_000)


def opened(url: str) -> Any:
    """Open the app on this server."""
    boot = import_module(f"{sys.argv[1]}.runtime.boot")
    return boot.open_app(boot.read_settings({"jobs_url": url, "store_url": "memory:"}))


def drain(url: str, count: int, processes: int, work: Callable[[str], None], done: str) -> float:
    """Return the jobs a second, from the first that is done to the last of `count`."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=[url], daemon=True) for _ in range(processes)]
    with psycopg.connect(url, autocommit=True) as connection:
        for worker in workers:
            worker.start()
        first, began, seen = 0, 0.0, 0
        while seen < count:
            time.sleep(0.05)
            ((seen,),) = connection.execute(done).fetchall()
            if seen and not began:
                first, began = seen, time.perf_counter()
        rate = (seen - first) / (time.perf_counter() - began)
    for worker in workers:
        worker.kill()
    return rate


def main() -> None:
    """Do what is asked: the package, what, the URL, and two arguments more."""
    _, package, what, url, *rest = sys.argv
    side, _, call = what.partition("-")
    rate = 0.0
    if what == "sql":
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(rest[0].encode())
    elif call == "schedule":
        schedule = plain_schedule if side == "plain" else app_schedule
        rate = schedule(url, int(rest[0]), int(rest[1]))
    else:
        schema = "public" if side == "plain" else f"{package}_jobs"
        # The first ones: to count all would keep the server from its work.
        done = f"""
            SELECT count(*) FROM {schema}.procrastinate_jobs
            WHERE id <= {2 * int(rest[0])} AND status = 'succeeded'
        """  # noqa: S608 - names and a number from the benchmark
        work = plain_work if side == "plain" else app_work
        rate = drain(url, int(rest[0]), int(rest[1]), work, done)
    sys.stdout.write(f"{rate}\n")


if __name__ == "__main__":
    main()
