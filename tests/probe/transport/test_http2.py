"""The burst over HTTP/2: a real server, and scripted ones for what a real one seldom does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import httpx
import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypothesis import given
from hypothesis import strategies as st
from probe.transport.servers import (
    Connection,
    Server,
    authority,
    client_context,
    echo,
    server_context,
    serving,
)

from idemlint.probe.transport import BurstResult, GatedTransport, Hold, Stagger, burst
from idemlint.probe.transport import replay as replays
from idemlint.probe.transport.h1_answer import Answer
from idemlint.probe.transport.h2_session import Http2Session
from idemlint.probe.transport.release import fire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BOTH = pytest.mark.parametrize("hold", list(Hold))


def run(
    url: str,
    *,
    count: int = 3,
    bursts: int = 1,
    body: bytes = b"body-",
    hold: Hold = Hold.TAIL,
    extensions: dict[int, dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    stagger: Stagger | None = None,
    timeout: float = 10.0,
    **options: object,
) -> BurstResult:
    async def go() -> BurstResult:
        async with httpx.AsyncClient(
            transport=GatedTransport(**{"http2": True, "verify": client_context(), **options})
        ) as user:
            for _ in range(bursts):
                requests = [
                    user.build_request(
                        "POST",
                        url,
                        content=body and body + b"%d" % place,
                        headers=headers,
                        extensions=(extensions or {}).get(place),
                    )
                    for place in range(count)
                ]
                result = await burst(user, requests, hold=hold, stagger=stagger, timeout=timeout)
            return result

    return asyncio.run(go())


async def mirror(scope, receive, send) -> None:
    """201 with the body that came, `x-version`, and as many bytes more as `x-more` says."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    more = int(dict(scope["headers"]).get(b"x-more", b"0"))
    headers = [(b"x-version", scope["http_version"].encode())]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body + b"x" * more})


@pytest.fixture(scope="module")
def hypercorn_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = str(tmp_path_factory.mktemp("tls") / "server.pem")
    authority().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = listener.getsockname()[1]
    config = Config()
    config.bind, config.certfile, config.keyfile, config.loglevel = [f"fd://{listener.detach()}"], path, path, "ERROR"
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(mirror, config, shutdown_trigger=stop.wait),))
    thread.start()
    yield f"https://127.0.0.1:{port}/orders"
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)
    loop.close()


@BOTH
def test_a_burst_is_one_record_on_one_connection(
    hold: Hold, hypercorn_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    records: list[bytes] = []

    def note(releases, readers, *, block):
        records.extend(release.data for release in releases)
        fire(releases, readers, block=block)

    monkeypatch.setattr(replays, "fire", note)
    result = run(hypercorn_url, count=10, hold=hold)
    assert [answer.body for answer in result.answers] == [b"body-%d" % place for place in range(10)]
    assert {dict(answer.headers)["x-version"] for answer in result.answers} == {"2"}
    assert (result.protocol, result.spread, result.overlap) == ("HTTP/2", 0.0, True)
    (record,) = records
    assert record[:3] == b"\x17\x03\x03"  # application data
    assert int.from_bytes(record[3:5], "big") == len(record) - 5


def test_many_bursts_one_after_the_other(hypercorn_url: str) -> None:
    for hold in Hold:
        result = run(hypercorn_url, count=4, bursts=25, hold=hold)
        assert [answer.error or answer.body for answer in result.answers] == [
            b"body-0",
            b"body-1",
            b"body-2",
            b"body-3",
        ]


@BOTH
@pytest.mark.parametrize("size", [0, 1, 20_000, 500_000])
def test_bodies_beyond_the_window_in_either_direction(hold: Hold, size: int, hypercorn_url: str) -> None:
    body = b"y" * (size - 1) if size else b""
    result = run(hypercorn_url, body=body, hold=hold, headers={"X-More": "300000"}, timeout=30)
    expected = [300_000 + (size if size != 1 else 0)] * 3
    assert [(answer.error, len(answer.body)) for answer in result.answers] == [(None, length) for length in expected]
    assert all(0 < answer.released < answer.ended for answer in result.answers)


def test_http_1_1_beside_http_2_in_one_burst(hypercorn_url: str) -> None:
    result = run(hypercorn_url, count=4, extensions={1: {"http_version": "HTTP/1.1"}, 3: {"http_version": "HTTP/1.1"}})
    assert [dict(answer.headers)["x-version"] for answer in result.answers] == ["2", "1.1", "2", "1.1"]
    assert result.protocol == "HTTP/1.1 and HTTP/2"


def test_a_server_that_agrees_to_http_1_1_only() -> None:
    with serving(echo, server_context()) as server:
        result = run(server.url)
    assert [answer.body for answer in result.answers] == [b"body-0", b"body-1", b"body-2"]
    assert result.protocol == "HTTP/1.1"


# Scripted servers, in plain text with prior knowledge.


class Peer:
    """The server's side of one connection, driven by `h2`."""

    def __init__(self, connection: Connection, **settings: int) -> None:
        self.connection = connection
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.local_settings = h2.settings.Settings(
            client=False,
            initial_values={h2.settings.SettingCodes[name.upper()]: value for name, value in settings.items()},
        )
        self.h2.initiate_connection()
        self.flush()
        self.bodies: dict[int, bytes] = {}
        self.whole: list[int] = []

    def flush(self) -> None:
        self.connection.send(self.h2.data_to_send())

    def step(self) -> bool:
        data = self.connection.read()
        if not data:
            return False
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                with self.connection.server.changed:
                    self.whole.append(event.stream_id)
                    self.connection.server.whole.append((0.0, b"", self.bodies.get(event.stream_id, b"")))
                    self.connection.server.changed.notify_all()
        self.flush()
        return True

    def until(self, count: int) -> None:
        while len(self.whole) < count:
            assert self.step()

    def answer(self, stream: int, body: bytes = b"", status: int = 201) -> None:
        self.h2.send_headers(stream, [(":status", str(status)), ("content-length", str(len(body)))])
        self.h2.send_data(stream, body, end_stream=True)
        self.flush()


def scripted(script: Callable[[Peer], None], **settings: int) -> contextlib.AbstractContextManager[Server]:
    def handler(connection: Connection) -> None:
        peer = Peer(connection, **settings)
        with contextlib.suppress(AssertionError):
            script(peer)

    return serving(handler)


def prior_knowledge(server: Server, **options: object) -> BurstResult:
    return run(server.url, http1=False, **options)


def echo2(peer: Peer) -> None:
    answered = 0
    while peer.step():
        for stream in peer.whole[answered:]:
            peer.answer(stream, peer.bodies.get(stream, b""))
        answered = len(peer.whole)


@BOTH
def test_no_stream_is_whole_before_the_release(hold: Hold, monkeypatch: pytest.MonkeyPatch) -> None:
    peers: list[Peer] = []

    def fire_when_all_is_there(releases, readers, *, block):
        if hold is Hold.TAIL:
            server.wait_for(lambda: sorted(peers[0].bodies.values()) == [b"body-"] * 3)
        else:
            assert not peers[0].bodies
        assert not server.whole
        fire(releases, readers, block=block)

    monkeypatch.setattr(replays, "fire", fire_when_all_is_there)
    with scripted(lambda peer: (peers.append(peer), echo2(peer))) as server:
        result = prior_knowledge(server, hold=hold)
    assert sorted(body for _, _, body in server.whole) == [b"body-0", b"body-1", b"body-2"]
    assert [answer.body for answer in result.answers] == [b"body-0", b"body-1", b"body-2"]


def test_more_requests_than_streams_take_more_connections() -> None:
    with scripted(echo2, max_concurrent_streams=3) as server:
        result = prior_knowledge(server, count=8)
        assert len(server.connections) == 3
    assert [answer.body for answer in result.answers] == [b"body-%d" % place for place in range(8)]


def test_staggered_streams_end_one_after_the_other() -> None:
    with scripted(echo2) as server:
        result = prior_knowledge(server, stagger=Stagger.at(0.3, 0.0, 0.15))
        assert [body for _, _, body in server.whole] == [b"body-1", b"body-2", b"body-0"]
    assert result.answers[0].released - result.answers[1].released >= 0.3


def test_interim_statuses_and_header_lines() -> None:
    def script(peer: Peer) -> None:
        peer.until(1)
        peer.h2.send_headers(1, [(":status", "103"), ("link", "</a>")])
        peer.h2.send_headers(
            1, [(":status", "200"), ("x-a", "1"), ("set-cookie", "a"), ("set-cookie", "b")], end_stream=True
        )
        peer.flush()
        peer.step()

    with scripted(script) as server:
        (answer,) = prior_knowledge(server, count=1).answers
    assert (answer.interim, answer.status) == ((103,), 200)
    assert answer.headers == [("x-a", "1"), ("set-cookie", "a"), ("set-cookie", "b")]


def test_a_stream_that_is_reset_leaves_the_others_whole() -> None:
    def script(peer: Peer) -> None:
        peer.until(3)
        peer.h2.reset_stream(peer.whole[1], h2.errors.ErrorCodes.REFUSED_STREAM)
        peer.answer(peer.whole[0], b"first")
        peer.answer(peer.whole[2], b"third")
        peer.step()

    with scripted(script) as server:
        answers = prior_knowledge(server).answers
    assert [answer.body for answer in answers] == [b"first", b"", b"third"]
    assert [answer.error for answer in answers] == [None, "reset: HTTP/2 stream, REFUSED_STREAM", None]


def test_goaway_fails_what_was_not_processed_and_waits_for_the_rest() -> None:
    def script(peer: Peer) -> None:
        peer.until(3)
        # By hand: h2 would not answer any more after a GOAWAY of its own.
        goaway = peer.whole[1].to_bytes(4, "big") + int(h2.errors.ErrorCodes.NO_ERROR).to_bytes(4, "big")
        peer.connection.send(len(goaway).to_bytes(3, "big") + b"\x07\x00" + bytes(4) + goaway)
        for stream in peer.whole[:2]:
            peer.answer(stream, peer.bodies[stream])
        peer.step()

    with scripted(script) as server:
        result = prior_knowledge(server, bursts=2)
        assert len(server.connections) == 2
    assert [answer.body for answer in result.answers] == [b"body-0", b"body-1", b""]
    assert [answer.error for answer in result.answers] == [None, None, "reset: HTTP/2 GOAWAY, NO_ERROR"]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (lambda peer: peer.until(3), "reset: the server closed the connection"),
        (lambda peer: (peer.until(3), peer.connection.send(b"\xff\xff\xff nonsense" * 3)), "protocol: "),
        (lambda peer: (peer.until(3), peer.connection.send(b"HTTP/1.1 400 Bad\r\n\r\n")), "protocol: "),
    ],
    ids=["close", "nonsense", "http1"],
)
def test_a_broken_connection_fails_each_request(script: Callable[[Peer], None], error: str) -> None:
    with scripted(script) as server:
        for answer in prior_knowledge(server).answers:
            assert answer.error.startswith(error)


def test_a_server_that_speaks_no_http_2() -> None:
    with serving(lambda connection: connection.read() and connection.send(b"HTTP/1.1 400 Bad\r\n\r\n")) as server:
        for answer in prior_knowledge(server).answers:
            assert answer.error.startswith(("connection: ", "reset: ", "connect: "))


def test_a_server_that_says_nothing_after_the_handshake() -> None:
    with serving(lambda connection: connection.drain()) as server:
        for answer in prior_knowledge(server, connect_timeout=0.3).answers:
            assert answer.error.startswith(("connect: timeout", "timeout: "))


def test_a_silent_server_times_out() -> None:
    with scripted(lambda peer: (peer.until(3), peer.step())) as server:
        result = prior_knowledge(server, timeout=0.3)
    assert [answer.error for answer in result.answers] == ["timeout: no answer in time"] * 3
    assert not result.overlap


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_bytes_make_the_session_raise(pieces: list[bytes]) -> None:
    session = Http2Session()
    session.answers = [Answer(0)]
    for piece in pieces:
        session.feed(piece, 1.0)
    session.feed(b"", 2.0)
    assert session.done
    assert not session.reusable
