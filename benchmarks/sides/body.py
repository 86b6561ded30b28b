"""What both sides share: the job's body, and a record of it that no queue keeps."""

import json
import os
import sys
import time
from collections.abc import Callable

SECONDS = float(os.environ["CHAOS_SECONDS"])
PROCESS = os.environ["CHAOS_PROCESS"]
_record = os.open(os.environ["CHAOS_RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def work(number: int) -> None:
    """Do one job."""
    note("start", number)
    time.sleep(SECONDS)
    note("end", number)


def note(event: str, number: int) -> None:
    """Append one line to the record, at once and whole."""
    os.write(_record, f"{event} {number} {PROCESS}\n".encode())


def schedule_all(schedule: Callable[[int], object]) -> None:
    """Schedule as many jobs as the command line says, and note which the queue has accepted."""
    for number in range(int(sys.argv[1])):
        try:
            schedule(number)
        except Exception as error:  # noqa: BLE001 - whatever the queue raises, the job is refused
            sys.stderr.write(f"job {number}: {error!r}\n")
            note("refused", number)
        else:
            note("kept", number)


def answer(questions: dict[str, Callable[[], object]]) -> None:
    """Answer each line of stdin, a key of `questions`, by one line of JSON."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(questions[line.strip()]()) + "\n")
        sys.stdout.flush()
