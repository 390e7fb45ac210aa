"""Strings of structured fields: how draft-ietf-httpapi-idempotency-key-header-06, section 2.1, writes a key.

RFC 9651, sections 3.3.3 (String), 3.1.2 (Parameters), 4.1.6 and 4.2 (serialising, parsing). Only what a key needs: an
Item whose bare item is a String. Parameters are read and left out.
"""

from __future__ import annotations

import re
from typing import Final

_STRING: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_PARAMETER: Final = re.compile(
    r"; *[a-z*][a-z0-9_\-.*]*"
    r"(?:=(?:"
    r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
    r"|-?[0-9]{1,12}\.[0-9]{1,3}|-?[0-9]{1,15}"
    r"|[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*"
    r"|:[A-Za-z0-9+/=]*:"
    r"|\?[01]"
    r"|@-?[0-9]{1,15}"
    r'|%"(?:[\x20\x21\x23\x24\x26-\x5b\x5d-\x7e\x5c]|%[0-9a-f]{2})*"'
    r"))?"
)
_ESCAPED: Final = re.compile(r'\\(["\\])')


def parse_string(value: str) -> str | None:
    """The text of a String item; None if the value is anything else (a Token, an Integer, a list, no item at all)."""
    value = value.strip(" ")
    found = _STRING.match(value)
    if found is None:
        return None
    place = found.end()
    while place < len(value):
        parameter = _PARAMETER.match(value, place)
        if parameter is None:
            return None
        place = parameter.end()
    text = found[1]
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def serialize_string(text: str) -> str:
    """Section 4.1.6. ValueError for what a String cannot hold: all but printable ASCII."""
    if not all(" " <= letter <= "~" for letter in text):
        raise ValueError("a String of a structured field holds printable ASCII only")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
