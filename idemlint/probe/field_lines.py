"""The header lines of a request as they go out, from the request of the library or from bytes that no library makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from idemlint.probe.exchange import Lines


def lines_of(request: httpx.Request) -> Lines:
    return tuple((name.decode("latin-1"), _text(value)) for name, value in request.headers.raw)


def lines_in(message: bytes) -> Lines:
    """Of the head of a message (RFC 9112, section 2.1): in its order and spelling, repeated and blank ones included.

    Of a value just the one blank behind the colon is left out: more of them may be what the request is about.
    """
    head = message.partition(b"\r\n\r\n")[0]
    lines = []
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        lines.append((name.decode("latin-1"), _text(value.removeprefix(b" "))))
    return tuple(lines)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
