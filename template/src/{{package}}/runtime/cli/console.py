"""`console`: Python with the app open."""

import code
import contextlib
import sys

import click

from ..boot import PACKAGE, open_app
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
            exec(compile(sys.stdin.read(), "<stdin>", "exec"), names)  # noqa: S102 - as asked
