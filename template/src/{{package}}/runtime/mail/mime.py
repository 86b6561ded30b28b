"""Write a mail down as SMTP wants it."""

from email.charset import QP, Charset
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import formatdate

from ..errors import MailRefusedError
from .mail import Address, Mail, check_line, parse_address
from .transport import Envelope

NO_SUBJECT = "(No subject)"
PLAIN_LENGTH = 70
"""Characters to which a text in a header may stand as it is: its line is not too long then."""

_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
_WIRE = compat32.clone(linesep="\r\n", max_line_length=None)


def compose(mailer: str, mail: Mail, message_id: str) -> Envelope:
    """Return the mail and who is to get it; `message_id` is the part of the id before the `@`.

    Raises MailRefusedError naming what is missing or wrong.
    """
    if not mail.from_:
        raise MailRefusedError(f"mailer {mailer!r}: no sender; set from_, here or in its defaults")
    if mail.html is None and mail.text is None:
        raise MailRefusedError(
            f"mailer {mailer!r}: no body; write mailers/{mailer}/text.jinja or html.jinja, "
            "or set text or html on the mail"
        )
    sender = parse_address(mail.from_)
    to, cc, bcc = ([parse_address(text) for text in each] for each in (mail.to, mail.cc, mail.bcc))
    recipients = list(dict.fromkeys(address.mailbox for address in (*to, *cc, *bcc)))
    if not recipients:
        raise MailRefusedError(f"mailer {mailer!r}: no recipient; set to, cc or bcc")
    message = _body(mail)
    message["From"] = _addresses([sender])
    for name, addresses in (("To", to), ("Cc", cc)):
        if addresses:
            message[name] = _addresses(addresses)
    message["Subject"] = _words(check_line("subject", mail.subject or "") or NO_SUBJECT)
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{message_id}@{sender.mailbox.rpartition('@')[2]}>"
    data = message.as_bytes(policy=_WIRE)
    return Envelope(mailer, mail, sender.mailbox, recipients, data)


def _body(mail: Mail) -> MIMEBase:
    parts = []
    for kind, body in (("plain", mail.text), ("html", mail.html)):
        if body is not None:
            parts.append(MIMENonMultipart("text", kind))
            parts[-1].set_payload(body, _UTF8)
    # Of several, the last is the one to be shown.
    return MIMEMultipart("alternative", _subparts=parts) if len(parts) > 1 else parts[0]


def _words(text: str) -> str:
    if text.isascii() and len(text) <= PLAIN_LENGTH and "=?" not in text:
        return text
    return Header(text, "utf-8", maxlinelen=PLAIN_LENGTH).encode()


def _addresses(addresses: list[Address]) -> str:
    return ",\n ".join(_address(address) for address in addresses)


def _address(address: Address) -> str:
    if not address.name:
        return address.mailbox
    name = _words(address.name)
    if name == address.name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{address.mailbox}>"
