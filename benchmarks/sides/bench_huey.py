"""Huey's two sides of `make bench`: on SQLite, and on the Redis server that BENCH_REDIS names."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

import bench_body
from huey import RedisHuey, SqliteHuey

FILE = Path("huey.db")
REDIS = os.environ.get("BENCH_REDIS")

huey = RedisHuey("chuckwalla-bench", url=REDIS) if REDIS else SqliteHuey(filename=str(FILE))


@huey.task()
def noop():
    """See bench_body."""
    bench_body.noop()


@huey.task()
def nap():
    """See bench_body."""
    bench_body.nap()


@huey.task()
def stamp(at):
    """See bench_body."""
    bench_body.stamp(at)


TASKS = {"noop": noop, "nap": nap, "stamp": stamp}


def versions():
    """Tell what decides the figures; raise if the server is missing."""
    own = {"Huey": version("huey"), "Python": platform.python_version()}
    if not REDIS:
        return own | {"SQLite": sqlite3.sqlite_version}
    server = huey.storage.conn
    settings = server.config_get("appendonly") | server.config_get("save")
    durability = f"appendonly {settings['appendonly']}, save {settings['save'] or 'off'}"
    return own | {"Redis": f"{server.info()['redis_version']} ({durability})"}


def prepare():
    """Make an empty queue."""
    drop()


def drop():
    """Remove the queue."""
    if REDIS:
        huey.storage.flush_all()
    else:
        for file in FILE.parent.glob(FILE.name + "*"):
            file.unlink()
        huey.storage.close()
        huey.storage.initialize_schema()


def schedule(name, **params):
    """Schedule a task as users do."""
    TASKS[name](**params)


def fill(name, count):
    """Put tasks into the queue at once: one by one takes minutes."""
    storage = huey.storage
    messages = (huey.serialize_task(TASKS[name].s()) for _ in range(count))
    if REDIS:
        pipeline = storage.conn.pipeline(transaction=False)
        for number, message in enumerate(messages):
            pipeline.lpush(storage.queue_key, message)
            if number % 10_000 == 0:
                pipeline.execute()
        pipeline.execute()
    else:
        with storage.db(commit=True) as cursor:
            rows = ((storage.name, message) for message in messages)
            cursor.executemany("INSERT INTO task (queue, data, priority) VALUES (?, ?, 0)", rows)
