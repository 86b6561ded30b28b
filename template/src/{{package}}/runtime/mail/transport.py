"""The ways that a mail can go: into the log, or out by SMTP."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ..errors import SettingsError
from ..settings import MailDelivery, Settings
from .mail import Mail

if TYPE_CHECKING:
    from loguru import Logger


class Envelope(msgspec.Struct, frozen=True):
    """A mail that is ready to be sent."""

    mailer: str
    mail: Mail
    sender: str
    recipients: list[str]
    """All of them, who are in Bcc too."""
    data: bytes
    """The message with its headers, as it goes over the wire."""


Refused: TypeAlias = dict[str, tuple[int, str]]
"""Recipients whom the server did not take, its code and its words; the others have the mail."""

Transport: TypeAlias = Callable[[Envelope], Refused]
"""Sends a mail. Raises MailError if nobody got it: MailRefusedError if nobody ever will."""


def choose_transport(settings: Settings, logger: "Logger", *, needed: bool) -> Transport:
    """Return the transport that the settings ask for.

    Raises SettingsError if they lack one that is needed, since there are mailers.
    """
    if settings.mail_delivery is MailDelivery.LOG or not needed:
        return lambda envelope: _log(envelope, logger)
    if not settings.smtp_host:
        raise SettingsError(
            "SMTP_HOST: not set, but mailers/ has mailers; set it, or MAIL_DELIVERY=log"
        )
    if bool(settings.smtp_user) != bool(settings.smtp_password):
        raise SettingsError("SMTP_USER, SMTP_PASSWORD: set both or neither")
    from .smtp import send  # noqa: PLC0415 - costs 10 ms, which most commands need not pay

    def send_and_tell(envelope: Envelope) -> Refused:
        refused = send(envelope, settings)
        for who, (code, words) in refused.items():
            logger.error("Mail of {} refused to {}: {} {}", envelope.mailer, who, code, words)
        taken = len(envelope.recipients) - len(refused)
        logger.info("Mail sent: {} to {} of {}", envelope.mailer, taken, len(envelope.recipients))
        return refused

    return send_and_tell


def _log(envelope: Envelope, logger: "Logger") -> Refused:
    mail = envelope.mail
    headers = {
        "From": mail.from_,
        "To": ", ".join(mail.to),
        "Cc": ", ".join(mail.cc),
        "Bcc": ", ".join(mail.bcc),
        "Subject": mail.subject,
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    for kind, body in (("text", mail.text), ("html", mail.html)):
        lines += [f"-- {kind}", *body.splitlines()] if body is not None else []
    text = "".join(f"\n    {line}" for line in lines)
    logger.info("Mail of {}, logged and not sent:{}", envelope.mailer, text)
    return {}
