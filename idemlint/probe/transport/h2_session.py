"""HTTP/2 (RFC 9113) on one lane: a burst's final frames leave in one TLS record, which no jitter can pull apart."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from idemlint.probe.transport.answers import Hold
from idemlint.probe.transport.lane import WireError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from idemlint.probe.transport.h1_answer import Answer
    from idemlint.probe.transport.lane import Lane

_GOAWAY: Final = 7
_WINDOW: Final = 16 * 1024 * 1024
_MOST_STREAMS: Final = 100
_MAX_HEAD: Final = 102_400
_HOP_BY_HOP: Final = frozenset(
    {b"host", b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)


class Http2Session:
    """The connection's state; as the `Reader` of a burst it makes answers of the streams that the burst opened."""

    def __init__(self) -> None:
        self._connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, validate_inbound_headers=False, header_encoding=None)
        )
        self._connection.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: _MAX_HEAD,
            },
        )
        self._streams: dict[int, Answer] = {}
        self._bodies: dict[int, bytes] = {}
        """What of a body still has to be sent, by stream."""
        self._withheld: dict[int, int] = {}
        """By `Answer.index`: the stream whose last byte waits for the release."""
        self._frames = b""
        self._greeted: set[type[h2.events.Event]] = set()
        self._closing = False
        self.answers: Sequence[Answer] = ()

    @classmethod
    async def start(cls, lane: Lane, deadline: float) -> Http2Session:
        """Preface, settings, and a PING there and back: the connection is warm without a request being spent."""
        session = cls()
        session._connection.initiate_connection()
        session._connection.increment_flow_control_window(_WINDOW)
        session._connection.ping(b"idemlint")
        await session._exchange(lane, deadline, {h2.events.RemoteSettingsChanged, h2.events.PingAckReceived})
        return session

    @property
    def capacity(self) -> int:
        """Requests that one burst can send on it."""
        return min(int(self._connection.remote_settings.max_concurrent_streams), _MOST_STREAMS)

    async def send_ahead(
        self, lane: Lane, requests: Sequence[tuple[Answer, httpx.Request]], hold: Hold, deadline: float
    ) -> None:
        """All that may go before the release. Raises `WireError`."""
        self.answers = [answer for answer, _ in requests]
        self._streams.clear()
        self._bodies.clear()
        self._withheld.clear()
        if hold is Hold.HEAD:
            return
        for answer, request in requests:
            if request.content:
                self._withheld[answer.index] = self._open(answer, request)
        for stream in tuple(self._bodies):
            self._send_body(stream)
        await self._exchange(lane, deadline, set())
        while not self.done and any(len(body) > 1 for body in self._bodies.values()):
            await self._exchange(lane, deadline, {h2.events.WindowUpdated})

    def final_frames(self, answer: Answer, request: httpx.Request) -> bytes:
        """What completes a request, in clear text. To be sent in the order of the calls."""
        try:
            stream = self._withheld.pop(answer.index, None)
            self._send_body(self._open(answer, request) if stream is None else stream)
        except h2.exceptions.ProtocolError as error:
            answer.finish(time.perf_counter(), f"protocol: {error}")
        return self.outgoing()

    # As a reader.

    @property
    def done(self) -> bool:
        return all(answer.done for answer in self.answers)

    @property
    def reusable(self) -> bool:
        return not self._closing and self.done and not self._bodies

    def outgoing(self) -> bytes:
        return self._connection.data_to_send()

    def fail(self, reason: str, at: float) -> None:
        self._closing = True
        for answer in self.answers:
            answer.finish(at, reason)

    def feed(self, received: bytes, at: float) -> None:
        if not received:
            self.fail("reset: the server closed the connection", at)
            return
        self._greeted.clear()
        try:
            for event in self._connection.receive_data(self._without_goaway(received, at)):
                self._note(event, at)
        except h2.exceptions.ProtocolError as error:
            self.fail(f"protocol: {error or type(error).__name__}", at)

    def _note(self, event: h2.events.Event, at: float) -> None:
        self._greeted.add(type(event))
        if isinstance(event, h2.events.WindowUpdated | h2.events.RemoteSettingsChanged):
            for stream in tuple(self._bodies):
                self._send_body(stream)
        answer = self._streams.get(getattr(event, "stream_id", None) or 0)
        if isinstance(event, h2.events.DataReceived):
            self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._bodies.pop(event.stream_id, None)
        if answer is None or answer.done:
            return
        if answer.first_byte is None and not isinstance(event, h2.events.WindowUpdated):
            answer.first_byte = at
        if isinstance(event, h2.events.InformationalResponseReceived):
            answer.note_interim(_status(event.headers), at)
        elif isinstance(event, h2.events.ResponseReceived):
            answer.status = _status(event.headers)
            answer.headers = [
                (_bytes(name).decode("latin-1"), _bytes(value).decode("latin-1"))
                for name, value in event.headers or ()
                if not _bytes(name).startswith(b":")
            ]
        elif isinstance(event, h2.events.DataReceived):
            answer.add(event.data)
        elif isinstance(event, h2.events.StreamEnded):
            answer.finish(at)
        elif isinstance(event, h2.events.StreamReset):
            answer.finish(at, f"reset: HTTP/2 stream, {_code(int(event.error_code))}")

    def _without_goaway(self, received: bytes, at: float) -> bytes:
        """Whole frames, GOAWAY noted and left out: h2 would refuse what the server still answers after it.

        RFC 9113, section 6.8: streams up to the one that it names may be answered, those above were not processed.
        Raises `h2.exceptions.FrameTooLargeError`.
        """
        self._frames += received
        kept = []
        while len(self._frames) >= 9:
            end = 9 + int.from_bytes(self._frames[:3], "big")
            if end - 9 > self._connection.max_inbound_frame_size:
                raise h2.exceptions.FrameTooLargeError(f"no HTTP/2, or a frame of {end - 9:,} bytes")  # h2 would wait
            if len(self._frames) < end:
                break
            frame, self._frames = self._frames[:end], self._frames[end:]
            if frame[3] != _GOAWAY or len(frame) < 17:
                kept.append(frame)
                continue
            self._closing = True
            last, code = int.from_bytes(frame[9:13], "big") & 0x7FFFFFFF, int.from_bytes(frame[13:17], "big")
            for stream, answer in self._streams.items():
                if stream > last:
                    answer.finish(at, f"reset: HTTP/2 GOAWAY, {_code(code)}")
        return b"".join(kept)

    # Sending.

    def _open(self, answer: Answer, request: httpx.Request) -> int:
        stream = self._connection.get_next_available_stream_id()
        self._connection.send_headers(stream, field_lines(request), end_stream=not request.content)
        self._streams[stream] = answer
        if request.content:
            self._bodies[stream] = request.content
        return stream

    def _send_body(self, stream: int) -> None:
        """As much as the windows allow; of a body whose release is still to come all but the last byte."""
        kept = 1 if stream in self._withheld.values() else 0
        body = self._bodies.get(stream, b"")
        connection = self._connection
        while len(body) > kept:
            window = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size)
            if (room := min(window, len(body) - kept)) <= 0:
                break
            connection.send_data(stream, body[:room], end_stream=room == len(body))
            body = body[room:]
        if body:
            self._bodies[stream] = body
        else:
            self._bodies.pop(stream, None)

    async def _exchange(self, lane: Lane, deadline: float, awaited: set[type[h2.events.Event]]) -> None:
        """Sends what is due, and takes in frames until all events of `awaited` were seen. Raises `WireError`."""
        missing = set(awaited)
        received = lane.open(b"")
        while True:
            if received:
                self.feed(received, time.perf_counter())
                missing -= self._greeted
            if reply := self.outgoing():
                await lane.send(reply, deadline)
            if self._closing:
                raise WireError("connection: the server closed the HTTP/2 connection")
            if not missing:
                return
            sealed = await lane.receive(deadline)
            received = lane.open(sealed)
            if not sealed or lane.ended:
                raise WireError("reset: the server closed the HTTP/2 connection")


def field_lines(request: httpx.Request) -> list[tuple[bytes, bytes]]:
    """RFC 9113, section 8.3.1: pseudo-headers first, names in lower case, nothing that belongs to the connection."""
    headers = [(name.lower(), value) for name, value in request.headers.raw]
    authority = next((value for name, value in headers if name == b"host"), request.url.netloc)
    return [
        (b":method", request.method.encode("ascii", "replace")),
        (b":authority", authority),
        (b":scheme", request.url.raw_scheme),
        (b":path", request.url.raw_path),
        *((name, value) for name, value in headers if name not in _HOP_BY_HOP),
    ]


def _status(headers: Sequence[tuple[bytes | str, bytes | str]] | None) -> int:
    found = next((_bytes(value) for name, value in headers or () if _bytes(name) == b":status"), b"0")
    return int(found) if found.isdigit() else 0


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")


def _code(number: int) -> str:
    try:
        return h2.errors.ErrorCodes(number).name
    except ValueError:
        return f"code {number}"
