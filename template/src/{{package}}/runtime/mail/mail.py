"""What a mail is before it is written down: who, what about, and its two bodies."""

import re
import unicodedata
from typing import NamedTuple

import msgspec

from ..errors import MailRefusedError

MAX_LINE = 500
"""Characters of a subject or of a name."""

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOT = re.compile("[.\u3002\uff0e\uff61]")
"""What ends a label of a domain, in any script."""
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_LOCAL}@{_LABEL}(\.{_LABEL})*", re.ASCII)


class Mail(msgspec.Struct, kw_only=True):
    """A mail to fill in. An address is written "ada@example.com", or "Ada <ada@example.com>"."""

    subject: str | None = None
    from_: str | None = None
    to: list[str] = []
    cc: list[str] = []
    bcc: list[str] = []
    """They get the mail, and nobody sees that they do."""
    html: str | None = None
    """None takes the mailer's template html.jinja; without that, the mail has no such part."""
    text: str | None = None
    """Likewise, with text.jinja."""

    def over(self, defaults: "Mail") -> "Mail":
        """Return a new mail in which what is missing here is taken from the defaults."""
        pairs = msgspec.structs.asdict(self).items()
        given = {name: value for name, value in pairs if value not in (None, [])}
        return msgspec.convert(msgspec.structs.asdict(defaults) | given, Mail)


class Address(NamedTuple):
    """A mailbox, and the name that is shown for it."""

    name: str
    mailbox: str


def parse_address(text: object) -> Address:
    """Return the parts of "ada@example.com" or "Ada Lovelace <ada@example.com>".

    A domain in another script is given in the ASCII that stands for it. Raises MailRefusedError.
    """
    line = check_line("address", text)
    name, _, mailbox = line[:-1].rpartition("<") if line.endswith(">") else ("", "", line)
    local, _, domain = mailbox.rpartition("@")
    try:
        mailbox = f"{local}@{domain.encode('idna').decode()}"
        is_changed = any(map(_is_changed, _DOT.split(domain)))
    except UnicodeError:
        mailbox, is_changed = "", False
    if is_changed:
        told = "has a domain that old and new rules write differently; give it as xn--..."
        raise MailRefusedError(f"address {line!r} {told}")
    if not _ADDRESS.fullmatch(mailbox):
        raise MailRefusedError(
            f"address {line!r}: write ada@example.com, or Ada Lovelace <ada@example.com>"
        )
    name = name.strip()
    quoted = len(name) > 1 and name[0] == name[-1] == '"'
    return Address(name[1:-1].strip() if quoted else name, mailbox)


def _is_changed(label: str) -> bool:
    # Python's rules are of 2003, by which ß is ss: since 2008 that is another's domain.
    if label.isascii():
        return False
    return label.encode("idna").decode("idna") != unicodedata.normalize("NFKC", label).lower()


def check_line(what: str, text: object) -> str:
    """Return a text that goes into a header, without white space around it.

    Raises MailRefusedError for a line break or another control character: it would begin a header
    of its own.
    """
    if not isinstance(text, str) or len(text) > MAX_LINE:
        raise MailRefusedError(f"{what} {text!r:.80}: use a text of at most {MAX_LINE} characters")
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text):
        raise MailRefusedError(f"{what} {text!r:.80}: take out line breaks and control characters")
    return text.strip()


def check_mail(mail: Mail) -> None:
    """Raise MailRefusedError for what is there and cannot be sent; what is missing may come."""
    check_line("subject", mail.subject or "")
    for text in [*([mail.from_] if mail.from_ else []), *mail.to, *mail.cc, *mail.bcc]:
        parse_address(text)
