"""Wait for what a process that a test has started says."""

import subprocess
import threading

PATIENCE = 60
"""Seconds, after which the process is killed."""


def wait_for_line(process: "subprocess.Popen[str]", text: str, times: int = 1) -> str:
    """Return the line with which a text has come so many times; kill the process if it does not.

    The lines are those of its one pipe, whether that is its output or its errors.
    """
    lines = process.stderr or process.stdout
    assert lines is not None
    seen = []
    patience = threading.Timer(PATIENCE, process.kill)
    patience.start()
    try:
        for line in lines:
            seen.append(line)
            times -= text in line
            if times == 0:
                return line
    finally:
        patience.cancel()
    raise AssertionError(f"{text!r} did not come, but:\n{''.join(seen)}")
