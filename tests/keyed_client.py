"""A small HTTP/1.1 client for many requests over few connections: next to nothing between a test and the bytes."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATIENCE = 30.0

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: ([^\r]*)\r\n", re.IGNORECASE)
_REPLAYED = re.compile(rb"\r\nidempotent-replayed: true\r\n", re.IGNORECASE)


class Reply(NamedTuple):
    status: int
    head: bytes
    """Header lines, as they came."""
    body: bytes

    @property
    def replayed(self) -> bool:
        return _REPLAYED.search(self.head) is not None

    @property
    def location(self) -> bytes:
        found = _LOCATION.search(self.head)
        return found[1] if found else b""


class Connection(asyncio.Protocol):
    """One request at a time. `ConnectionError` when the server is gone."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._waiting: asyncio.Future[Reply] | None = None
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._waiting is None:
            return
        head = bytes(self._buffer[: end + 4])
        found = _LENGTH.search(head)
        whole = end + 4 + (int(found[1]) if found else 0)
        if len(self._buffer) >= whole:
            body = bytes(self._buffer[end + 4 : whole])
            del self._buffer[:whole]
            waiting, self._waiting = self._waiting, None
            if not waiting.done():
                waiting.set_result(Reply(int(head[9:12]), head, body))

    async def ask(self, request: bytes) -> Reply:
        if self._lost:
            raise ConnectionResetError("the server has hung up")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(PATIENCE):
            return await self._waiting

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def connections(port: int, number: int) -> AsyncIterator[list[Connection]]:
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(number)]
    try:
        yield made
    finally:
        for connection in made:
            connection.close()


def post(path: str, key: str, body: bytes, *, principal: str = "alice", prefer: str = "") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {principal}\r\nIdempotency-Key: {key}\r\n"
        f"Prefer: {prefer}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def get(path: str, *, principal: str = "alice") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {principal}\r\n\r\n".encode()
