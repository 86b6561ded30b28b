"""`console`: Python with the app open."""

import code
import contextlib
import sys
import traceback
from typing import Any

import click

from ..boot import open_app
from ..discovery import PACKAGE
from ..errors import AppError
from ..routes import find_routes

BANNER = """\
{package} in {environment}: app, jobs, queue, store, cache, mutex, settings, routes, logger.
  job_id = app.job("example").schedule()
  jobs.get(job_id).state"""


@click.command()
def console() -> None:
    """Open Python with the app's jobs, queue, store and settings at hand."""
    with open_app(routes=find_routes(PACKAGE)) as app:
        services = app.services
        names = {
            "app": app,
            "jobs": app.jobs,
            "queue": app.queue,
            "store": services.store,
            "cache": services.cache,
            "mutex": services.mutex,
            "settings": services.settings,
            "routes": services.routes,
            "logger": services.logger,
        }
        banner = BANNER.format(package=PACKAGE, environment=services.settings.environment)
        if sys.stdin.isatty():
            with contextlib.suppress(ImportError):
                import readline  # noqa: F401, PLC0415 - lines can be edited once it is there
            code.interact(banner, local=names, exitmsg="")
        else:
            _execute(sys.stdin.read(), names)


def _execute(source: str, names: dict[str, Any]) -> None:
    try:
        exec(compile(source, "<stdin>", "exec"), names)  # noqa: S102 - as asked
    except AppError:
        raise
    except Exception as error:  # noqa: BLE001 - what is given may raise anything
        # From the first line of what was given: what lies around it says nothing.
        own = error.__traceback__
        traceback.print_exception(error.with_traceback(own and own.tb_next))
        raise click.exceptions.Exit(1) from None
