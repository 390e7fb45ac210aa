"""Opens lanes: TCP, a proxy where one is set (HTTP forward, CONNECT, SOCKS 5), TLS, and HTTP/2 where it is agreed on."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.transport.lane import Lane, Origin, WireError, connection_reason, tls_reason
from idemlint.probe.transport.tls import TlsLayer

if TYPE_CHECKING:
    import httpx

_MAX_PROXY_HEAD: Final = 65_536
_MAX_SOCKS_FIELD: Final = 255
_NEXT_ADDRESS: Final = 1.0
"""Seconds after which the next address of a name is tried: IPv6 is announced in places that it does not reach."""


class Dialler:
    """How a transport reaches its servers. Holds credentials: no repr shows them."""

    def __init__(
        self, context: ssl.SSLContext, *, proxy: httpx.Proxy | None, http1: bool, http2: bool, connect_timeout: float
    ) -> None:
        self._context = context
        self._proxy = proxy
        self._http1 = http1
        self._http2 = http2
        self._connect_timeout = connect_timeout
        self._addresses: dict[tuple[str, int], list[tuple[socket.AddressFamily, tuple[Any, ...]]]] = {}

    def may_speak_http2(self, origin: Origin) -> bool:
        return self._http2 and not origin.http1

    async def dial(self, origin: Origin) -> Lane:
        """A lane that is ready for a request. Raises `WireError`."""
        http1, http2 = self._http1 or origin.http1, self.may_speak_http2(origin)
        lane: Lane | None = None
        deadline = time.perf_counter() + self._connect_timeout
        try:
            async with asyncio.timeout(self._connect_timeout):
                near = (self._proxy.url.host, _port(self._proxy.url)) if self._proxy else (origin.host, origin.port)
                sock, took = await self._connect(*near)
                lane = Lane(sock, origin)
                lane.round_trip = took
                if self._proxy is not None:
                    await self._through(self._proxy, lane)
                if origin.scheme == "https":
                    offered = [name for name, wanted in (("h2", http2), ("http/1.1", http1)) if wanted]
                    await self._secure(lane, self._context, origin.server_name or origin.host, offered)
                if lane.protocol == "h2" or (origin.scheme == "http" and not http1):
                    from idemlint.probe.transport.h2_session import Http2Session

                    lane.http2 = await Http2Session.start(lane, deadline)
        except BaseException as error:
            if lane is not None:
                lane.close()
            if isinstance(error, TimeoutError):
                raise WireError("connect: timeout") from error
            if isinstance(error, OSError):
                raise WireError(f"connect: {connection_reason(error)}") from error
            raise
        return lane

    async def _connect(self, host: str, port: int) -> tuple[socket.socket, float]:
        """The first address that answers, and the seconds that it took."""
        loop = asyncio.get_running_loop()
        if (host, port) not in self._addresses:
            try:
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                raise WireError(f"connect: the name {host!r} cannot be resolved") from error
            self._addresses[host, port] = [(family, address) for family, _, _, _, address in found]
        addresses = self._addresses[host, port]
        failure: OSError = ConnectionRefusedError("no address")
        for place, (family, address) in enumerate(tuple(addresses)):
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            started = time.perf_counter()
            try:
                async with asyncio.timeout(_NEXT_ADDRESS if place + 1 < len(addresses) else None):
                    await loop.sock_connect(sock, address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:  # TimeoutError is one
                sock.close()
                failure = error
            except BaseException:
                sock.close()
                raise
            else:
                addresses.sort(key=lambda one: one[1] != address)  # the one that answers comes first from now on
                return sock, time.perf_counter() - started
        raise failure

    async def _secure(self, lane: Lane, context: ssl.SSLContext, server_name: str, offered: list[str]) -> None:
        """TLS on what the lane is so far."""
        try:
            layer = TlsLayer(context, server_name, offered)
        except ValueError as error:
            raise WireError(f"connect: tls: {server_name!r} is no name of a server") from error
        received = b""
        try:
            while not layer.handshake(received):
                await self._send(lane, layer.pending())
                received = await self._receive(lane)
                if not received:
                    raise WireError("connect: the server closed the connection within the TLS handshake")
        except ssl.SSLError as error:
            with contextlib.suppress(OSError, WireError):
                await self._send(lane, layer.pending())
            raise WireError(f"connect: tls: {tls_reason(error)}") from error
        await self._send(lane, layer.pending())
        lane.layers.append(layer)

    async def _through(self, proxy: httpx.Proxy, lane: Lane) -> None:
        if proxy.url.scheme in ("socks5", "socks5h"):
            await self._through_socks(proxy, lane)
            return
        headers = list(proxy.headers.raw)
        if proxy.raw_auth is not None:
            headers.insert(0, (b"Proxy-Authorization", b"Basic " + base64.b64encode(b":".join(proxy.raw_auth))))
        if proxy.url.scheme == "https":
            await self._secure(lane, proxy.ssl_context or self._context, proxy.url.host, ["http/1.1"])
        if lane.origin.scheme == "http":
            lane.absolute, lane.proxy_headers = True, tuple(headers)
            return
        host = f"[{lane.origin.host}]" if ":" in lane.origin.host else lane.origin.host
        target = f"{host}:{lane.origin.port}".encode()
        lines = b"".join(b"%s: %s\r\n" % line for line in [(b"Host", target), (b"Accept", b"*/*"), *headers])
        await self._send(lane, b"CONNECT %s HTTP/1.1\r\n%s\r\n" % (target, lines))
        head = b""
        while b"\r\n\r\n" not in head:
            received = await self._receive(lane)
            if not received or len(head) > _MAX_PROXY_HEAD:
                raise WireError("connect: the proxy did not answer CONNECT")
            head += received
        status = re.match(rb"HTTP/1\.[01] (\d{3})", head)
        if status is None or not status[1].startswith(b"2"):
            raise WireError(f"connect: the proxy refused with {status[1].decode() if status else 'no HTTP'}")

    async def _through_socks(self, proxy: httpx.Proxy, lane: Lane) -> None:
        """RFC 1928, the name resolved by the proxy; RFC 1929 for a user name and password."""
        host = lane.origin.host.encode()
        if max(map(len, (host, *(proxy.raw_auth or ())))) > _MAX_SOCKS_FIELD:
            raise WireError("connect: a host name, user or password too long for a SOCKS proxy")
        await self._send(lane, b"\x05\x01\x02" if proxy.raw_auth else b"\x05\x01\x00")
        choice = await self._exactly(lane, 2)
        if choice[1:] == b"\x02" and proxy.raw_auth is not None:
            user, password = proxy.raw_auth
            await self._send(lane, b"\x01%c%s%c%s" % (len(user), user, len(password), password))
            if (await self._exactly(lane, 2))[1:] != b"\x00":
                raise WireError("connect: the SOCKS proxy refused the credentials")
        elif choice[1:] != b"\x00":
            raise WireError("connect: the SOCKS proxy wants another way to log in")
        await self._send(lane, b"\x05\x01\x00\x03%c%s" % (len(host), host) + lane.origin.port.to_bytes(2, "big"))
        reply = await self._exactly(lane, 5)
        if reply[1] != 0:
            raise WireError(f"connect: the SOCKS proxy could not reach the server (reply {reply[1]})")
        rest = {1: 3, 3: reply[4], 4: 15}.get(reply[3])
        if rest is None:
            raise WireError("connect: the SOCKS proxy answered with an unknown kind of address")
        await self._exactly(lane, rest + 2)

    async def _send(self, lane: Lane, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(lane.sock, lane.seal(data))

    async def _receive(self, lane: Lane, most: int = 65_536) -> bytes:
        """The next bytes in clear text; `b""` at the end of the connection."""
        while True:
            received = await asyncio.get_running_loop().sock_recv(lane.sock, most)
            if not received:
                return b""
            opened = lane.open(received)
            if opened or lane.ended:
                return opened

    async def _exactly(self, lane: Lane, count: int) -> bytes:
        data = b""
        while len(data) < count:
            received = await self._receive(lane, count - len(data))
            if not received:
                raise WireError("connect: the SOCKS proxy closed the connection")
            data += received
        return data


def _port(url: httpx.URL) -> int:
    return url.port or {"https": 443, "http": 80}.get(url.scheme, 1080)
