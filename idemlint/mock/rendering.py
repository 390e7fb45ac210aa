"""Values as bytes: JSON, and the simple forms of other media types."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from idemlint.mock.media_types import FORM, essence

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_ENCODE_ASCII: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_XML_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]")
_DEEPEST: Final = 100


def to_json(value: Any) -> bytes:
    """A JSON text in UTF-8; half of a surrogate pair, which UTF-8 cannot spell, as an escape."""
    try:
        return _ENCODE(value).encode()
    except UnicodeEncodeError:
        return _ENCODE_ASCII(value).encode()


def cleaned(value: Any, depth: int = 0) -> Any:
    """What a document's example may hold and JSON does not: numbers that are none become null, dates text; what nests
    deeper than a hundred levels is cut off.
    """
    if isinstance(value, dict):
        return {str(key): cleaned(member, depth + 1) for key, member in value.items()} if depth < _DEEPEST else {}
    if isinstance(value, list | tuple):
        return [cleaned(item, depth + 1) for item in value] if depth < _DEEPEST else []
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def render(value: Any, media_type: str) -> bytes:
    """The value in a media type that is not JSON: text as it is, and objects in the type's plainest form."""
    name = essence(media_type)
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if value is None:
        return b""
    if name.endswith(("/xml", "+xml")):
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{_xml("response", value)}'.encode("utf-8", "replace")
    if name == FORM and isinstance(value, dict):
        return urlencode(value, doseq=True).encode()
    if name == "text/event-stream":
        return b"data: " + to_json(value) + b"\n\n"
    if name in ("application/x-ndjson", "application/jsonl", "application/json-seq"):
        mark = b"\x1e" if name.endswith("json-seq") else b""
        return b"".join(mark + to_json(item) + b"\n" for item in (value if isinstance(value, list) else [value]))
    return to_json(value)


def field_text(value: Any) -> str:
    """A value as a header carries it (style `simple`): one line of visible ASCII and spaces."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, list):
        text = ",".join(map(field_text, value))
    elif isinstance(value, dict):
        text = ",".join(f"{key},{field_text(member)}" for key, member in value.items())
    else:
        text = "" if value is None else str(value)
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text).strip()


def _xml(name: str, value: Any) -> str:
    name = _XML_NAME.sub("_", name) or "item"
    if not (name[0].isalpha() or name[0] == "_"):
        name = f"_{name}"
    if isinstance(value, dict):
        return f"<{name}>{''.join(_xml(key, member) for key, member in value.items())}</{name}>"
    if isinstance(value, list):
        return (
            "".join(_xml(name, item) for item in value)
            if name != "response"
            else (f"<response>{''.join(_xml('item', item) for item in value)}</response>")
        )
    text = "" if value is None else "true" if value is True else "false" if value is False else str(value)
    return f"<{name}>{escape(text)}</{name}>"
