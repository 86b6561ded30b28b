"""Who is measured by `make bench`: our app and four peers, each set up as its own docs advise."""

import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path

from drain import SIDES
from fresh import fresh_app
from making import REPOSITORY

THREADS = 10
PEERS = REPOSITORY / ".venv-bench" / "bin"

REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/0")
RABBITMQ = os.environ.get("BENCH_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/")
POSTGRESQL = os.environ.get("BENCH_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")


@dataclass(frozen=True)
class Contender:
    """A queue, and the commands that make it work."""

    key: str
    """What the options call it."""
    name: str
    settings: str
    """In words, for the table's reader."""
    root: Path
    script: list[str]
    """Schedules and answers; see sides/bench_play.py."""
    worker: list[str]
    """Runs jobs on THREADS threads and logs no line for each."""
    talkative: list[str]
    """The same, logging as it does unless told otherwise."""
    jobs: int
    """How many are drained in some seconds."""
    behind: int
    """How many wait behind these, when that is measured."""
    environment: dict[str, str] = field(default_factory=dict)
    stop: signal.Signals = signal.SIGTERM
    """What ends a worker gently."""
    server: list[str] | None = None
    """Serves sides/bench_app/views/bench.py, but for a port; ours alone."""
    processes: list[str] | None = None
    """Runs jobs on as many threads, of two processes; ours alone."""


def ours(folder: Path) -> Contender:
    """Make the app, with its jobs and its view."""
    app = fresh_app(folder)
    shutil.copytree(SIDES / "bench_app", app.root / "src" / app.package, dirs_exist_ok=True)
    bin_ = app.venv / "bin"
    threads = ["--threads", str(THREADS)]
    command = str(bin_ / app.name)
    worker = [command, "worker", *threads]
    return Contender(
        "ours",
        "Chuckwalla",
        "my-app worker --threads 10, APP_ENV=production, LOG_LEVEL=WARNING; else the defaults",
        app.root,
        [str(bin_ / "python"), str(SIDES / "bench_play.py"), "bench_app"],
        worker,
        ["env", "LOG_LEVEL=INFO", *worker],
        200_000,
        1_000_000,
        {
            "APP_ENV": "production",
            "SECRET": "x" * 32,
            "LOG_LEVEL": "WARNING",
            # For a machine whose /var/tmp is in a container; the report names the file system.
            "JOBS_ANY_FILESYSTEM": "1",
            # Else the finished jobs that are to be kept would be pruned while we measure.
            "JOBS_KEEP_MOST": "10000000",
        },
        server=[command, "server", "--no-reload", *threads],
        processes=[command, "worker", "--processes", "2", "--threads", str(THREADS // 2)],
    )


def _huey(key: str, name: str, settings: str, root: Path, redis: str = "") -> Contender:
    worker = [str(PEERS / "huey_consumer"), "bench_huey.huey", "-w", str(THREADS), "-k", "thread"]
    return Contender(
        key,
        name,
        f"{settings}, huey_consumer -w {THREADS} -k thread -q; else the defaults",
        root,
        [str(PEERS / "python"), str(SIDES / "bench_play.py"), "bench_huey"],
        [*worker, "-q"],
        worker,
        10_000,
        1_000_000,
        {"BENCH_REDIS": redis},
        signal.SIGINT,
    )


def huey_sqlite(folder: Path) -> Contender:
    """Give Huey a file; its default is SQLite's own, a flush for each commit."""
    return _huey("huey-sqlite", "Huey, SQLite", "SqliteHuey(filename=...)", folder / "huey")


def huey_redis(folder: Path) -> Contender:
    """Give Huey the Redis server."""
    return _huey("huey-redis", "Huey, Redis", "RedisHuey(url=...)", folder / "redis", REDIS)


def dramatiq(folder: Path) -> Contender:
    """Give Dramatiq the RabbitMQ server."""
    worker = [str(PEERS / "dramatiq"), "bench_dramatiq", "--processes", "1"]
    worker += ["--threads", str(THREADS)]
    return Contender(
        "dramatiq",
        "Dramatiq, RabbitMQ",
        f"RabbitmqBroker(url=...), dramatiq --processes 1 --threads {THREADS}; else the defaults",
        folder / "dramatiq",
        [str(PEERS / "python"), str(SIDES / "bench_play.py"), "bench_dramatiq"],
        worker,
        worker,
        10_000,
        200_000,
        {"BENCH_RABBITMQ": RABBITMQ},
    )


def pgqueuer(folder: Path) -> Contender:
    """Give PGQueuer the PostgreSQL server, and the batches that its docs advise for short jobs."""
    worker = [str(PEERS / "python"), str(SIDES / "bench_pgqueuer.py")]
    return Contender(
        "pgqueuer",
        "PGQueuer",
        "pgqueuer.run(batch_size=100) on uvloop, autovacuum as advised, durable; jobs are "
        f"coroutines, naps in {THREADS} threads; else the defaults",
        folder / "pgqueuer",
        [str(PEERS / "python"), str(SIDES / "bench_play.py"), "bench_pgqueuer"],
        worker,
        worker,
        20_000,
        200_000,
        {"PGQUEUER_DSN": POSTGRESQL, "PGQUEUER_PREFIX": "chuckwalla_bench_"},
    )


CONTENDERS = {
    "ours": ours,
    "huey-sqlite": huey_sqlite,
    "huey-redis": huey_redis,
    "dramatiq": dramatiq,
    "pgqueuer": pgqueuer,
}
"""By key, what makes each."""
