"""Requests that are cut off, abandoned, or spelled byte for byte: what the server sees of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from probe.transport.servers import Connection, answering, client_context, echo, response, server_context, serving

from idemlint.probe.transport import BurstAnswer, GatedTransport, send_and_abort, send_partial, send_raw

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
BODY = b"0123456789"


def run(go: Callable[[httpx.AsyncClient], Awaitable[BurstAnswer]], *, tls: bool = False) -> BurstAnswer:
    async def whole() -> BurstAnswer:
        transport = GatedTransport(verify=client_context() if tls else True, http2=tls)
        async with httpx.AsyncClient(transport=transport, auth=("u", "p")) as user:
            return await go(user)

    return asyncio.run(whole())


def context(tls: bool):
    return server_context(protocols=("h2", "http/1.1")) if tls else None


def drain(connection: Connection) -> None:
    connection.drain()


@PLAIN_AND_TLS
def test_raw_bytes_arrive_as_they_are(tls: bool) -> None:
    pieces = [
        b"POST /x HTTP/1.1\r\nhost: h\r\nIdempotency-Key:\r\nidempotency-KEY: a\r\n",
        b"Content-Length: 2\r\n\r\n",
        b"{}",
    ]
    with serving(echo, context(tls)) as server:
        answer = run(lambda user: send_raw(user, server.url, pieces), tls=tls)
        assert server.connections[0].received == b"".join(pieces)
    assert (answer.status, answer.body, answer.error) == (201, b"{}", None)


def test_http_1_0_and_broken_requests_can_be_sent() -> None:
    with serving(answering(b"HTTP/1.0 200 OK\r\n\r\nbye")) as server:
        answer = run(lambda user: send_raw(user, server.url, [b"GET / HTTP/1.0\r\nX: a\rb\r\n\r\n"], method="GET"))
        assert server.connections[0].received == b"GET / HTTP/1.0\r\nX: a\rb\r\n\r\n"
    assert (answer.status, answer.body) == (200, b"bye")


def test_the_body_waits_for_100_continue() -> None:
    def patient(connection: Connection) -> None:
        while b"\r\n\r\n" not in connection.received:
            connection.read()
        assert not connection.received.endswith(b"{}")
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = connection.request()
        connection.send(response(request[1]))

    head = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with serving(patient) as server:
        answer = run(lambda user: send_raw(user, server.url, [head, b"{}"], await_continue=True))
    assert (answer.status, answer.body, answer.interim) == (201, b"{}", (100,))


def test_the_body_is_kept_back_after_a_final_answer_and_sent_after_none() -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"

    def refuse(connection: Connection) -> None:
        while b"\r\n\r\n" not in connection.received:
            connection.read()
        connection.send(response(b"", 417))
        connection.drain()

    with serving(refuse) as server:
        answer = run(lambda user: send_raw(user, server.url, [head, b"{}"], await_continue=True))
        server.wait_for(lambda: server.connections[0].ended is not None)
        assert server.connections[0].received == head
    assert answer.status == 417
    with serving(echo) as server:
        answer = run(lambda user: send_raw(user, server.url, [head, b"{}"], await_continue=True))
    assert (answer.status, answer.body, answer.interim) == (201, b"{}", ())


def test_raw_without_an_answer_is_an_error() -> None:
    with serving(drain) as server:
        answer = run(lambda user: send_raw(user, server.url, [b"POST / HTTP/1.1\r\n"], timeout=0.2))
    assert (answer.status, answer.error) == (None, "timeout: no answer in time")


@PLAIN_AND_TLS
@pytest.mark.parametrize(("then", "ended"), [("close", "eof"), ("rst", "reset")])
def test_half_a_body_and_then_nothing(tls: bool, then: str, ended: str) -> None:
    def go(user: httpx.AsyncClient) -> Awaitable[BurstAnswer]:
        return send_partial(user, user.build_request("POST", server.url, content=BODY), upto=0.5, then=then, linger=0.3)

    with serving(drain, context(tls)) as server:
        answer = run(go, tls=tls)
        server.wait_for(lambda: server.connections[0].ended is not None)
        seen = server.connections[0]
    assert seen.received.endswith(b"\r\n\r\n01234")
    assert b"Content-Length: 10" in seen.received
    assert b"Authorization: Basic" in seen.received
    assert seen.ended == ended or tls  # within TLS the difference does not show at this height
    assert (answer.status, answer.error) == (None, "aborted: the request was cut off")
    assert answer.released > 0


def test_a_number_of_bytes_and_a_server_that_does_not_wait_for_the_rest() -> None:
    def eager(connection: Connection) -> None:
        connection.read()
        connection.send(response(b"", 400))
        connection.drain()

    def go(user: httpx.AsyncClient) -> Awaitable[BurstAnswer]:
        return send_partial(user, user.build_request("POST", server.url, content=BODY), upto=7, linger=5)

    with serving(eager) as server:
        answer = run(go)
        assert server.connections[0].received == b"POST /o"
    assert answer.status == 400


@PLAIN_AND_TLS
@pytest.mark.parametrize(("rst", "ended"), [(False, "eof"), (True, "reset")])
def test_a_client_that_leaves_before_the_answer(tls: bool, rst: bool, ended: str) -> None:
    def slow(connection: Connection) -> None:
        connection.request()
        connection.drain()

    def go(user: httpx.AsyncClient) -> Awaitable[BurstAnswer]:
        return send_and_abort(user, user.build_request("POST", server.url, content=BODY), after=0.2, rst=rst)

    with serving(slow, context(tls)) as server:
        answer = run(go, tls=tls)
        server.wait_for(lambda: server.connections[0].ended is not None)
        assert [body for _, _, body in server.whole] == [BODY]
        assert server.connections[0].ended == ended or tls
    assert (answer.status, answer.first_byte) == (None, None)
    assert answer.error == "aborted: closed before the response was read"
    assert answer.ended - answer.released >= 0.2


@PLAIN_AND_TLS
def test_a_client_that_reads_the_status_line_and_resets(tls: bool) -> None:
    def endless(connection: Connection) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 103 E\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n")
        connection.drain()

    def go(user: httpx.AsyncClient) -> Awaitable[BurstAnswer]:
        return send_and_abort(user, user.build_request("POST", server.url, content=BODY), after=None)

    with serving(endless, context(tls)) as server:
        answer = run(go, tls=tls)
        server.wait_for(lambda: server.connections[0].ended is not None)
        assert server.connections[0].ended == "reset" or tls
    assert (answer.status, answer.body) == (201, b"")


def test_an_answer_that_came_before_the_abort_is_told() -> None:
    def go(user: httpx.AsyncClient) -> Awaitable[BurstAnswer]:
        return send_and_abort(user, user.build_request("POST", server.url, content=BODY), after=0.5)

    with serving(echo) as server:
        assert run(go).status == 201


def test_a_server_that_is_away_is_an_error() -> None:
    with serving(echo) as server:
        url = server.url
    answer = run(lambda user: send_partial(user, user.build_request("POST", url, content=BODY), upto=0.5))
    assert answer.error.startswith("connect: ")
