"""Send every log line one way: the app's, its jobs' and its libraries', to stderr and a file."""

import contextlib
import logging
import os
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from loguru import logger

from .errors import SettingsError
from .settings import Environment, LogLevel, Settings

if TYPE_CHECKING:
    from loguru import Logger, Record

FORMAT = (
    "<dim>{time:YYYY-MM-DD HH:mm:ss.SSS}</> <level>{level: <7}</> "
    "<cyan>{extra[job]}</><level>{message}</>"
)


class LogContext(NamedTuple):
    """The run of a job to which log lines belong."""

    name: str
    id: str
    attempt: int


current_job: ContextVar[LogContext | None] = ContextVar("current_job", default=None)
"""Set by the runner around each run. Cheaper than a logger bound anew for each job."""

# The first is loguru's own, with which it starts.
_handlers = [0]


def configure_logging(settings: Settings) -> "Logger":
    """Return the app's logger, writing to stderr and, if there is one, the log file.

    May be called again with other settings. Each line's `extra` has job_name, job_id and attempt
    while a job runs. Values of variables are shown in tracebacks in development only. Raises
    SettingsError if the log file cannot be written.
    """
    for handler in _handlers:
        with contextlib.suppress(ValueError):
            logger.remove(handler)
    _handlers.clear()
    logger.configure(patcher=_add_job)
    shows_values = settings.environment is Environment.DEVELOPMENT
    _handlers.append(
        logger.add(
            _to_stderr,
            format=FORMAT,
            level=settings.log_level,
            colorize=sys.stderr.isatty() and "NO_COLOR" not in os.environ,
            backtrace=False,
            diagnose=shows_values,
        )
    )
    if settings.log_file is not None:
        try:
            handler = logger.add(
                settings.log_file,
                format=FORMAT,
                level=settings.log_level,
                backtrace=False,
                diagnose=shows_values,
                encoding="utf-8",
                watch=True,
            )
        except OSError as error:
            raise SettingsError(
                f"LOG_FILE={str(settings.log_file)!r}: {error.strerror}; "
                "write the path of a file that this user may write to"
            ) from error
        _handlers.append(handler)
    _intercept(settings.log_level)
    return logger


def _to_stderr(line: str) -> None:
    # Looked up for each line: tests and tools put another stream in its place.
    sys.stderr.write(line)
    sys.stderr.flush()


def _add_job(record: "Record") -> None:
    job, extra = current_job.get(), record["extra"]
    extra["job"] = ""
    if job is not None:
        extra["job"] = f"[{job.name} {job.id} #{job.attempt}] "
        extra["job_name"], extra["job_id"], extra["attempt"] = job


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
