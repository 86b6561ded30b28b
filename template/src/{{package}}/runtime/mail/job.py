"""The built-in job that sends a mail in the background."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..arena import Arena
from ..jobs import JobDefinition
from ..options import JobOptions
from ..params import JobParams, Params
from .mail import Mail

if TYPE_CHECKING:
    from ..env import JobEnv

MAIL_JOB = "_mail"
"""A file of this name in jobs/ would be a helper, so no job of the user's can have it."""

LATER = 60.0
"""Seconds until those are tried again whom the server could not take now."""


class MailParams(JobParams, frozen=True):
    """A mail as it waits in the queue."""

    mailer: str
    mail: Mail
    params: dict[str, Any]
    only: tuple[str, ...] = ()
    """The recipients who have not got it yet; empty means all."""


def run(allocator: Arena, params: MailParams, env: "JobEnv") -> None:  # noqa: ARG001
    """Send the mail. Tried again, it has the same id, by which many servers tell a double."""
    refused = env.mailers.deliver(
        params.mailer,
        params.mail,
        Params(params.params),
        env,
        message_id=env.current.id,
        only=params.only,
    )
    if later := [who for who, (code, _) in refused.items() if code < 500]:
        # A job of its own, since the others would get the mail twice by a retry of this one.
        mail = msgspec.to_builtins(params.mail)
        again = env.job(MAIL_JOB, mailer=params.mailer, mail=mail, params=params.params, only=later)
        again.schedule(delay=LATER)


MAIL_JOB_DEFINITION = JobDefinition(MAIL_JOB, run, JobOptions(), Path(__file__), MailParams)
