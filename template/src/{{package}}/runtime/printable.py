"""Text from outside, made fit for a terminal."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What moves the cursor, sets titles or colours, or turns the direction of writing around."""


def printable(text: str) -> str:
    """Return the text with control characters as code writes them, but for tabs and new lines."""
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)
