"""Dramatiq's side of `make bench`, on the RabbitMQ server that BENCH_RABBITMQ names."""

import os
import platform
from importlib.metadata import version

import bench_body
import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

QUEUE = "chuckwalla-bench"

broker = RabbitmqBroker(url=os.environ["BENCH_RABBITMQ"])
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=QUEUE)
def noop():
    """See bench_body."""
    bench_body.noop()


@dramatiq.actor(queue_name=QUEUE)
def nap():
    """See bench_body."""
    bench_body.nap()


@dramatiq.actor(queue_name=QUEUE)
def stamp(at):
    """See bench_body."""
    bench_body.stamp(at)


ACTORS = {"noop": noop, "nap": nap, "stamp": stamp}


def versions():
    """Tell what decides the figures; raise if the server is missing."""
    server = broker.connection._impl.server_properties  # noqa: SLF001 - pika tells it nowhere else
    return {
        "Dramatiq": version("dramatiq"),
        "Python": platform.python_version(),
        "RabbitMQ": server["version"],
    }


def drop():
    """Remove the queue, and those for delayed and dead messages."""
    for name in (QUEUE, f"{QUEUE}.DQ", f"{QUEUE}.XQ"):
        broker.channel.queue_delete(name)


def prepare():
    """Make an empty queue."""
    drop()
    broker.declare_queue(QUEUE, ensure=True)


def schedule(name, **params):
    """Send a message as users do."""
    ACTORS[name].send(**params)


def fill(name, count):
    """Put messages into the queue."""
    for _ in range(count):
        ACTORS[name].send()
