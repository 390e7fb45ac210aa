"""A server whose idempotency is broken for a known time, to measure the gate with: `idemlint probe --calibrate`.

A process of its own, a thread per connection, the window off the CPU: the shape of a usual application server. Run as
`python -m idemlint.probe.transport.canary` it prints its port and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING, Final, Self

import httpx

from idemlint.probe.transport.answers import Hold
from idemlint.probe.transport.calibration import BURSTS, LADDER, calibrate
from idemlint.probe.transport.gate import GatedTransport, burst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe.transport.calibration import Calibration

_RAN: Final = 201
_WINDOW: Final = "window-us"
_START: Final = 20.0


async def calibrate_gate(size: int, *, ladder: Sequence[float] = LADDER, bursts: int = BURSTS) -> Calibration:
    """Bursts of `size` requests at a canary on this machine, heads and tails held by turns.

    Takes some 5 seconds. Raises `RuntimeError` where the canary does not start.
    """
    async with Canary() as canary, httpx.AsyncClient(transport=GatedTransport()) as client:
        holds = [Hold.TAIL, Hold.HEAD]

        async def run_burst(window: float) -> bool:
            holds.reverse()
            key = {"Idempotency-Key": str(uuid.uuid4())}
            requests = [client.build_request("POST", canary.url(window), headers=key, json={}) for _ in range(size)]
            result = await burst(client, requests, hold=holds[0], timeout=10)
            ran = [answer for answer in result.answers if answer.status == _RAN]
            for answer in ran:
                canary.note(window, dict(answer.headers)[_WINDOW])
            return len(ran) > 1

        return await calibrate(run_burst, ladder=ladder, bursts=bursts, measured=canary.measured)


class Canary:
    """The server's process, and what its windows really were."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._port = 0
        self._windows: dict[float, list[float]] = {}

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __spec__.name, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            self._port = int(await asyncio.wait_for(self._process.stdout.readline(), _START))
        except (TimeoutError, ValueError) as error:
            await self.__aexit__()
            raise RuntimeError("the canary server did not start") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def url(self, window: float) -> str:
        """Where a key is reserved `window` seconds after it was looked up."""
        return f"http://127.0.0.1:{self._port}/{window * 1e6:.0f}"

    def note(self, window: float, microseconds: str) -> None:
        self._windows.setdefault(window, []).append(int(microseconds) / 1e6)

    def measured(self, window: float) -> float:
        """Seconds, the ninth decile: nothing shorter is claimed than what most of the windows were."""
        seen = sorted(self._windows.get(window, [window]))
        return seen[len(seen) * 9 // 10]


def serve(listener: socket.socket) -> None:
    seen: set[bytes] = set()
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, seen), daemon=True).start()


def _answer(connection: socket.socket, seen: set[bytes]) -> None:
    """Requests as this module sends them: a length, and no chunks."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    with connection, contextlib.suppress(OSError, ValueError, IndexError):
        while True:
            while (end := waiting.find(b"\r\n\r\n")) < 0:
                waiting += _more(connection)
            head = waiting[:end].lower()
            whole = end + 4 + int(_field(head, b"content-length") or b"0")
            while len(waiting) < whole:
                waiting += _more(connection)
            waiting = waiting[whole:]
            key, window = _field(head, b"idempotency-key"), int(head.split(b" ", 2)[1].lstrip(b"/")) / 1e6
            looked_up = time.perf_counter()
            status = b"200"
            if key not in seen:
                time.sleep(window)
                seen.add(key)
                status = b"201"
            took = int((time.perf_counter() - looked_up) * 1e6)
            connection.sendall(b"HTTP/1.1 %s -\r\nwindow-us: %d\r\ncontent-length: 0\r\n\r\n" % (status, took))


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    if not received:
        raise ConnectionResetError
    return received


def _field(head: bytes, name: bytes) -> bytes:
    return head.partition(b"\r\n" + name + b":")[2].partition(b"\r\n")[0].strip()


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)  # noqa: T201 - to the process that started it
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    while os.read(0, 1024):
        pass


if __name__ == "__main__":
    main()
