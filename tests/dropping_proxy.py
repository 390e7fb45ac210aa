"""An HTTP/1.1 proxy between a client and a server that loses answers and resets connections, as a seed has it.

Of each ten requests, in shuffled order, three lose their answer and one is reset: exact proportions, and never more than
eight losses one after the other for a client that sends one request at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import struct
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

DECK: Final = ("dropped", "dropped", "dropped", "reset", *["passed"] * 6)
PATIENCE: Final = 10.0

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_KEY: Final = re.compile(rb"\r\nidempotency-key: *([^\r]*)\r\n", re.IGNORECASE)
_KEPT: Final = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)


class DroppingProxy:
    """What it did to whom. One request a connection."""

    def __init__(self, upstream: int, seed: int) -> None:
        self.upstream = upstream
        self.url = ""
        self.fates: list[str] = []
        self.keys: dict[bytes, list[bytes]] = defaultdict(list)
        """Body to the keys that it came with, one an attempt."""
        self._random = random.Random(seed)
        self._deck: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._exchange(reader, writer)
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        key = _KEY.search(head)
        self.keys[body].append(key[1] if key else b"")
        fate, early = self._draw(), self._random.random() < 0.5
        self.fates.append(fate)
        if fate == "reset" and early:  # it never reaches the server
            _reset(writer)
            return
        answer = await self._ask(head, body)
        if fate == "passed":
            writer.write(answer)
            await writer.drain()
        elif fate == "reset":
            _reset(writer)
        elif early:  # half of the answer arrives
            writer.write(answer[: len(answer) - 5])
            await writer.drain()

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            writer.write(_KEPT.sub(b"", head)[:-2] + b"Connection: close\r\n\r\n" + body)
            return await reader.read()
        finally:
            writer.close()

    def _draw(self) -> str:
        if not self._deck:
            self._deck = list(DECK)
            self._random.shuffle(self._deck)
        return self._deck.pop()


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST in the place of FIN."""
    taken = writer.get_extra_info("socket")
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.contextmanager
def dropping_proxy(upstream: int, seed: int) -> Iterator[DroppingProxy]:
    """A proxy in front of this port, on a free port and a thread of its own."""
    proxy = DroppingProxy(upstream, seed)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(proxy.serve, "127.0.0.1", 0))
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
