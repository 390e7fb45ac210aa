"""A burst: the bytes of built requests, sent over lanes up to what is withheld, then released together."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

import httpx

from idemlint.probe.transport.answers import BurstResult, overlapping
from idemlint.probe.transport.h1_answer import Answer, Http1Reader
from idemlint.probe.transport.lane import Lane, Origin, WireError
from idemlint.probe.transport.release import Release, collect, fire
from idemlint.probe.transport.wire import split, wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe.transport.answers import Hold, Stagger
    from idemlint.probe.transport.pool import LanePool
    from idemlint.probe.transport.release import Reader

_BLOCK: Final = 0.05
"""Seconds for which the release may block the event loop: longer than the windows worth hunting, short to a person."""
_SETTLE: Final = 0.001
"""Seconds from the last byte sent ahead to the release, for every server thread to have read it and to wait again."""
_SETTLE_FRESH: Final = 0.003
"""The same where a connection has just been accepted."""
_ROUND_TRIPS: Final = 1.5
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(slots=True)
class Call:
    request: httpx.Request
    answer: Answer


@dataclass(slots=True, repr=False)
class Strand:
    """A lane with what is withheld on it: one call, or with HTTP/2 several."""

    lane: Lane
    reader: Reader
    calls: Sequence[Call]
    held: bytes = b""
    """HTTP/1.1: sealed already."""
    trouble: str | None = None
    """Why it could not be sent ahead."""

    def releases(self, stagger: Stagger) -> list[Release]:
        if self.lane.http2 is None:
            call = self.calls[0]
            return [Release(stagger.of(call.answer.index), self.lane, self.held, (call.answer,))]
        releases = []

        def delay_of(call: Call) -> float:
            return stagger.of(call.answer.index)

        for delay, group in groupby(sorted(self.calls, key=delay_of), key=delay_of):
            calls = tuple(group)
            frames = b"".join(self.lane.http2.final_frames(call.answer, call.request) for call in calls)
            releases.append(Release(delay, self.lane, self.lane.seal(frames), tuple(call.answer for call in calls)))
        return releases


def origin_of(request: httpx.Request) -> Origin:
    url = request.url
    port = url.port or _PORTS.get(url.scheme, 0)
    extensions = request.extensions
    only_first = extensions.get("http_version") == "HTTP/1.1"
    return Origin(
        url.scheme, url.raw_host.decode("ascii"), port, extensions.get("sni_hostname") or "", http1=only_first
    )


async def replay(pool: LanePool, calls: Sequence[Call], *, hold: Hold, stagger: Stagger, seconds: float) -> BurstResult:
    """Never raises for what a server or a network does: each answer says what became of its request.

    The requests' bodies have been read. `seconds`: from the release to the last byte of the last answer, and
    again for getting ready.
    """
    strands: list[Strand] = []
    try:
        deadline = time.perf_counter() + seconds
        redialled = await _lay_out(pool, calls, hold, deadline, strands)
        await asyncio.sleep(_pause(strands))
        redialled += await _renew(pool, strands, hold, deadline)
        ready = [strand for strand in strands if not strand.lane.closed]
        releases = [release for strand in ready for release in strand.releases(stagger)]
        readers = {strand.lane: strand.reader for strand in ready}
        deadline = time.perf_counter() + seconds + max(stagger.offsets)
        fire(releases, readers, block=_BLOCK)
        await asyncio.gather(*(collect(lane, reader, deadline) for lane, reader in readers.items()))
        for strand in ready:
            pool.give_back(strand.lane, reusable=strand.reader.reusable)
    except BaseException:
        for strand in strands:
            strand.lane.close()
        raise
    answers = tuple(call.answer.freeze() for call in calls)
    released = [answer.released for answer in answers if answer.released > 0]
    return BurstResult(
        answers=answers,
        hold=hold,
        protocol=" and ".join(sorted({"HTTP/2" if strand.lane.http2 else "HTTP/1.1" for strand in strands}))
        or "HTTP/1.1",
        spread=max(released) - min(released) if released else 0.0,
        overlap=overlapping(answers),
        redialled=redialled,
    )


async def _lay_out(pool: LanePool, calls: Sequence[Call], hold: Hold, deadline: float, strands: list[Strand]) -> int:
    """Fills `strands`; the number of connections dialled anew."""
    by_origin: dict[Origin, list[Call]] = {}
    for call in calls:
        by_origin.setdefault(origin_of(call.request), []).append(call)
    redialled = 0
    for origin, waiting in by_origin.items():
        rest = waiting
        while rest:
            # Only the first lane can tell whether the server agrees to HTTP/2, and how many streams it allows.
            lanes, lost = await pool.take(origin, 1 if pool.may_speak_http2(origin) else len(rest))
            redialled += lost
            if isinstance(lanes[0], Lane) and lanes[0].http2 is not None:
                taken, rest = rest[: lanes[0].http2.capacity], rest[lanes[0].http2.capacity :]
                strands.append(Strand(lanes[0], lanes[0].http2, taken))
                continue
            if len(lanes) < len(rest) and isinstance(lanes[0], Lane):
                more, lost = await pool.take(origin, len(rest) - len(lanes))
                lanes, redialled = lanes + more, redialled + lost
            for lane, call in zip(lanes, rest, strict=False):
                if isinstance(lane, Lane):
                    strands.append(Strand(lane, Http1Reader(call.answer, call.request.method), [call]))
                else:
                    call.answer.finish(time.perf_counter(), str(lane))
            for call in rest[len(lanes) :]:
                call.answer.finish(time.perf_counter(), str(lanes[0]))
            rest = []
    await asyncio.gather(*(_send_ahead(strand, hold, deadline) for strand in strands))
    return redialled


async def _send_ahead(strand: Strand, hold: Hold, deadline: float) -> None:
    lane, calls = strand.lane, strand.calls
    try:
        if lane.http2 is not None:
            await lane.http2.send_ahead(lane, [(call.answer, call.request) for call in calls], hold, deadline)
            return
        ahead, held = split(message(lane, calls[0].request), hold)
        await lane.send(ahead, deadline)
        strand.held = lane.seal(held)
    except httpx.LocalProtocolError as error:
        strand.reader.fail(f"request: {error}", time.perf_counter())
        lane.close()
    except WireError as error:
        strand.trouble = str(error)


async def _renew(pool: LanePool, strands: Sequence[Strand], hold: Hold, deadline: float) -> int:
    """Dials anew what the server closed meanwhile: no request is whole yet, so none is sent twice."""
    lost = [strand for strand in strands if not strand.lane.closed and not await _holds(strand, deadline)]

    async def redial(strand: Strand) -> None:
        strand.lane.close()
        try:
            lane = await pool.dial(strand.lane.origin)
        except WireError as error:
            strand.reader.fail(str(error), time.perf_counter())
            return
        strand.lane, strand.trouble = lane, None
        if lane.http2 is not None:
            strand.reader = lane.http2
        elif len(strand.calls) == 1:
            strand.reader = Http1Reader(strand.calls[0].answer, strand.calls[0].request.method)
        else:
            strand.trouble = "protocol: the server no longer agrees to HTTP/2"
        if strand.trouble is None:
            await _send_ahead(strand, hold, deadline)
        if strand.trouble is not None:
            strand.reader.fail(strand.trouble, time.perf_counter())
            lane.close()

    if lost:
        await asyncio.gather(*(redial(strand) for strand in lost))
        await asyncio.sleep(_pause(lost))
    return len(lost)


async def _holds(strand: Strand, deadline: float) -> bool:
    """Whether the connection is still there. Takes in what the server said before the release."""
    lane, reader = strand.lane, strand.reader
    try:
        received = lane.receive_now()
        while received:
            if opened := lane.open(received):
                reader.feed(opened, time.perf_counter())
            received = lane.receive_now()
        if received is None and not lane.ended and strand.trouble is None:
            if reply := reader.outgoing():
                await lane.send(reply, deadline)
            return True
    except (OSError, WireError):
        pass
    return reader.done


def _pause(strands: Sequence[Strand]) -> float:
    fresh = any(strand.lane.uses == 0 for strand in strands)
    return (_SETTLE_FRESH if fresh else _SETTLE) + _ROUND_TRIPS * max(
        (strand.lane.round_trip for strand in strands), default=0.0
    )


def message(lane: Lane, request: httpx.Request) -> bytes:
    """The request's bytes as the lane's way to the server wants them."""
    if not lane.absolute:
        return wire(request)
    url = request.url
    target = b"%s://%s%s" % (url.raw_scheme, url.netloc, url.raw_path)
    return wire(request, headers=[*lane.proxy_headers, *request.headers.raw], target=target)
