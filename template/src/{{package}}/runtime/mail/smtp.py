"""Send a mail by SMTP, and tell what may be tried again from what is refused for good."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Mapping

from ..errors import MailError, MailRefusedError
from ..settings import Settings, SmtpSecurity
from .transport import Envelope, Refused

TIMEOUT = 30.0
"""Seconds for the connection, and for each answer of the server."""

USUAL_PORTS = {SmtpSecurity.STARTTLS: 587, SmtpSecurity.TLS: 465, SmtpSecurity.NONE: 25}

NOT_LOGGED_IN = 530
"""The server wants TLS or a login first: our settings are at fault, and not the mail."""


def send(envelope: Envelope, settings: Settings) -> Refused:
    """Send the mail; return the recipients whom the server refused while it took others.

    Raises MailRefusedError for what the server refuses for good (5xx to the sender, to the mail or
    to all recipients), and MailError for anything that may pass.
    """
    try:
        with _connected(settings) as server:
            refused = server.sendmail(envelope.sender, envelope.recipients, envelope.data)
    except smtplib.SMTPRecipientsRefused as error:
        raise _explain(_readable(error.recipients), settings) from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        answers = _readable({envelope.sender: (error.smtp_code, error.smtp_error)})
        raise _explain(answers, settings) from error
    except smtplib.SMTPResponseException as error:
        answer = f"{error.smtp_code} {_one_line(error.smtp_error)}"
        raise MailError(f"{_place(settings)}: {answer}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(f"{_place(settings)}: {_one_line(error)}") from error
    return _readable(refused)


@contextlib.contextmanager
def _connected(settings: Settings) -> Iterator[smtplib.SMTP]:
    host, port = str(settings.smtp_host), _port(settings)
    server: smtplib.SMTP
    if settings.smtp_security is SmtpSecurity.TLS:
        context = ssl.create_default_context()
        server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        if settings.smtp_security is SmtpSecurity.STARTTLS:
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password)
        yield server
    finally:
        # Whatever is said in parting, the mail has been taken or refused by now.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _explain(answers: Refused, settings: Settings) -> MailError:
    told = "; ".join(f"{who}: {code} {text}" for who, (code, text) in answers.items())
    permanent = all(code >= 500 and code != NOT_LOGGED_IN for code, _ in answers.values())
    kind = MailRefusedError if permanent else MailError
    return kind(f"{_place(settings)} refused {told}")


def _readable(answers: Mapping[str, tuple[int, bytes | str]]) -> Refused:
    return {who: (code, _one_line(text)) for who, (code, text) in answers.items()}


def _one_line(words: object) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _port(settings: Settings) -> int:
    return settings.smtp_port or USUAL_PORTS[settings.smtp_security]


def _place(settings: Settings) -> str:
    return f"{settings.smtp_host}:{_port(settings)}"
