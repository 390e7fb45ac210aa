"""Answers, and request targets, as they go over the wire.

What a document or a client put into an answer must not end its head early.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.mock.messages import Answer, Headers

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-zA-Z-]+")
"""RFC 9110, 5.1."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OWN: Final = frozenset({"connection", "content-length", "date", "keep-alive", "te", "trailer", "transfer-encoding"})
"""The server's own (RFC 9110, 7.6.1): whatever a document says of them."""
_UPGRADING: Final = frozenset({"upgrade", "http2-settings", "connection"})
_names: Final[dict[str, bool]] = {}
"""Whether a name may be sent; answers use a handful."""
_MAX_NAMES: Final = 10_000
_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_TITLES: Final = {
    400: ("Bad Request", "The request is not well-formed."),
    408: ("Request Timeout", "The request did not arrive in time."),
    413: ("Content Too Large", "The body is larger than this server takes."),
    431: ("Request Header Fields Too Large", "The header fields are larger, or more, than this server takes."),
    501: ("Not Implemented", "Bodies may be transferred in chunks, and in no other coding."),
    503: ("Service Unavailable", "This server has no room for another connection."),
}


def path_and_query(target: str) -> tuple[str, str]:
    """Of a request target, be it in origin form or in absolute form (RFC 9112, 3.2)."""
    if target[:1] != "/" and "://" in target[:16]:
        _, slash, rest = target.partition("://")[2].partition("/")
        target = slash + rest if slash else "/"
    path, _, query = target.partition("#")[0].partition("?")
    return path, query


def without_upgrade(method: bytes, target: bytes, headers: Sequence[tuple[str, str]], rest: bytes) -> bytes:
    """A request as if it had asked for no upgrade; `rest` is what came behind its head."""
    kept = [(name, value) for name, value in headers if name not in _UPGRADING]
    if any(name == "connection" and "close" in value.lower() for name, value in headers):
        kept.append(("connection", "close"))
    head = "".join([f"{name}: {value}\r\n" for name, value in kept]).encode("latin-1")
    return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method, target, head, rest)


def body_of(answer: Answer) -> bytes | None:
    """None where the status forbids a body, and with it a length (RFC 9110, 8.6)."""
    return None if answer.status in (204, 304) else answer.body


def encoded(answer: Answer, more: Iterable[tuple[bytes, bytes]], *, keep_alive: bool, head_only: bool) -> bytes:
    """The answer as an HTTP/1.1 message, with `more` header fields in front."""
    status = answer.status
    head = [_STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"]
    head += [f"{name.decode('latin-1')}: {value.decode('latin-1')}\r\n" for name, value in more]
    head += [f"{name}: {value}\r\n" for name, value in sendable(answer.headers)]
    body = body_of(answer)
    if body is not None:
        head.append(f"content-length: {len(body)}\r\n")
    head.append("\r\n" if keep_alive else "connection: close\r\n\r\n")
    raw = "".join(head).encode("latin-1", "replace")
    return raw if head_only or not body else raw + body


def sendable(headers: Headers) -> Headers:
    """The lines without those whose name is no name, or the server's own; control characters in values become spaces."""
    for name, value in headers:
        if not _names.get(name) or not value.isprintable():
            return tuple((name, _CONTROL.sub(" ", value)) for name, value in headers if _is_name(name))
    return headers


def _is_name(name: str) -> bool:
    known = _names.get(name)
    if known is None:
        if len(_names) >= _MAX_NAMES:
            _names.clear()
        known = _names[name] = name.lower() not in _OWN and _TOKEN.fullmatch(name) is not None
    return known


def _refusal(status: int) -> bytes:
    title, detail = _TITLES[status]
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()
    lines = (
        b"HTTP/1.1 %d %s" % (status, title.encode()),
        b"content-type: application/problem+json",
        b"content-length: %d" % len(body),
        b"connection: close",
        b"",
        body,
    )
    return b"\r\n".join(lines)


REFUSALS: Final = {status: _refusal(status) for status in _TITLES}
"""Whole messages for what never gets to the application."""
