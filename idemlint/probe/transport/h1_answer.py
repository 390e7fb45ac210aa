"""Reads one HTTP/1.1 answer as its bytes come in, whatever they are: h11 parses, and what it refuses becomes an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import h11
import httpx

from idemlint.probe.transport.answers import BurstAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_BODY: Final = 2 * 1024 * 1024
"""Bytes of a body that are kept, on the wire and again when decoded: bursts hold many answers at a time."""
_MAX_HEAD: Final = 102_400
_MOST_INTERIM: Final = 100
_LONGEST_REASON: Final = 200
_PIECE: Final = 1024
"""Compressed bytes decoded at a time, so that a bomb is noticed before it has gone off (deflate: 1,032 to 1)."""


@dataclass(slots=True, repr=False)
class Answer:
    """An answer under way."""

    index: int
    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    kept: int = 0
    error: str | None = None
    released: float = 0.0
    first_byte: float | None = None
    ended: float | None = None
    interim: list[int] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.ended is not None

    def add(self, data: bytes) -> None:
        self.size += len(data)
        if self.kept < KEPT_BODY:
            self.parts.append(data[: KEPT_BODY - self.kept])
            self.kept += len(self.parts[-1])

    def note_interim(self, status: int, at: float) -> None:
        self.interim.append(status)
        if len(self.interim) > _MOST_INTERIM:
            self.finish(at, "protocol: interim responses without end")

    def finish(self, at: float, error: str | None = None) -> None:
        if self.ended is None:
            self.ended = at
            self.error = error[:_LONGEST_REASON] if error is not None else None

    def freeze(self) -> BurstAnswer:
        body, trouble = decoded(self.headers, b"".join(self.parts), whole=self.kept == self.size and not self.error)
        return BurstAnswer(
            index=self.index,
            status=self.status,
            headers=self.headers,
            body=body,
            error=self.error or trouble,
            released=self.released,
            first_byte=self.first_byte,
            ended=self.ended,
            interim=tuple(self.interim),
            size=self.size,
        )


class Http1Reader:
    """The answer to one request that was sent on a connection."""

    def __init__(self, answer: Answer, method: str) -> None:
        self.answers = (answer,)
        self._answer = answer
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        # h11 reads an answer only to a request that it knows of: to HEAD there is no body.
        self._parser.send(h11.Request(method=method, target="/", headers=[("Host", "-")]))
        self._parser.send(h11.EndOfMessage())

    @property
    def done(self) -> bool:
        return self._answer.done

    @property
    def reusable(self) -> bool:
        """Another request may follow on the connection."""
        parser = self._parser
        return (
            self._answer.error is None
            and parser.our_state is h11.DONE
            and parser.their_state is h11.DONE
            and not parser.trailing_data[0]
        )

    def outgoing(self) -> bytes:
        return b""

    def feed(self, received: bytes, at: float) -> None:
        """Clear text that was there at `at`; `b""` says that no more comes."""
        answer = self._answer
        if answer.done:
            return
        if answer.first_byte is None and received:
            answer.first_byte = at
        if not received and answer.status is None:
            answer.finish(at, "reset: the server closed the connection without a response")
            return
        try:
            self._parser.receive_data(received)
            while not answer.done and (event := self._parser.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Data):
                    answer.add(bytes(event.data))
                elif isinstance(event, h11.InformationalResponse):
                    answer.note_interim(event.status_code, at)
                elif isinstance(event, h11.Response):
                    answer.status = event.status_code
                    answer.headers = [
                        (name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items()
                    ]
                elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                    answer.finish(at)
                    return
        except h11.RemoteProtocolError as error:
            answer.finish(at, f"protocol: {error}")

    def fail(self, reason: str, at: float) -> None:
        self._answer.finish(at, reason)


class _Pieces(httpx.SyncByteStream):
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __iter__(self) -> Iterator[bytes]:
        for place in range(0, len(self._raw), _PIECE):
            yield self._raw[place : place + _PIECE]


def decoded(headers: list[tuple[str, str]], raw: bytes, *, whole: bool) -> tuple[bytes, str | None]:
    """The body as Content-Encoding says, cut where it grows beyond what is kept, and what is wrong with it.

    A body that is not whole is decoded as far as it goes.
    """
    if not raw or not any(name.lower() == "content-encoding" for name, _ in headers):
        return raw, None
    relevant = [(name, value) for name, value in headers if name.lower() == "content-encoding"]
    response = httpx.Response(200, headers=relevant, stream=_Pieces(raw))
    body = bytearray()
    try:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= KEPT_BODY:
                break
    except httpx.DecodingError as error:
        return bytes(body), f"protocol: the body is not encoded as Content-Encoding says ({error})" if whole else None
    return bytes(body[:KEPT_BODY]), None
