"""Send every log line one way: the app's, its jobs' and its libraries', to stderr and files."""

import contextlib
import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC
from functools import partial
from multiprocessing import current_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from .errors import SettingsError
from .job import Job
from .logfiles import Rotation
from .printable import printable
from .settings import Environment, LogFormat, LogLevel, Settings

if TYPE_CHECKING:
    from loguru import Logger, Record

FORMAT = "<dim>{extra[at]}</> <level>{level: <7}</> <cyan>{extra[job]}</><level>{message}</>"
FORMAT_OF_SEVERAL = FORMAT.replace("</> ", "</> <dim>{process}</> ", 1)

_LINE_START = re.compile(r"(?<=\n)(?=\S)")

WORKER_PROCESS = "worker process"
"""The name of those processes of which there are several: each line of theirs has its number."""


current_job: ContextVar[Job | None] = ContextVar("current_job", default=None)
"""The job whose lines are logged; set by the runner around each run. Cheaper than a logger bound
anew for each job."""


class _Mine(threading.local):
    lines: list[str] | None = None


_mine = _Mine()

# The first is loguru's own, with which it starts.
_handlers = [0]


def configure_logging(settings: Settings) -> "Logger":
    """Return the app's logger, writing to stderr and to the log files that the settings name.

    May be called again with other settings. Each line's `extra` has job_name, job_id, attempt and
    request_id while a job runs. Values of variables are shown in tracebacks in development only.
    Raises SettingsError if a log file cannot be written.
    """
    for handler in _handlers:
        with contextlib.suppress(ValueError):
            logger.remove(handler)
    _handlers.clear()
    as_json = settings.log_format is LogFormat.JSON
    logger.configure(patcher=_add_job if as_json else _add_job_to_line)
    development = settings.environment is Environment.DEVELOPMENT
    human = FORMAT_OF_SEVERAL if current_process().name == WORKER_PROCESS else FORMAT
    line = human if development else partial(_line, f"{human}{{extra[traceback]}}\n")
    common: dict[str, Any] = {
        "format": _json_line if as_json else line,
        "backtrace": False,
        "diagnose": development,
    }
    colours = sys.stderr.isatty() and "NO_COLOR" not in os.environ and not as_json
    _handlers.append(
        logger.add(_to_stderr, level=settings.log_level, colorize=colours, **common),
    )
    files = {
        "LOG_FILE": (settings.log_file, settings.log_level),
        "ERROR_LOG_FILE": (settings.error_log_file, LogLevel.ERROR),
    }
    for variable, (path, level) in files.items():
        if path is not None:
            _handlers.append(_add_file(variable, path, level, settings, common))
    _intercept(settings.log_level)
    return logger


def _add_file(
    variable: str, path: Path, level: LogLevel, settings: Settings, common: dict[str, Any]
) -> int:
    rotation = Rotation(path, settings.log_file_limit, settings.log_files_kept)
    try:
        # Watched: another process may be the one that begins a new file.
        return logger.add(
            path,
            level=level,
            encoding="utf-8",
            watch=True,
            rotation=rotation.is_due,
            retention=rotation.tidy,
            opener=partial(os.open, mode=0o600),
            **common,
        )
    except OSError as error:
        raise SettingsError(
            f"{variable}={str(path)!r}: {error.strerror}; "
            "write the path of a file that this user may write to"
        ) from error


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Write to stderr at once, in the end, what this thread logs meanwhile."""
    _mine.lines = []
    try:
        yield
    finally:
        text, _mine.lines = "".join(_mine.lines), None
        if text:
            _to_stderr(text)


def _to_stderr(line: str) -> None:
    if _mine.lines is not None:
        _mine.lines.append(line)
        return
    # Looked up for each line: tests and tools put another stream in its place.
    sys.stderr.write(line)
    sys.stderr.flush()


def _add_job(record: "Record") -> None:
    job, extra = current_job.get(), record["extra"]
    # A third of what loguru's own formatting of the time takes.
    extra["at"] = record["time"].isoformat(" ", "milliseconds")
    extra["job"] = ""
    if job is not None:
        job_id = job.id
        extra["job"] = f"[{job.name} {job_id} #{job.attempt}] "
        extra["job_name"], extra["job_id"], extra["attempt"] = job.name, job_id, job.attempt
        if job.request_id is not None:
            extra["request_id"] = job.request_id


_OUR_OWN = {"at", "job", "json"}
"""What a record's extra has for the formats only."""


def _add_job_to_line(record: "Record") -> None:
    _add_job(record)
    # What users send gets into messages: it must not look like a line of its own.
    if not record["message"].isprintable():
        record["message"] = _continue(record["message"])


def _continue(text: str) -> str:
    """Return the text with what follows its first line set in, and nothing that steers."""
    return _LINE_START.sub("    ", printable(text))


def _line(form: str, record: "Record") -> str:
    # Loguru's own traceback, which development has, would let the error's text through as it is.
    error = record["exception"]
    text = "" if error is None else "\n" + "".join(traceback.format_exception(*error)).rstrip()
    record["extra"]["traceback"] = _continue(text)
    return form


def _json_line(record: "Record") -> str:
    extra = {key: value for key, value in record["extra"].items() if key not in _OUR_OWN}
    line: dict[str, object] = {
        "time": record["time"].astimezone(UTC).isoformat(timespec="milliseconds"),
        "level": record["level"].name,
        "process": record["process"].id,
        "message": record["message"],
        "source": f"{record['name']}:{record['line']}",
        **extra,
    }
    if (error := record["exception"]) is not None:
        line["error"] = "".join(traceback.format_exception(*error))
    text = json.dumps(line, default=str, ensure_ascii=False)
    record["extra"]["json"] = text.encode("utf-8", "backslashreplace").decode()
    return "{extra[json]}\n"


def _intercept(level: LogLevel) -> None:
    root = logging.getLogger()
    if not any(isinstance(handler, InterceptHandler) for handler in root.handlers):
        root.addHandler(InterceptHandler())
    # What libraries say at DEBUG drowns the app's own lines; ask for it by a library's name.
    root.setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True


class InterceptHandler(logging.Handler):
    """Passes the records of the standard library's logging on to the app's logger."""

    def handle(self, record: logging.LogRecord) -> bool:
        """Pass a record on without the lock that handlers have: the app's logger has its own.

        A job's timeout could tear its thread out of it, and the lock would stay taken.
        """
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record as it stands; a line for each request is worth DEBUG."""
        level: str | int = "DEBUG" if record.name == "uvicorn.access" else record.levelname
        try:
            logger.level(str(level))
        except ValueError:
            level = record.levelno
        source = {"name": record.name, "function": record.funcName, "line": record.lineno}
        patched = logger.patch(lambda line: line.update(source))  # type: ignore[typeddict-item]
        patched.opt(exception=record.exc_info).log(level, record.getMessage())
