"""The burst over HTTP/1.1: what is withheld, what is released, and that both are what httpx would have sent."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import httpx
import pytest
from probe.transport.servers import Connection, Server, client_context, echo, response, server_context, serving

from idemlint.probe.transport import BurstResult, GatedTransport, Hold, Stagger, burst
from idemlint.probe.transport import pool as pools
from idemlint.probe.transport import replay as replays
from idemlint.probe.transport.release import fire

PLAIN_AND_TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


def client(tls: bool = False, **options: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=GatedTransport(verify=client_context() if tls else True), **options)


def orders(user: httpx.AsyncClient, server: Server, count: int) -> list[httpx.Request]:
    return [
        user.build_request("POST", server.url, content=b"body-%d" % place, headers={"Idempotency-Key": "k"})
        for place in range(count)
    ]


async def one_burst(server: Server, count: int, *, tls: bool = False, **options: object) -> BurstResult:
    async with client(tls) as user:
        return await burst(user, orders(user, server, count), **{"hold": Hold.TAIL, "timeout": 10.0, **options})


@PLAIN_AND_TLS
@pytest.mark.parametrize("hold", list(Hold))
def test_nothing_is_whole_before_the_release_and_all_is_after_it(
    hold: Hold, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_ahead = {Hold.HEAD: b"Content-Length: 6\r\n\r", Hold.TAIL: b"\r\n\r\nbody-"}[hold]
    ahead: list[bytes] = []

    def fire_when_all_is_there(releases, readers, *, block):
        server.wait_for(lambda: [c.received.endswith(last_ahead) for c in server.connections] == [True] * 5)
        assert not server.whole
        ahead.extend(connection.received for connection in server.connections)
        fire(releases, readers, block=block)

    monkeypatch.setattr(replays, "fire", fire_when_all_is_there)
    with serving(echo, server_context() if tls else None) as server:
        result = asyncio.run(one_burst(server, 5, tls=tls, hold=hold))
    assert len(ahead) == 5
    assert [answer.body for answer in result.answers] == [b"body-%d" % place for place in range(5)]
    assert [answer.status for answer in result.answers] == [201] * 5
    assert sorted(body for _, _, body in server.whole) == [b"body-%d" % place for place in range(5)]
    assert result.hold is hold
    assert result.protocol == "HTTP/1.1"
    assert 0 < result.spread < 1


@pytest.mark.parametrize("hold", list(Hold))
def test_without_a_body_the_last_byte_of_the_head_is_withheld(hold: Hold, monkeypatch: pytest.MonkeyPatch) -> None:
    def fire_when_all_is_there(releases, readers, *, block):
        server.wait_for(lambda: [c.received.endswith(b"\r\n\r") for c in server.connections] == [True] * 3)
        assert [release.data for release in releases] == [b"\n"] * 3
        fire(releases, readers, block=block)

    async def go() -> BurstResult:
        async with client() as user:
            requests = [user.build_request("DELETE", server.url) for _ in range(3)]
            return await burst(user, requests, hold=hold, timeout=10)

    monkeypatch.setattr(replays, "fire", fire_when_all_is_there)
    with serving(echo) as server:
        assert [answer.status for answer in asyncio.run(go()).answers] == [201] * 3


def test_the_bytes_are_those_that_httpx_sends() -> None:
    async def go() -> None:
        async with client(auth=("user", "secret"), cookies={"a": "b"}, headers={"X-Odd-CASE": "1"}) as user:

            def built() -> list[httpx.Request]:
                return [
                    user.build_request("POST", f"{server.url}?q=ä b", json={"a": "ü"}),
                    user.build_request("PUT", server.url, data={"x": "1"}, headers=[("X-Two", "1"), ("X-Two", "2")]),
                    user.build_request(
                        "POST",
                        server.url,
                        files={"f": ("n", b"data", "text/plain")},
                        headers={"Content-Type": "multipart/form-data; boundary=xyz"},
                    ),
                    user.build_request("PATCH", server.url, headers={"X-Empty": ""}),
                ]

            for request in built():
                await user.send(request)
            for request in built():
                await burst(user, [request], hold=Hold.HEAD, timeout=10)

    with serving(echo) as server:
        asyncio.run(go())
    sent = [(head, body) for _, head, body in server.whole]
    assert len(sent) == 8
    assert sent[:4] == sent[4:]
    assert b"Authorization: Basic" in sent[4][0]


def test_connections_stay_warm_and_are_dialled_anew_when_worn() -> None:
    async def go() -> list[int]:
        async with client() as user:
            results = [
                await burst(user, orders(user, server, 4), hold=Hold.TAIL, timeout=10) for _ in range(pools.WORN + 1)
            ]
        return [result.redialled for result in results]

    with serving(echo) as server:
        assert asyncio.run(go()) == [0] * pools.WORN + [4]
        assert len(server.connections) == 8


def test_connections_that_were_idle_for_long_are_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> list[int]:
        async with client() as user:
            results = [await burst(user, orders(user, server, 2), hold=Hold.TAIL, timeout=10) for _ in range(2)]
            monkeypatch.setattr(pools, "_IDLE", 0.0)
            results.append(await burst(user, orders(user, server, 2), hold=Hold.TAIL, timeout=10))
        return [result.redialled for result in results]

    with serving(echo) as server:
        assert asyncio.run(go()) == [0, 0, 2]


def test_connections_that_the_server_closed_are_dialled_anew() -> None:
    def once(connection: Connection) -> None:
        request = connection.request()
        connection.send(response(request[1]))

    async def go() -> list[BurstResult]:
        results = []
        async with client() as user:
            for _ in range(2):
                results.append(await burst(user, orders(user, server, 3), hold=Hold.TAIL, timeout=10))
                await asyncio.sleep(0.2)
        return results

    with serving(once) as server:
        first, second = asyncio.run(go())
    assert [answer.status for answer in (*first.answers, *second.answers)] == [201] * 6
    assert (first.redialled, second.redialled) == (0, 3)


def test_a_connection_lost_before_the_release_costs_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "_SETTLE_FRESH", 0.3)

    def first_one_hangs_up(connection: Connection) -> None:
        if connection is server.connections[0]:
            connection.read()
            return
        echo(connection)

    with serving(first_one_hangs_up) as server:
        result = asyncio.run(one_burst(server, 3))
    assert [answer.body for answer in result.answers] == [b"body-0", b"body-1", b"body-2"]
    assert result.redialled == 1
    assert len(server.whole) == 3


def test_requests_under_way_together_overlap() -> None:
    both = threading.Barrier(2)

    def together(connection: Connection) -> None:
        request = connection.request()
        both.wait(10)
        connection.send(response(request[1]))

    with serving(together) as server:
        assert asyncio.run(one_burst(server, 2)).overlap


def test_a_request_released_after_the_first_answer_does_not_overlap() -> None:
    with serving(echo) as server:
        result = asyncio.run(one_burst(server, 2, stagger=Stagger.at(0.0, 0.5)))
    first, second = result.answers
    assert second.released - first.released >= 0.5
    assert first.first_byte < second.released
    assert not result.overlap
    assert result.spread == pytest.approx(second.released - first.released)


def test_staggered_requests_are_released_in_the_order_of_their_offsets() -> None:
    with serving(echo) as server:
        result = asyncio.run(one_burst(server, 3, stagger=Stagger.at(0.2, 0.0, 0.1), hold=Hold.HEAD))
    assert [body for _, _, body in server.whole] == [b"body-1", b"body-2", b"body-0"]
    assert [answer.index for answer in result.answers] == [0, 1, 2]


def test_an_answer_before_the_release_is_no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "_SETTLE_FRESH", 0.3)

    def refuse_by_the_head(connection: Connection) -> None:
        while b"\r\n\r\n" not in connection.received:
            connection.read()
        connection.send(response(b"no", 417))
        connection.drain()

    with serving(refuse_by_the_head) as server:
        result = asyncio.run(one_burst(server, 3))
    assert [(answer.status, answer.body, answer.error) for answer in result.answers] == [(417, b"no", None)] * 3
    assert all(answer.first_byte < answer.released for answer in result.answers)
    assert not result.overlap


def test_requests_with_several_keys_and_servers_go_in_one_burst() -> None:
    async def go(first: Server, second: Server) -> BurstResult:
        async with client() as user:
            requests = [*orders(user, first, 2), *orders(user, second, 3)]
            return await burst(user, requests, hold=Hold.HEAD, timeout=10)

    with serving(echo) as first, serving(echo) as second:
        result = asyncio.run(go(first, second))
        assert [answer.status for answer in result.answers] == [201] * 5
        assert (len(first.whole), len(second.whole)) == (2, 3)


def test_a_body_that_the_system_takes_in_pieces_arrives_whole() -> None:
    big = b"x" * 8_000_000

    async def go() -> BurstResult:
        async with client() as user:
            requests = [user.build_request("POST", server.url, content=big) for _ in range(2)]
            return await burst(user, requests, hold=Hold.HEAD, timeout=30)

    def measure(connection: Connection) -> None:
        time.sleep(0.2)
        request = connection.request()
        connection.send(response(b"%d" % len(request[1])))

    with serving(measure) as server:
        result = asyncio.run(go())
    assert [answer.body for answer in result.answers] == [b"8000000"] * 2
    assert all(answer.released > 0 for answer in result.answers)


def test_an_answer_that_comes_before_the_body_is_through_is_kept() -> None:
    def refuse(connection: Connection) -> None:
        while b"\r\n\r\n" not in connection.received:
            connection.read()
        connection.send(response(b"too large", 413, "Connection: close"))
        connection.sock.shutdown(socket.SHUT_WR)
        connection.drain()

    async def go() -> BurstResult:
        async with client() as user:
            requests = [user.build_request("POST", server.url, content=bytes(4_000_000)) for _ in range(2)]
            return await burst(user, requests, hold=Hold.TAIL, timeout=10)

    with serving(refuse) as server:
        result = asyncio.run(go())
        assert len(server.connections) == 2
    assert [(answer.status, answer.body) for answer in result.answers] == [(413, b"too large")] * 2
    assert not result.overlap


def test_digest_auth_answers_its_challenge_with_a_burst_of_its_own() -> None:
    def challenge(connection: Connection) -> None:
        while (request := connection.request()) is not None:
            if b"Authorization: Digest" in request[0]:
                connection.send(response(request[1]))
            else:
                connection.send(response(b"", 401, 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'))

    async def go() -> BurstResult:
        async with client(auth=httpx.DigestAuth("user", "secret")) as user:
            return await burst(user, orders(user, server, 3), hold=Hold.TAIL, timeout=10)

    with serving(challenge) as server:
        result = asyncio.run(go())
    assert [(answer.status, answer.body) for answer in result.answers] == [(201, b"body-%d" % n) for n in range(3)]
    assert len(server.whole) == 6


def test_auth_that_fetches_a_token_first_and_auth_that_fails() -> None:
    class Token(httpx.Auth):
        requires_response_body = True

        def auth_flow(self, request):
            if b"body-1" in request.content:
                raise httpx.ReadTimeout("the token server is asleep")
            token = yield httpx.Request("GET", f"{server.url}/token")
            request.headers["Authorization"] = f"Bearer {token.text or 't'}"
            yield request

    async def go() -> BurstResult:
        async with client(auth=Token()) as user:
            return await burst(user, orders(user, server, 3), hold=Hold.TAIL, timeout=10)

    with serving(echo) as server:
        result = asyncio.run(go())
    assert [answer.status for answer in result.answers] == [201, None, 201]
    assert result.answers[1].error == "request: the token server is asleep"
    assert sum(b"Authorization: Bearer t" in head for _, head, _ in server.whole) == 2


def test_the_transport_alone_will_do_and_usual_requests_pass() -> None:
    async def go() -> tuple[BurstResult, httpx.Response]:
        async with GatedTransport() as transport:
            requests = [httpx.Request("POST", server.url, content=b"x") for _ in range(2)]
            result = await burst(transport, requests, hold=Hold.TAIL, timeout=10)
            async with httpx.AsyncClient(transport=transport) as user:
                return result, await user.post(server.url, content=b"usual")

    with serving(echo) as server:
        result, usual = asyncio.run(go())
    assert [answer.body for answer in result.answers] == [b"x", b"x"]
    assert usual.content == b"usual"


def test_a_client_on_another_transport_is_refused() -> None:
    async def go() -> None:
        async with httpx.AsyncClient() as user:
            await burst(user, orders(user, server, 2), hold=Hold.TAIL, timeout=10)

    with serving(echo) as server, pytest.raises(TypeError, match="GatedTransport"):
        asyncio.run(go())


def test_a_cancelled_burst_lets_go_at_once() -> None:
    async def go() -> float:
        async with client() as user:
            task = asyncio.create_task(burst(user, orders(user, server, 3), hold=Hold.TAIL, timeout=60))
            await asyncio.to_thread(server.wait_for, lambda: len(server.whole) == 3)
            started = time.perf_counter()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return time.perf_counter() - started

    def silent(connection: Connection) -> None:
        connection.request()
        connection.drain()

    with serving(silent) as server:
        assert asyncio.run(go()) < 5
        server.wait_for(lambda: all(connection.ended for connection in server.connections))


def test_nothing_secret_shows_in_a_repr() -> None:
    def with_cookie(connection: Connection) -> None:
        connection.request()
        connection.send(response(b"hidden-body", 200, "Set-Cookie: hidden-cookie"))

    async def go() -> str:
        transport = GatedTransport(proxy=None)
        async with httpx.AsyncClient(transport=transport, auth=("u", "hidden-password")) as user:
            result = await burst(user, orders(user, server, 1), hold=Hold.TAIL, timeout=10)
            assert result.answers[0].body == b"hidden-body"
            return repr((result, transport, transport.lanes, vars(transport)))

    with serving(with_cookie) as server:
        assert "hidden" not in asyncio.run(go())
