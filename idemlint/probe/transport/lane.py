"""One connection that the gate holds in its own hands: a socket that does not block, and the TLS on it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from idemlint.probe.transport.h2_session import Http2Session
    from idemlint.probe.transport.tls import TlsLayer

RECEIVE: Final = 262_144


class WireError(Exception):
    """Something between here and the server went wrong; the text is what a `BurstAnswer.error` says."""


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int
    server_name: str = ""
    """Asked for in TLS in place of the host: httpx's extension `sni_hostname`."""
    http1: bool = False
    """HTTP/1.1 whatever the server would agree to: the extension `http_version` is `HTTP/1.1`."""


class Lane:
    """A connection to an origin. Not for two bursts at once."""

    def __init__(self, sock: socket.socket, origin: Origin) -> None:
        self.sock = sock
        self.origin = origin
        self.layers: list[TlsLayer] = []
        """The outermost first: TLS to a proxy, then TLS to the origin through it."""
        self.absolute = False
        """A proxy forwards plain-text requests: their target is the whole URL."""
        self.proxy_headers: tuple[tuple[bytes, bytes], ...] = ()
        self.http2: Http2Session | None = None
        self.uses = 0
        self.idle_since = 0.0
        self.round_trip = 0.0
        """Seconds that the TCP handshake took."""
        self.closed = False
        self.unsent = b""
        """Sealed bytes that the system had no room for."""

    @property
    def protocol(self) -> str | None:
        return self.layers[-1].protocol if self.layers else None

    @property
    def ended(self) -> bool:
        return any(layer.ended for layer in self.layers)

    def seal(self, data: bytes) -> bytes:
        for layer in reversed(self.layers):
            data = layer.seal(data)
        return data

    def open(self, received: bytes) -> bytes:
        """Raises `WireError` for what is no TLS."""
        try:
            for layer in self.layers:
                received = layer.open(received)
        except ssl.SSLError as error:
            raise WireError(f"tls: {tls_reason(error)}") from error
        return received

    def receive_now(self) -> bytes | None:
        """What has come, still sealed; `b""` at the end of the connection, None for nothing yet. Raises `OSError`."""
        try:
            return self.sock.recv(RECEIVE)
        except BlockingIOError:
            return None

    def is_alive(self) -> bool:
        """Whether the server still holds the idle connection: what is readable over HTTP/1.1 says no."""
        if self.closed:
            return False
        try:
            received = self.receive_now()
            if not received:
                return received is None
            opened = self.open(received)  # a TLS 1.3 server sends session tickets when it pleases
        except (OSError, WireError):
            return False
        if self.http2 is None or not opened:
            return not opened and not self.ended
        self.http2.feed(opened, time.perf_counter())
        return self.http2.reusable and not self.ended

    async def send(self, data: bytes, deadline: float) -> None:
        """Seals and sends all of it. Raises `WireError`."""
        await self.send_sealed(self.seal(data), deadline)

    async def send_sealed(self, data: bytes, deadline: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.perf_counter())):
                await asyncio.get_running_loop().sock_sendall(self.sock, data)
        except TimeoutError as error:
            raise WireError("timeout: the request could not be sent") from error
        except OSError as error:
            raise WireError(connection_reason(error)) from error

    async def receive(self, deadline: float, most: int = RECEIVE) -> bytes:
        """The next bytes, still sealed; `b""` at the end of the connection. Raises `WireError`."""
        try:
            async with asyncio.timeout(max(0.0, deadline - time.perf_counter())):
                return await asyncio.get_running_loop().sock_recv(self.sock, most)
        except TimeoutError as error:
            raise WireError("timeout: no answer in time") from error
        except OSError as error:
            raise WireError(connection_reason(error)) from error

    def close(self, *, reset: bool = False) -> None:
        """`reset`: with RST in place of FIN, so that the server's own write fails."""
        if self.closed:
            return
        self.closed = True
        with contextlib.suppress(OSError):
            if reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def connection_reason(error: OSError) -> str:
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return "reset: the server closed the connection"
    return f"connection: {error.strerror or type(error).__name__}"


def tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate cannot be trusted ({error.verify_message})"
    return (error.reason or str(error)).replace("_", " ").lower()
