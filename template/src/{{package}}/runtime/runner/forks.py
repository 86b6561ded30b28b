"""A job may fork. A child that comes back from it ends: what follows is its parent's to do."""

import os
import sys
import traceback


def end_if_forked(process: int, error: BaseException | None) -> None:
    """End this process, unless it is that one, as Python would if its program ended so."""
    if os.getpid() == process:
        return
    code = 1
    try:
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
            if error.code is not None and not isinstance(error.code, int):
                print(error.code, file=sys.stderr)  # noqa: T201 - as Python does
        elif error is not None:
            traceback.print_exception(error)
        sys.stdout.flush()
        code = 0 if error is None else code
    finally:
        os._exit(code & 0xFF)  # as Python does; a greater one is an error
