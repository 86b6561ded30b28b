"""Play one side of `make bench`: python bench_play.py MODULE COMMAND [ARGUMENT...].

The module has functions: `versions()`, which raises if a server is missing; `prepare()` makes an
empty queue, `drop()` removes it; `schedule(name, **params)` and, where there is such a thing,
`schedule_many(count)` are what users call; `fill(name, count)` may take any short cut, as nobody
measures it. The command `fill` prepares first, `add` does not. The answer is one line of JSON.
"""

import importlib
import json
import sys

import bench_body


def play(side, command, arguments):
    """Return the answer to a command."""
    match command:
        case "fill" | "add":
            name, count = arguments
            if command == "fill":
                side.prepare()
            return side.fill(name, int(count))
        case "produce":
            return bench_body.produce(side.schedule, float(arguments[0]))
        case "pace":
            return bench_body.pace(side.schedule, int(arguments[0]))
        case "bulk" if hasattr(side, "schedule_many"):
            return bench_body.produce_many(side.schedule_many, float(arguments[0]))
        case "bulk":
            return {}
        case _:
            return {"versions": side.versions, "prepare": side.prepare, "drop": side.drop}[
                command
            ]()


module, command, *arguments = sys.argv[1:]
answer = play(importlib.import_module(module), command, arguments)
sys.stdout.write(json.dumps(answer) + "\n")
