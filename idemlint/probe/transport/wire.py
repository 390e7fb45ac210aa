"""The bytes of an HTTP/1.1 request (RFC 9112), with header names as they were spelled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.probe.transport.answers import Hold

_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UNSAFE: Final = re.compile(rb"[\x00\r\n]")
_UNSAFE_TARGET: Final = re.compile(rb"[\x00-\x20\x7f]")


def wire(
    request: httpx.Request,
    *,
    headers: Iterable[tuple[bytes | str, bytes | str]] | None = None,
    target: bytes | None = None,
    version: bytes = b"HTTP/1.1",
) -> bytes:
    """The request as httpx would put it on the wire, its body read before (`await request.aread()`).

    `headers` replaces the request's own field lines: in this order and spelling, duplicates and empty values included.
    Where they say `Transfer-Encoding: chunked` the body is one chunk. Raises `httpx.LocalProtocolError` for a line
    break or NUL in a field line, which would smuggle a second one in; `send_raw` sends even that.
    """
    lines = [(_bytes(name), _bytes(value)) for name, value in (request.headers.raw if headers is None else headers)]
    method = request.method.encode("ascii", "replace")
    target = request.url.raw_path if target is None else target
    if not _TOKEN.fullmatch(method) or _UNSAFE_TARGET.search(target):
        raise httpx.LocalProtocolError("method or target holds characters that a request line cannot", request=request)
    for name, value in lines:
        if not _TOKEN.fullmatch(name) or _UNSAFE.search(value):
            raise httpx.LocalProtocolError(
                f"header {name.decode('latin-1')!r} holds characters that a field line cannot", request=request
            )
    body = request.content
    if any(name.lower() == b"transfer-encoding" and b"chunked" in value.lower() for name, value in lines):
        body = (b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)) if body else b"0\r\n\r\n"
    head = b"".join(b"%s: %s\r\n" % line for line in lines)
    return b"%s %s %s\r\n%s\r\n%s" % (method, target, version, head, body)


def head_length(message: bytes) -> int:
    """Bytes up to and with the empty line that ends the head."""
    end = message.find(b"\r\n\r\n")
    return len(message) if end < 0 else end + 4


def split(message: bytes, hold: Hold) -> tuple[bytes, bytes]:
    """What goes ahead, and what is withheld."""
    from idemlint.probe.transport.answers import Hold

    place = head_length(message) - 1 if hold is Hold.HEAD else len(message) - 1
    return message[:place], message[place:]


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")
