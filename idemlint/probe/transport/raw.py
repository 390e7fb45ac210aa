"""Single requests that no well-behaved client sends: cut off, abandoned, or spelled byte for byte.

Always HTTP/1.1, on a connection of their own that is closed afterwards.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Final, Literal

import httpx

from idemlint.probe.transport.answers import BurstAnswer
from idemlint.probe.transport.gate import GatedTransport, as_response, send
from idemlint.probe.transport.h1_answer import Answer, Http1Reader
from idemlint.probe.transport.lane import Lane, WireError
from idemlint.probe.transport.replay import message, origin_of
from idemlint.probe.transport.wire import head_length

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    _Step = Callable[[Lane, httpx.Request, Answer, float], Awaitable[None]]

_CONTINUE_WAIT: Final = 1.0
"""Seconds to wait for 100 (Continue) before the rest is sent all the same (RFC 9110, section 10.1.1)."""
_STATUS_LINE: Final = re.compile(rb"(?:HTTP/1\.[01] 1\d\d[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n)*HTTP/1\.[01] ([2-9]\d\d)")


async def send_raw(
    client: httpx.AsyncClient | GatedTransport,
    url: httpx.URL | str,
    pieces: Sequence[bytes],
    *,
    method: str = "POST",
    await_continue: bool = False,
    pause: float = 0.0,
    timeout: float = 30.0,  # noqa: ASYNC109 - ends as an answer, not as an exception
) -> BurstAnswer:
    """Sends exactly these bytes to the server of `url`, and reads the answer.

    Nothing is added: no credentials, no length. `method` says how to read the answer (none has a body to HEAD).
    `await_continue`: the first piece is a head with `Expect: 100-continue`; the others follow once an interim status is
    there or a second is over, and not at all after a final status. `pause`: seconds between the pieces.
    """

    async def go(lane: Lane, request: httpx.Request, answer: Answer, deadline: float) -> None:
        reader = Http1Reader(answer, request.method)
        for place, piece in enumerate(pieces):
            if place and pause:
                await asyncio.sleep(pause)
            if place == 1 and await_continue:
                await _read(lane, reader, min(deadline, time.perf_counter() + _CONTINUE_WAIT), until_interim=True)
                if answer.status is not None:
                    break
            await lane.send(piece, deadline)
            answer.released = time.perf_counter()
        await _read(lane, reader, deadline)
        if not answer.done:
            answer.finish(time.perf_counter(), "timeout: no answer in time")
        lane.close()

    return await _alone(client, httpx.Request(method, url), go, timeout)


async def send_partial(
    client: httpx.AsyncClient | GatedTransport,
    request: httpx.Request,
    *,
    upto: float,
    then: Literal["close", "rst"] = "close",
    linger: float = 0.05,
    timeout: float = 30.0,  # noqa: ASYNC109 - ends as an answer, not as an exception
) -> BurstAnswer:
    """Sends the head and a part of the body, waits `linger` seconds, and closes the connection.

    `upto`: the fraction of the body, 0 to 1, or with an int the bytes of the whole message. The wait lets the server
    read what was sent, which RST would take from it. The answer has a status where the server did not wait for the rest.
    """

    async def go(lane: Lane, request: httpx.Request, answer: Answer, deadline: float) -> None:
        whole = message(lane, request)
        head = head_length(whole)
        end = upto if isinstance(upto, int) else head + int((len(whole) - head) * upto)
        await lane.send(whole[:end], deadline)
        answer.released = time.perf_counter()
        await _read(lane, Http1Reader(answer, request.method), min(deadline, answer.released + linger))
        lane.close(reset=then == "rst")
        answer.finish(time.perf_counter(), "aborted: the request was cut off")

    return await _alone(client, request, go, timeout)


async def send_and_abort(
    client: httpx.AsyncClient | GatedTransport,
    request: httpx.Request,
    *,
    after: float | None,
    rst: bool = True,
    timeout: float = 30.0,  # noqa: ASYNC109 - ends as an answer, not as an exception
) -> BurstAnswer:
    """Sends the whole request and closes the connection without having read the answer.

    `after`: seconds until then, or None for "as soon as a final status line is there". The answer's status is set where
    one had come by then; the body is never read.
    """

    async def go(lane: Lane, request: httpx.Request, answer: Answer, deadline: float) -> None:
        await lane.send(message(lane, request), deadline)
        answer.released = time.perf_counter()
        seen = b""
        if after is not None:
            await asyncio.sleep(after)
        while (found := _STATUS_LINE.match(seen)) is None:
            try:
                # One byte at a time, so that the rest is still on its way when the connection is reset.
                sealed = await lane.receive(deadline, 1) if after is None else lane.receive_now()
            except OSError as error:
                raise WireError("reset: the server closed the connection") from error
            if not sealed:
                break
            seen += lane.open(sealed)
            if seen and answer.first_byte is None:
                answer.first_byte = time.perf_counter()
        answer.status = int(found[1]) if found else None
        lane.close(reset=rst)
        answer.finish(time.perf_counter(), "aborted: closed before the response was read")

    return await _alone(client, request, go, timeout)


async def _read(lane: Lane, reader: Http1Reader, deadline: float, *, until_interim: bool = False) -> None:
    """Reads until the answer is whole or time is up. Raises `WireError` where the connection breaks."""
    answer = reader.answers[0]
    while not reader.done and not (until_interim and answer.interim):
        try:
            sealed = await lane.receive(deadline)
        except WireError:
            if time.perf_counter() >= deadline:
                return
            raise
        at = time.perf_counter()
        if opened := lane.open(sealed):
            reader.feed(opened, at)
        if not sealed or lane.ended:
            reader.feed(b"", at)


async def _alone(
    client: httpx.AsyncClient | GatedTransport, request: httpx.Request, go: _Step, seconds: float
) -> BurstAnswer:
    errand = _Errand(go, seconds)
    failure = await send(client, request, errand)
    if errand.answer is not None:
        return errand.answer
    if isinstance(failure, httpx.HTTPError):
        return BurstAnswer(0, error=f"request: {failure}")
    raise TypeError("this needs an httpx.AsyncClient whose transport is a GatedTransport")


class _Errand:
    def __init__(self, go: _Step, seconds: float) -> None:
        self._go = go
        self._seconds = seconds
        self.answer: BurstAnswer | None = None

    async def run(self, transport: GatedTransport, request: httpx.Request) -> httpx.Response:
        answer = Answer(0)
        lane: Lane | None = None
        try:
            lane = await transport.lanes.dial(origin_of(request)._replace(http1=True))
            await self._go(lane, request, answer, time.perf_counter() + self._seconds)
        except httpx.LocalProtocolError as error:
            answer.finish(time.perf_counter(), f"request: {error}")
        except WireError as error:
            answer.finish(time.perf_counter(), str(error))
        finally:
            if lane is not None:
                lane.close()
        self.answer = answer.freeze()
        return as_response(self.answer)
