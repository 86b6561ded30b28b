"""The runtime: `copier update` keeps it current. Your code imports from here, and only from here.

The names are loaded when they are first used, so that a command starts without what it does not
need.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response as Response

    from .arena import Arena as Arena
    from .boot import App as App
    from .boot import open_app as open_app
    from .env import JobEnv as JobEnv
    from .env import Services as Services
    from .errors import AppError as AppError
    from .errors import Cancel as Cancel
    from .errors import InvalidParamsError as InvalidParamsError
    from .errors import JobTimeout as JobTimeout
    from .errors import MailError as MailError
    from .errors import MutexError as MutexError
    from .errors import QueueError as QueueError
    from .errors import RequestError as RequestError
    from .errors import Retry as Retry
    from .errors import StoreError as StoreError
    from .job import Job as Job
    from .job import State as State
    from .mail.mail import Mail as Mail
    from .options import JobOptions as JobOptions
    from .params import JobParams as JobParams
    from .params import Params as Params
    from .settings import Settings as Settings
    from .web.multipart import Upload as Upload
    from .web.request import Request as Request
else:
    _HOMES = {
        "App": ".boot",
        "AppError": ".errors",
        "Arena": ".arena",
        "Cancel": ".errors",
        "InvalidParamsError": ".errors",
        "Job": ".job",
        "JobEnv": ".env",
        "JobOptions": ".options",
        "JobTimeout": ".errors",
        "JobParams": ".params",
        "Mail": ".mail.mail",
        "MailError": ".errors",
        "MutexError": ".errors",
        "Params": ".params",
        "QueueError": ".errors",
        "Request": ".web.request",
        "RequestError": ".errors",
        "Response": "starlette.responses",
        "Retry": ".errors",
        "Services": ".env",
        "Settings": ".settings",
        "State": ".job",
        "StoreError": ".errors",
        "Upload": ".web.multipart",
        "open_app": ".boot",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
