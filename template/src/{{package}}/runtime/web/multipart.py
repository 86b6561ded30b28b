"""Read a form that carries files."""

import itertools
import re
from typing import Any

import msgspec
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header

from ..errors import RequestError

MULTIPART = "multipart/form-data"


class Upload(msgspec.Struct, frozen=True):
    """A file that came with a form."""

    filename: str
    """The client's word for it, without folders: for showing, not for naming a file with."""
    content_type: str
    """The client's word too."""
    data: bytes

    def text(self) -> str:
        """Return the content as UTF-8 text. Raises RequestError if it is not."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise RequestError(
                f"{self.filename}: not UTF-8 text (byte {error.start}); save it as UTF-8"
            ) from None


def parse_multipart(content_type: str, body: bytes, most: int) -> list[tuple[str, Any]]:
    """Return the names and values of a form, in order: a text, or an Upload for a file.

    A file input that was left empty is left out. Raises RequestError for what is not a whole and
    valid form, or for more than `most` fields.
    """
    pairs: list[tuple[str, Any]] = []
    parts = itertools.count(1)
    ends: list[bool] = []

    def add(name: bytes | None, value: Any) -> None:
        pairs.append((_utf8(name), value))

    def count() -> None:
        if next(parts) > most:
            raise RequestError(f"the form has more than {most} fields", 413)

    def add_field(field: Field) -> None:
        count()
        add(field.field_name, _utf8(field.value))

    def add_file(file: File) -> None:
        count()
        if file.file_name:
            file.file_object.seek(0)
            kind = file.content_type or "application/octet-stream"
            add(file.field_name, Upload(_safe_name(file.file_name), kind, file.file_object.read()))

    boundary = parse_options_header(content_type)[1].get(b"boundary")
    config = {"MAX_MEMORY_FILE_SIZE": len(body) + 1}
    try:
        parser = FormParser(
            MULTIPART, add_field, add_file, lambda: ends.append(True), boundary, config=config
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise RequestError(f"the form is not valid multipart: {error}") from None
    if not ends:
        raise RequestError("the form is not valid multipart: it ends before its last boundary")
    return pairs


def _safe_name(name: bytes) -> str:
    last = re.split(r"[/\\]", name.decode(errors="replace"))[-1]
    cleaned = "".join(letter for letter in last if letter.isprintable()).strip()
    return cleaned if cleaned.strip(".") else "file"


def _utf8(data: bytes | None) -> str:
    try:
        return (data or b"").decode()
    except UnicodeDecodeError:
        raise RequestError("the form is not UTF-8") from None
