"""Bytes to text: UTF-8, UTF-16 and UTF-32, with and without byte order mark (YAML 1.2.2, section 5.2)."""

from __future__ import annotations

from idemlint.errors import DocumentError
from idemlint.findings import Position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_MARKS: Final = (
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_ALLOWED_BYTES: Final = bytes([0x09, 0x0A, 0x0D, *range(0x20, 0x7F), *range(0x80, 0x100)])
_NOT_PRINTABLE: Final = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
"""What YAML's stream may not hold (section 5.1); a byte order mark counts only at the very start."""


def decode(raw: bytes, source: str) -> str:
    """The text without byte order mark. Raises DocumentError with the place of the first byte that is none."""
    encoding = "utf-8"
    for mark, name in _MARKS:
        if raw.startswith(mark):
            encoding = name
            raw = raw[len(mark) :]
            break
    else:
        encoding = _guess(raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode(encoding, "replace")
        line_start = max(before.rfind("\n"), before.rfind("\r")) + 1
        line = before.count("\n") + before.count("\r") - before.count("\r\n")
        bad = raw[error.start : error.end].hex(" ")
        raise DocumentError(
            f"the file is not {encoding.upper()}: the bytes {bad} stand for no character",
            source=source,
            position=Position(line, len(before) - line_start),
            hint="save it as UTF-8",
        ) from None


def _guess(raw: bytes) -> str:
    """By the zero bytes of a first character that is ASCII, as it is in every YAML and JSON text."""
    zeros = tuple(byte == 0 for byte in raw[:4])
    if zeros == (True, True, True, False):
        return "utf-32-be"
    if zeros == (False, True, True, True):
        return "utf-32-le"
    if zeros[:2] == (True, False):
        return "utf-16-be"
    if zeros[:2] == (False, True):
        return "utf-16-le"
    return "utf-8"


def is_printable(text: str) -> bool:
    """Whether a YAML stream may hold the text. Fast for text that is mostly ASCII."""
    raw = text.encode("utf-8", "surrogatepass")
    if raw.translate(None, _ALLOWED_BYTES):
        return False
    if len(raw) == len(text):
        return True
    return not _suspects(raw)


def _suspects(raw: bytes) -> bool:
    """Whether UTF-8 holds C1 controls (but NEL), surrogates, byte order marks, U+FFFE or U+FFFF."""
    for lead in (b"\xc2", b"\xed", b"\xef"):
        at = raw.find(lead)
        while at >= 0:
            second = raw[at + 1]
            if lead == b"\xc2":
                if second < 0xA0 and second != 0x85:
                    return True
            elif lead == b"\xed":
                if second >= 0xA0:
                    return True
            elif raw[at + 1 : at + 3] in {b"\xbb\xbf", b"\xbf\xbe", b"\xbf\xbf"}:
                return True
            at = raw.find(lead, at + 1)
    return False


def refuse_unprintable(text: str, source: str) -> None:
    """Raises DocumentError at the first character that a YAML stream may not hold."""
    if is_printable(text):
        return
    import re

    from idemlint.openapi.lines import LineTable

    match = re.search(_NOT_PRINTABLE, text)
    if match is None:
        return
    character = match.group()
    if character == "\0":
        message = "the file holds a NUL character, so it is no text"
    else:
        message = f"the file holds the control character U+{ord(character):04X}"
    raise DocumentError(
        message,
        source=source,
        position=LineTable(text).position(match.start()),
        hint="remove it, or write it as an escape in double quotes",
    )
