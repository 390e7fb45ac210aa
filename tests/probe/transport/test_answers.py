"""What servers answer, well-formed or not: each becomes an answer, none an exception."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from itertools import combinations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from probe.transport.servers import Connection, answering, response, serving

from idemlint.probe.transport import BurstAnswer, GatedTransport, Hold, Stagger, burst
from idemlint.probe.transport.answers import overlapping
from idemlint.probe.transport.h1_answer import KEPT_BODY, Answer, Http1Reader


def ask(url: str, *, method: str = "POST", timeout: float = 10.0) -> BurstAnswer:
    async def go() -> BurstAnswer:
        async with httpx.AsyncClient(transport=GatedTransport(connect_timeout=5)) as user:
            request = user.build_request(method, url, content=b"x")
            return (await burst(user, [request], hold=Hold.TAIL, timeout=timeout)).answers[0]

    return asyncio.run(go())


def answer_to(data: bytes, **options: object) -> BurstAnswer:
    with serving(answering(data)) as server:
        return ask(server.url, **options)


def test_headers_keep_their_order_spelling_and_duplicates() -> None:
    answer = answer_to(response(b"{}", 200, "X-b: 1", "x-A: 2", "X-b: 3"))
    assert answer.headers == [("Content-Length", "2"), ("X-b", "1"), ("x-A", "2"), ("X-b", "3")]
    assert (answer.status, answer.body, answer.size, answer.error) == (200, b"{}", 2, None)
    assert answer.released < answer.first_byte <= answer.ended


def test_interim_statuses_are_seen() -> None:
    answer = answer_to(b"HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nLink: </a>\r\n\r\n" + response(b"", 204))
    assert (answer.interim, answer.status, answer.error) == ((102, 103), 204, None)


def test_interim_statuses_without_end_are_cut_off() -> None:
    answer = answer_to(b"HTTP/1.1 102 P\r\n\r\n" * 5000)
    assert answer.error == "protocol: interim responses without end"
    assert answer.status is None


def test_chunked_bodies_and_those_that_end_with_the_connection() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert answer_to(chunked).body == b"abcde"
    assert answer_to(b"HTTP/1.0 200 OK\r\n\r\nto the end").body == b"to the end"


def test_an_answer_to_head_has_no_body() -> None:
    answer = answer_to(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", method="HEAD")
    assert (answer.status, answer.body, answer.error) == (200, b"", None)


@pytest.mark.parametrize(("name", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_encoded_bodies_are_decoded(name: str, encode) -> None:
    answer = answer_to(response(encode(b"text " * 1000), 200, f"Content-Encoding: {name}"))
    assert (answer.body, answer.error) == (b"text " * 1000, None)
    assert answer.size < 200


def test_a_body_that_is_not_encoded_as_it_says_is_an_error() -> None:
    answer = answer_to(response(b"plain", 200, "Content-Encoding: gzip"))
    assert answer.status == 200
    assert answer.error.startswith("protocol: the body is not encoded")


def test_a_bomb_is_cut_off() -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    answer = answer_to(response(bomb, 200, "Content-Encoding: gzip"))
    assert len(answer.body) == KEPT_BODY
    assert (answer.size, answer.error) == (len(bomb), None)


def test_large_bodies_are_kept_up_to_the_limit_and_counted() -> None:
    assert answer_to(response(b"x" * (KEPT_BODY - 1))).body == b"x" * (KEPT_BODY - 1)
    answer = answer_to(response(b"x" * (KEPT_BODY + 5)))
    assert (len(answer.body), answer.size, answer.error) == (KEPT_BODY, KEPT_BODY + 5, None)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "protocol: "),
        (b"HTTP/1.1 two OK\r\n\r\n", "protocol: "),
        (b"HTTP/1.1 200 OK\r\nBroken Name: x\r\n\r\n", "protocol: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "protocol: "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "protocol: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "protocol: "),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "protocol: "),
        (b"", "reset: the server closed the connection without a response"),
    ],
    ids=["no-http", "bad-status", "bad-name", "two-lengths", "bad-chunk", "cut-off", "huge-head", "nothing"],
)
def test_what_is_no_answer_becomes_an_error(data: bytes, error: str) -> None:
    answer = answer_to(data)
    assert answer.error.startswith(error)
    assert len(answer.error) <= 200


def test_resets_timeouts_and_closed_doors_become_errors() -> None:
    def reset(connection: Connection) -> None:
        connection.request()
        connection.reset()

    def stall(connection: Connection) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.drain()

    with serving(reset) as server:
        assert ask(server.url).error.startswith("reset: ")
    with serving(stall) as server:
        answer = ask(server.url, timeout=0.3)
        assert (answer.status, answer.body, answer.error) == (200, b"half", "timeout: no answer in time")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert ask(f"http://127.0.0.1:{port}/").error.startswith("connect: ")
    assert ask("http://no-such-host.invalid/").error == "connect: the name 'no-such-host.invalid' cannot be resolved"


def test_one_broken_answer_leaves_the_others_whole() -> None:
    def by_body(connection: Connection) -> None:
        request = connection.request()
        connection.send({b"0": b"nonsense\r\n\r\n", b"1": b"", b"2": response(b"fine")}[request[1]])

    async def go() -> list[BurstAnswer]:
        async with httpx.AsyncClient(transport=GatedTransport()) as user:
            requests = [user.build_request("POST", server.url, content=b"%d" % place) for place in range(3)]
            return list((await burst(user, requests, hold=Hold.HEAD, timeout=10)).answers)

    with serving(by_body) as server:
        first, second, third = asyncio.run(go())
    assert first.error.startswith("protocol: ")
    assert second.error.startswith("reset: ")
    assert (third.status, third.body, third.error) == (201, b"fine", None)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_make_the_reader_raise(data: bytes, step: int) -> None:
    answer = Answer(0)
    reader = Http1Reader(answer, "POST")
    for place in range(0, len(data), step):
        reader.feed(data[place : place + step], float(place))
    reader.feed(b"", 999.0)
    assert answer.done
    assert answer.freeze().index == 0


@given(st.integers(1, 40), st.binary(max_size=200))
def test_an_answer_reads_the_same_however_it_is_cut(step: int, body: bytes) -> None:
    data = b"HTTP/1.1 103 E\r\n\r\n" + response(body, 409, "X-A: 1")
    answer = Answer(0)
    reader = Http1Reader(answer, "POST")
    for place in range(0, len(data), step):
        reader.feed(data[place : place + step], float(place + 1))
    assert (answer.status, answer.freeze().body, answer.interim, answer.first_byte) == (409, body, [103], 1.0)
    assert reader.reusable


intervals = st.tuples(st.floats(1, 10), st.one_of(st.none(), st.floats(0.5, 12)))


@given(st.lists(intervals, max_size=6))
def test_overlap_is_some_pair_of_intersecting_intervals(pairs: list[tuple[float, float | None]]) -> None:
    answers = tuple(BurstAnswer(place, released=start, first_byte=end) for place, (start, end) in enumerate(pairs))
    proper = [(start, end) for start, end in pairs if end is not None and end > start]
    expected = any(max(a[0], b[0]) < min(a[1], b[1]) for a, b in combinations(proper, 2))
    assert overlapping(answers) == expected


def test_staggers() -> None:
    assert [Stagger.none().of(place) for place in range(3)] == [0.0, 0.0, 0.0]
    assert [Stagger.at(0.0, 0.1).of(place) for place in range(3)] == [0.0, 0.1, 0.0]
    assert Stagger.uniform(1.0, 5).offsets == (0.0, 0.25, 0.5, 0.75, 1.0)
    sweep = Stagger.sweep(0.1, 6, leaders=1)
    assert sweep.offsets == pytest.approx((0.0, 0.085, 0.09, 0.095, 0.1, 0.105))
    assert Stagger.sweep(0.1, 1).offsets == (0.0,)
    with pytest.raises(ValueError, match="offset"):
        Stagger.at(-1.0)
