"""A job may fork. A child that comes back from it ends: what follows is its parent's to do."""

import os
import sys
import traceback


def end_if_forked(process: int) -> None:
    """End this process, unless it is that one, as Python would: for a `finally` around a job."""
    if os.getpid() == process:
        return
    code = 1
    try:
        error = sys.exception()
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        elif error is not None:
            traceback.print_exception(error)
        sys.stdout.flush()
        code = 0 if error is None else code
    finally:
        os._exit(code & 0xFF)  # as Python does; a greater one is an error
