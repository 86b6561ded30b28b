"""Measure a JSON view against bare Starlette on the same uvicorn, in turns.

    PYTHONPATH=tests .venv/bin/python benchmarks/json_view.py

One server is asked at a time, over connections that stay open, by a client in this process. The
goal is 0.85 of the requests per second of the same endpoint as a plain function of Starlette.
"""

import argparse
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from fresh import fresh_app, run, say
from making import REPOSITORY, clean_environment

SIDES = REPOSITORY / "benchmarks" / "sides"
GOAL = 0.85
VIEW = "a view"
FUNCTION = "Starlette, a function (in a thread)"
ASYNC = "Starlette, async (in the event loop)"
PATIENCE = 30.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Return when somebody listens on the port."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}")


class Load:
    """Connections to one path, each with one request on its way."""

    def __init__(self, port: int, path: str, connections: int) -> None:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n"
        self._request = f"{head}\r\n".encode()
        self._selector = selectors.DefaultSelector()
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        for each in self._sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(each, selectors.EVENT_READ, each)

    def run(self, seconds: float) -> float:
        """Return how many requests per second were answered."""
        for each in self._sockets:
            each.sendall(self._request)
        began = time.perf_counter()
        answered, open_ = 0, len(self._sockets)
        parts: dict[socket.socket, bytes] = {}
        while open_:
            for key, _ in self._selector.select():
                connection: socket.socket = key.data
                data = parts.pop(connection, b"") + connection.recv(65536)
                if not is_whole(data):
                    parts[connection] = data
                    continue
                answered += 1
                if time.perf_counter() - began < seconds:
                    connection.sendall(self._request)
                else:
                    open_ -= 1
        return answered / (time.perf_counter() - began)


def is_whole(data: bytes) -> bool:
    """Say whether this is one answer to its end. Raises AssertionError unless it is a 200."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not data or (end and not head.startswith(b"HTTP/1.1 200 ")):
        raise AssertionError(f"the server answered {head!r}")
    if not end:
        return False
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) == int(length)


def cpu_seconds(pid: int) -> float:
    """Return what a process has spent so far; Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print the table; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=16)
    return run(lambda folder: measure(folder, parser.parse_args()))


def measure(folder: Path, options: argparse.Namespace) -> int:
    """Serve both, ask them in turns, print the medians."""
    app = fresh_app(folder)
    view = (SIDES / "app_view.py").read_text()
    (app.root / "src" / app.package / "views" / "numbers.py").write_text(view)
    python = str(app.venv / "bin" / "python")
    ours, bare = free_port(), free_port()
    secret = {"APP_ENV": "production", "SECRET": "x" * 32, "JOBS_ANY_FILESYSTEM": "1"}
    server = [str(app.venv / "bin" / app.name), "server", "--threads", "0", "--port", str(ours)]
    with ExitStack() as stack:
        pids = []
        for command in (server, [python, str(SIDES / "bare_starlette.py"), str(bare)]):
            environment = clean_environment() | secret
            process = subprocess.Popen(command, cwd=app.root, env=environment)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            pids.append(process.pid)
        wait_for(ours)
        wait_for(bare)
        sides = {
            VIEW: (pids[0], Load(ours, "/numbers?page=3", options.connections)),
            FUNCTION: (pids[1], Load(bare, "/numbers?page=3", options.connections)),
            ASYNC: (pids[1], Load(bare, "/numbers-async?page=3", options.connections)),
        }
        for _, load in sides.values():
            load.run(0.5)
        rates: dict[str, list[float]] = {name: [] for name in sides}
        costs: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(options.rounds):
            for name, (pid, load) in sides.items():
                before = cpu_seconds(pid)
                rates[name].append(load.run(options.seconds))
                spent = cpu_seconds(pid) - before
                costs[name].append(spent / (rates[name][-1] * options.seconds) * 1e6)
    say(f"{options.connections} connections, medians of {options.rounds} rounds in turns")
    for name in sides:
        rate, cost = statistics.median(rates[name]), statistics.median(costs[name])
        each = ", ".join(f"{rate:,.0f}" for rate in rates[name])
        say(f"{name:<36} {rate:>7,.0f} requests/s  {cost:>4,.0f} µs of CPU each  ({each})")
    ratio = statistics.median(rates[VIEW]) / statistics.median(rates[FUNCTION])
    reached = ratio >= GOAL
    verdict = "met" if reached else "missed"
    spent = statistics.median(costs[FUNCTION]) / statistics.median(costs[VIEW])
    say(f"A view has {ratio:.2f} of the function; the goal, {GOAL}, is {verdict}.")
    say(f"By the CPU that each request takes, which hangs less on what else runs: {spent:.2f}.")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
