"""The bytes of a request."""

from __future__ import annotations

import string

import h11
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idemlint.probe.transport import Hold, wire
from idemlint.probe.transport.wire import head_length, split

URL = "http://shop.example/orders?a=1"


def test_header_lines_keep_order_spelling_duplicates_and_emptiness() -> None:
    request = httpx.Request("POST", URL, content=b"{}")
    lines = [
        ("hOsT", "shop.example"),
        ("Idempotency-Key", "a"),
        (b"IDEMPOTENCY-KEY", b"b"),
        ("X", ""),
        ("Content-Length", "2"),
    ]
    assert wire(request, headers=lines) == (
        b"POST /orders?a=1 HTTP/1.1\r\nhOsT: shop.example\r\nIdempotency-Key: a\r\nIDEMPOTENCY-KEY: b\r\nX: \r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )


def test_version_and_target_can_be_others() -> None:
    request = httpx.Request("GET", URL, headers={"Host": "h"})
    assert wire(request, version=b"HTTP/1.0", target=b"*", headers=[]) == b"GET * HTTP/1.0\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "framed"), [(b"0123456789abcdef!", b"11\r\n0123456789abcdef!\r\n0\r\n\r\n"), (b"", b"0\r\n\r\n")]
)
def test_chunked_bodies_are_framed(body: bytes, framed: bytes) -> None:
    request = httpx.Request("POST", URL, content=body)
    assert wire(request, headers=[("Transfer-Encoding", "Chunked")]).endswith(b"\r\n\r\n" + framed)


@pytest.mark.parametrize(
    "line", [("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\0"), ("X\r\nY", "b"), ("X Y", "b"), ("", "b"), ("X:", "b")]
)
def test_no_second_line_is_smuggled_in(line: tuple[str, str]) -> None:
    with pytest.raises(httpx.LocalProtocolError, match="characters"):
        wire(httpx.Request("POST", URL), headers=[line])


@pytest.mark.parametrize("target", [b"/a b", b"/a\r\nX: y", b"/\x7f"])
def test_no_second_line_is_smuggled_into_the_target(target: bytes) -> None:
    with pytest.raises(httpx.LocalProtocolError, match="target"):
        wire(httpx.Request("POST", URL), target=target)


names = st.text(string.ascii_letters + "-", min_size=1, max_size=10).map(lambda name: f"X-{name}")
values = st.text(string.ascii_letters + ' ;="äé', max_size=20).map(str.strip)


@given(st.lists(st.tuples(names, values), max_size=5), st.binary(max_size=100))
def test_a_server_reads_what_was_built(lines: list[tuple[str, str]], body: bytes) -> None:
    request = httpx.Request(
        "POST", URL, content=body, headers=[(name.encode(), value.encode()) for name, value in lines]
    )
    server = h11.Connection(h11.SERVER)
    server.receive_data(wire(request))
    head = server.next_event()
    assert head.target == b"/orders?a=1"
    assert head.headers.raw_items() == [(name, value) for name, value in request.headers.raw]
    read = b""
    while isinstance(event := server.next_event(), h11.Data):
        read += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert read == body


@given(st.binary(max_size=50))
def test_what_is_withheld_is_never_nothing(body: bytes) -> None:
    message = wire(httpx.Request("POST", URL, content=body))
    for hold in Hold:
        ahead, held = split(message, hold)
        assert ahead + held == message
        assert held
    assert len(split(message, Hold.HEAD)[0]) == head_length(message) - 1
    assert len(split(message, Hold.TAIL)[1]) == 1
