"""Requests that nobody sends by accident: the server answers or hangs up, and goes on serving."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from served import Served, served

from idemlint.mock import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[1] / "benchmarks" / "payments.yaml"
BODY = b'{"amount": 100, "currency": "EUR"}'
KEY = b"8e03978e-40d5-43e8-bc93-6894a57f9324"
UNTOUCHED = re.compile(rb"Traceback|File \"|\.py\b|Error:")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(DOCUMENT) as running:
        yield running
        assert running.process.poll() is None
        assert "bug in idemlint" not in running.errors
        assert "Traceback" not in running.errors


@pytest.fixture(autouse=True)
def _still_serves(server: Served) -> Iterator[None]:
    yield
    answer = httpx.get(server.url + "/payments", timeout=10)
    assert answer.status_code == 200


def connect(server: Served) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=15)


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        parts.append(b"")
    return b"".join(parts)


def send(server: Served, raw: bytes) -> bytes:
    with connect(server) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(raw)
        return everything(connection)


def status(answer: bytes) -> int:
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert match, answer[:200]
    return int(match[1])


def request(*fields: bytes, body: bytes = BODY, line: bytes = b"POST /payments HTTP/1.1") -> bytes:
    head = [line, b"Host: mock", b"Content-Type: application/json", b"Connection: close", *fields]
    return b"\r\n".join([*head, b"Content-Length: %d" % len(body), b"", b""]) + body


def effects(server: Served) -> int:
    total = httpx.get(server.url + "/_idemlint/effects").json()["total"]
    assert isinstance(total, int)
    return total


MALFORMED = {
    "no http": b"hello\r\n\r\n",
    "tls to a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "nul in the method": b"PO\x00ST /payments HTTP/1.1\r\nHost: mock\r\n\r\n",
    "nul in a value": request(b"X: a\x00b"),
    "nul in a name": request(b"X\x00Y: a"),
    "no colon": request(b"just text"),
    "space before the colon": request(b"X : a"),
    "bare line feeds": b"POST /payments HTTP/1.1\nHost: mock\nContent-Length : 0\n\n",
    "http 9": b"GET /payments HTTP/9.9\r\nHost: mock\r\n\r\n",
    "unknown method": b"FETCHIT /payments HTTP/1.1\r\nHost: mock\r\n\r\n",
    "a negative length": b"POST /payments HTTP/1.1\r\nHost: mock\r\nContent-Length: -5\r\n\r\n",
    "a length of words": b"POST /payments HTTP/1.1\r\nHost: mock\r\nContent-Length: five\r\n\r\n",
    "a length beyond counting": b"POST /payments HTTP/1.1\r\nHost: mock\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n",
    "two lengths": b"POST /payments HTTP/1.1\r\nHost: mock\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "length and chunks": b"POST /payments HTTP/1.1\r\nHost: mock\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: mock\r\n\r\n",
    "chunks and length": b"POST /payments HTTP/1.1\r\nHost: mock\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
    b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: mock\r\n\r\n",
    "chunked not last": b"POST /payments HTTP/1.1\r\nHost: mock\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a chunk of letters": b"POST /payments HTTP/1.1\r\nHost: mock\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    "a folded field": b"POST /payments HTTP/1.1\r\nHost: mock\r\nX: a\r\n b\r\nContent-Length : 0\r\n\r\n",
    "no host": b"GET /payments HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /payments HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "connect": b"CONNECT mock:443 HTTP/1.1\r\nHost: mock\r\n\r\n",
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
def test_malformed_messages_get_400_and_the_end_of_the_connection(server: Served, raw: bytes) -> None:
    before = effects(server)
    answer = send(server, raw)
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert json.loads(body)["status"] == 400
    assert not UNTOUCHED.search(body)
    assert effects(server) == before


@pytest.mark.parametrize(
    "fields",
    [
        [b"X-Long: " + b"a" * (limits.HEAD_BYTES + 1)],
        [b"Idempotency-Key: " + b"k" * 1024 * 1024],
        [b"X-%d: a" % number for number in range(limits.HEAD_FIELDS + 1)],
        [b"X: a"] * 100_000,
        [b"N" * 200_000 + b": a"],
    ],
    ids=["one long field", "a key of a mebibyte", "many fields", "very many fields", "a long name"],
)
def test_heads_beyond_the_limits_get_431(server: Served, fields: list[bytes]) -> None:
    before = effects(server)
    answer = send(server, request(*fields))
    assert status(answer) == 431
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["title"] == "Request Header Fields Too Large"
    assert effects(server) == before


def test_a_long_request_line_gets_431(server: Served) -> None:
    answer = send(server, request(line=b"POST /payments?" + b"q" * 200_000 + b" HTTP/1.1"))
    assert status(answer) == 431


def test_a_head_just_below_the_limits_is_served(server: Served) -> None:
    fields = [b"X-%d: a" % number for number in range(limits.HEAD_FIELDS - 10)]
    answer = send(server, request(b"Idempotency-Key: " + KEY, b"X-Long: " + b"a" * 50_000, *fields))
    assert status(answer) == 201


def test_a_large_body_is_refused_before_it_is_sent(server: Served) -> None:
    size = 100 * 1024 * 1024
    with connect(server) as connection:
        connection.sendall(request(b"Idempotency-Key: " + KEY).replace(b"Length: %d" % len(BODY), b"Length: %d" % size))
        started = time.monotonic()
        answer = everything(connection)
        assert time.monotonic() - started < 5
    assert status(answer) == 413


def test_a_large_body_that_comes_all_the_same_takes_no_memory_and_its_sender_reads_413(server: Served) -> None:
    chunk = b"x" * (1024 * 1024)
    before = rss(server.process.pid)
    for framing in (b"Content-Length: %d" % (100 * len(chunk)), b"Transfer-Encoding: chunked"):
        with connect(server) as connection:
            connection.sendall(
                b"POST /payments HTTP/1.1\r\nHost: mock\r\nContent-Type: application/json\r\n" + framing + b"\r\n\r\n"
            )
            sent = 0
            try:
                for _ in range(100):
                    piece = b"%x\r\n%s\r\n" % (len(chunk), chunk) if b"chunked" in framing else chunk
                    connection.sendall(piece)
                    sent += 1
            except (BrokenPipeError, ConnectionResetError, TimeoutError):
                assert sent < 100
            assert status(everything(connection)) == 413
    assert rss(server.process.pid) - before < 64 * 1024 * 1024


def rss(pid: int) -> int:
    """Resident bytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"amount": ' + b"9" * 10_000 + b', "currency": "EUR"}',
        b'{"amount": 1e999999, "currency": "EUR"}',
        b'{"amount": 1, "currency": "\xff\xfe"}',
        b'{"amount": 1, "currency": "\\ud800"}',
        b'{"amount": 1, "amount": 2, "currency": "EUR"',
        b"\x00" * 1000,
        b"",
        b"NaN",
        b'{"amount": NaN, "currency": "EUR"}',
    ],
    ids=[
        "arrays",
        "objects",
        "digits",
        "exponent",
        "no utf-8",
        "surrogate",
        "cut off",
        "nul",
        "empty",
        "nan",
        "nan in",
    ],
)
def test_hostile_bodies_are_refused_as_what_they_are(server: Served, body: bytes) -> None:
    before = effects(server)
    answer = send(server, request(b"Idempotency-Key: " + KEY, body=body))
    assert status(answer) in (400, 422)
    assert not UNTOUCHED.search(answer.partition(b"\r\n\r\n")[2])
    assert effects(server) == before


@pytest.mark.parametrize(
    "key",
    [
        b"\xff\xfe\xfd",
        b"caf\xc3\xa9",
        b'"unclosed',
        b"\x1b[31mred",
        b"a" * 60_000,
        b"",
        b"   ",
        b"; DROP TABLE records;--",
        b"../../etc/passwd",
        b"${jndi:ldap://x}",
    ],
    ids=lambda key: repr(key[:20]),
)
def test_hostile_keys_get_an_answer_and_no_effect(server: Served, key: bytes) -> None:
    before = effects(server)
    answer = send(server, request(b"Idempotency-Key: " + key))
    assert status(answer) == 400
    assert b"\x1b" not in answer
    assert effects(server) == before


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"GET /payments/%00 HTTP/1.1", 404),
        (b"GET /payments/%ff%fe HTTP/1.1", 404),
        (b"GET /payments/..%2f..%2fetc%2fpasswd HTTP/1.1", 404),
        (b"GET /" + b"a/" * 20_000 + b" HTTP/1.1", 404),
        (b"GET /payments/" + b"%41" * 15_000 + b" HTTP/1.1", 404),
        (b"GET /payments?" + b"a=b&" * 10_000 + b" HTTP/1.1", 200),
        (b"GET /payments?%zz=%%%&&&=&=;= HTTP/1.1", 200),
        (b"GET //payments HTTP/1.1", 404),
        (b"GET http://elsewhere/payments HTTP/1.1", 200),
        (b"DELETE /payments HTTP/1.1", 405),
        (b"TRACE /payments HTTP/1.1", 405),
        (b"OPTIONS * HTTP/1.1", 404),
    ],
    ids=lambda value: value[:40].decode() if isinstance(value, bytes) else "",
)
def test_strange_request_lines(server: Served, line: bytes, expected: int) -> None:
    answer = send(server, request(line=line, body=b""))
    assert status(answer) == expected
    assert not UNTOUCHED.search(answer.partition(b"\r\n\r\n")[2])


def test_a_body_that_is_cut_off_leaves_no_trace(server: Served) -> None:
    before = effects(server)
    key = b"0b1c9f6a-95a1-4d8c-8c0b-53a9b7f3f001"
    whole = request(b"Idempotency-Key: " + key)
    for cut in (1, 20, len(BODY)):
        with connect(server) as connection:
            connection.sendall(whole[:-cut])
    time.sleep(0.3)
    assert effects(server) == before
    assert status(send(server, whole)) == 201  # and the key is as free as it was
    assert effects(server) == before + 1


def test_pipelined_requests_are_answered_in_order(server: Served) -> None:
    one = request(b"Idempotency-Key: " + KEY, line=b"GET /payments HTTP/1.1", body=b"").replace(
        b"Connection: close\r\n", b""
    )
    other = request(line=b"GET /nowhere HTTP/1.1", body=b"")
    answer = send(server, one * 20 + other)
    assert re.findall(rb"HTTP/1\.1 (\d{3})", answer) == [b"200"] * 20 + [b"404"]


def test_an_upgrade_that_is_not_had_is_answered_as_a_plain_request(server: Served) -> None:
    for upgrade in (b"websocket", b"h2c"):
        fields = (b"Idempotency-Key: " + KEY, b"Upgrade: " + upgrade, b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
        raw = request(*fields).replace(b"Connection: close", b"Connection: Upgrade, HTTP2-Settings, close")
        answer = send(server, raw)
        assert status(answer) == 201
        assert answer.count(b"HTTP/1.1 ") == 1


def test_a_key_in_a_trailer_is_no_key(server: Served) -> None:
    head = b"POST /payments HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Type: application/json\r\n"
    chunk = b"%x\r\n%s\r\n" % (len(BODY), BODY)
    trailed = b"Transfer-Encoding: chunked\r\nTrailer: Idempotency-Key\r\n\r\n" + chunk + b"0\r\n"
    answer = send(server, head + trailed + b"Idempotency-Key: " + KEY + b"\r\n\r\n")
    assert status(answer) == 400
    assert b"Idempotency-Key" in answer


@pytest.mark.parametrize("flood", [b"0\r\nX: " + b"a" * 400_000, b"1;" + b"e" * 400_000], ids=["trailer", "extension"])
def test_what_surrounds_a_chunked_body_is_bounded(server: Served, flood: bytes) -> None:
    answer = send(server, b"POST /payments HTTP/1.1\r\nHost: mock\r\nTransfer-Encoding: chunked\r\n\r\n" + flood)
    assert status(answer) == 431


def test_many_small_chunks_are_one_body(server: Served) -> None:
    body = json.dumps({"amount": 1, "currency": "EUR", "reference": "a" * 100}).encode() + b" " * 20_000
    chunks = b"".join(b"1;x=y\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = b"POST /payments HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Type: application/json\r\n"
    answer = send(server, head + b"Idempotency-Key: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % KEY + chunks)
    assert status(answer) in (201, 422)  # the key may have been used with the other body above


def test_other_transfer_codings_get_501(server: Served) -> None:
    raw = b"POST /payments HTTP/1.1\r\nHost: mock\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    assert status(send(server, raw)) == 501


def test_a_flood_of_upgrades_is_refused(server: Served) -> None:
    one = b"GET /payments HTTP/1.1\r\nHost: m\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    answer = send(server, one * 3000)
    assert answer.count(b"HTTP/1.1 ") < 3000


def test_pipelined_requests_of_a_client_that_sends_no_more_are_all_answered(server: Served) -> None:
    one = b"GET /payments HTTP/1.1\r\nHost: mock\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(one * 5)
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection).count(b"HTTP/1.1 200 ") == 5


def test_expect_continue(server: Served) -> None:
    with connect(server) as connection:
        raw = request(b"Idempotency-Key: " + KEY, b"Expect: 100-continue")
        connection.sendall(raw.removesuffix(BODY))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(BODY)
        assert status(everything(connection)) == 201


def test_http_1_0_is_served_and_closed(server: Served) -> None:
    answer = send(server, b"GET /payments HTTP/1.0\r\n\r\n")
    assert status(answer) == 200
    assert b"transfer-encoding" not in answer.lower()


def test_many_connections_that_say_nothing_do_not_keep_others_out(server: Served) -> None:
    idle = [connect(server) for _ in range(300)]
    try:
        assert httpx.get(server.url + "/payments", timeout=5).status_code == 200
    finally:
        for connection in idle:
            connection.close()
