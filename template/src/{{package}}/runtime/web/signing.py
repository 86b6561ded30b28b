"""Sign text with the app's secret, so that what comes back from outside is known to be its own.

A signature covers what the text is for and when it was signed: one made for another purpose, or
too long ago, is as good as none.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(text: str, secret: str, purpose: str, now: float) -> str:
    """Return the text with the second of `now` and a signature behind it, fit for a cookie.

    The text itself can be read by whoever has it.
    """
    dated = f"{text}.{int(now)}"
    return f"{dated}.{_signature(dated, secret, purpose)}"


def verify(signed: str, secrets: Iterable[str], purpose: str) -> tuple[str, int] | None:
    """Return the text and when it was signed, in UTC seconds.

    None if it is not what `sign` made for this purpose with one of the secrets.
    """
    dated, _, signature = signed.rpartition(".")
    given = signature.encode()
    if not any(hmac.compare_digest(given, _signature(dated, s, purpose).encode()) for s in secrets):
        return None
    text, _, second = dated.rpartition(".")
    return text, int(second)


def _signature(dated: str, secret: str, purpose: str) -> str:
    message = f"{purpose}\n{dated}".encode(errors="replace")
    digest = hmac.digest(secret.encode(), message, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
