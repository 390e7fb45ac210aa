"""The release: everything withheld is sent in one tight loop, and the thread then blocks until the answers come.

Nothing else runs meanwhile, neither the collector nor the event loop: a task that is scheduled in between costs more
than the whole loop. `fire` therefore is a plain function; what takes longer than it may block is `collect`'s.
"""

from __future__ import annotations

import contextlib
import gc
import selectors
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from idemlint.probe.transport.lane import WireError, connection_reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idemlint.probe.transport.h1_answer import Answer
    from idemlint.probe.transport.lane import Lane

_SPIN: Final = 0.0002
"""Seconds before a staggered release in which the thread no longer sleeps."""


class Reader(Protocol):
    """Makes answers of what comes in on one lane."""

    @property
    def answers(self) -> Sequence[Answer]: ...

    @property
    def done(self) -> bool: ...

    @property
    def reusable(self) -> bool:
        """Other requests may follow on the lane."""
        ...

    def feed(self, received: bytes, at: float) -> None: ...
    def fail(self, reason: str, at: float) -> None: ...
    def outgoing(self) -> bytes:
        """What the protocol itself has to send, in clear text."""
        ...


@dataclass(slots=True, repr=False)
class Release:
    """Sealed bytes that go out on one lane at one moment, and the requests that they complete."""

    delay: float
    lane: Lane
    data: bytes
    answers: tuple[Answer, ...]


def fire(releases: Sequence[Release], readers: Mapping[Lane, Reader], *, block: float) -> None:
    """Sends each release at its delay, then takes in answers until all are whole or `block` seconds are over."""
    ordered = sorted(releases, key=lambda one: one.delay)
    with selectors.DefaultSelector() as selector:
        for lane, reader in readers.items():
            selector.register(lane.sock, selectors.EVENT_READ, (lane, reader))
        come: list[tuple[Lane, Reader, bytes | OSError, float]] = []
        collecting = gc.isenabled()
        gc.disable()
        try:
            _warm()
            staggered = bool(ordered) and ordered[-1].delay > 0
            outcomes = _send_staggered(ordered, selector, come) if staggered else _send(ordered)
            _note_released(ordered, outcomes)
            until = time.perf_counter() + block
            while True:
                _digest(come)
                waiting = any(not reader.done for reader in readers.values())
                left = until - time.perf_counter()
                if not waiting or left <= 0 or not selector.get_map() or any(lane.unsent for lane in readers):
                    break
                _take(selector, left, come)
        finally:
            if collecting:
                gc.enable()


async def collect(lane: Lane, reader: Reader, deadline: float) -> None:
    """The rest of the answers on a lane, while other tasks run. Never raises: what goes wrong is said in them."""
    try:
        while not reader.done:
            if lane.unsent:
                unsent, lane.unsent = lane.unsent, b""
                with contextlib.suppress(WireError):  # the server may have answered before it closed
                    await lane.send_sealed(unsent, deadline)
                    now = time.perf_counter()
                    for answer in reader.answers:
                        answer.released = answer.released or now
            received = await lane.receive(deadline)
            _feed(lane, reader, received, time.perf_counter())
            if reply := reader.outgoing():
                lane.unsent += lane.seal(reply)
    except WireError as error:
        reader.fail(str(error), time.perf_counter())


def _warm() -> None:
    """One throw-away send: the first one after a pause is slower."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.send(b"-")


def _send(ordered: Sequence[Release]) -> list[tuple[int | OSError, float]]:
    sends = [(one.lane.sock.send, one.data) for one in ordered]
    outcomes: list[tuple[int | OSError, float]] = []
    note, clock = outcomes.append, time.perf_counter
    for send, data in sends:
        try:
            note((send(data), clock()))
        except OSError as error:
            note((error, clock()))
    return outcomes


def _send_staggered(
    ordered: Sequence[Release],
    selector: selectors.BaseSelector,
    come: list[tuple[Lane, Reader, bytes | OSError, float]],
) -> list[tuple[int | OSError, float]]:
    """Answers are noted while later requests wait, or a late note would pass for an overlap."""
    outcomes: list[tuple[int | OSError, float]] = []
    clock = time.perf_counter
    start = clock()
    for one in ordered:
        due = start + one.delay
        while one.delay > 0 and (left := due - clock()) > 0:
            _take(selector, max(0.0, left - _SPIN), come)
        if one.delay > 0:
            _take(selector, 0, come)
        try:
            outcomes.append((one.lane.sock.send(one.data), clock()))
        except OSError as error:
            outcomes.append((error, clock()))
    return outcomes


def _note_released(ordered: Sequence[Release], outcomes: Sequence[tuple[int | OSError, float]]) -> None:
    """Where a send failed, reading tells what became of the connection: the server may have answered before."""
    for one, (outcome, at) in zip(ordered, outcomes, strict=True):
        if isinstance(outcome, OSError) and not isinstance(outcome, BlockingIOError):
            continue
        sent = outcome if isinstance(outcome, int) else 0
        one.lane.unsent += one.data[sent:]
        if sent == len(one.data):
            for answer in one.answers:
                answer.released = at


def _take(
    selector: selectors.BaseSelector, timeout: float, come: list[tuple[Lane, Reader, bytes | OSError, float]]
) -> None:
    """Notes what has come and when; making sense of it waits until everything that is there has its time."""
    for key, _ in selector.select(timeout):
        lane, reader = key.data
        received: bytes | OSError | None
        try:
            received = lane.receive_now()
        except OSError as error:
            received = error
        at = time.perf_counter()
        if received is None:
            continue
        if isinstance(received, OSError) or not received:
            selector.unregister(key.fileobj)
        come.append((lane, reader, received, at))


def _digest(come: list[tuple[Lane, Reader, bytes | OSError, float]]) -> None:
    for lane, reader, received, at in come:
        if isinstance(received, OSError):
            reader.fail(connection_reason(received), at)
            continue
        try:
            _feed(lane, reader, received, at)
        except WireError as error:
            reader.fail(str(error), at)
        if reply := reader.outgoing():
            lane.unsent += lane.seal(reply)
            with contextlib.suppress(OSError):  # reading tells what became of the connection
                lane.unsent = lane.unsent[lane.sock.send(lane.unsent) :]
    come.clear()


def _feed(lane: Lane, reader: Reader, received: bytes, at: float) -> None:
    opened = lane.open(received) if received else b""
    if opened:
        reader.feed(opened, at)
    if not received or lane.ended:
        reader.feed(b"", at)
