"""The way to a target over the network: httpx as usual, and the burst gate beside it, on the same transport."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

import httpx

from idemlint.errors import UsageError
from idemlint.probe.transport import BurstAnswer, GatedTransport, burst, send_and_abort, send_partial, send_raw
from idemlint.probe.transport.h1_answer import KEPT_BODY, decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe.transport import BurstResult, Hold, Stagger

AUTH: Final = "idemlint.auth"
"""Key in a request's extensions under which its `httpx.Auth` travels."""
_RESET: Final = "the connection was reset"
_INVALID: Final = "invalid HTTP or an early end"
THERE: Final = (_RESET, _INVALID)
"""How errors begin that only a server can cause that is there."""
_ENDLESS: Final = 256 * 1024 * 1024
"""Bytes after which a body is taken to have no end."""


class NetworkLink:
    """Never raises for what a server or a network does: the answer's `error` tells."""

    over_the_wire = True

    def __init__(self, transport: GatedTransport, *, http2: bool = False, timeout: float = 10.0) -> None:
        self.http = "HTTP/2" if http2 else "HTTP/1.1"
        self.timeout = timeout
        """Seconds for the whole of one exchange."""
        self._transport = transport
        self._clients: dict[int, httpx.AsyncClient] = {}

    async def send(self, request: httpx.Request) -> BurstAnswer:
        client = self._client(request)
        until = time.perf_counter() + self.timeout
        try:
            async with asyncio.timeout(self.timeout):
                response = await client.send(request, stream=True)
        except TimeoutError:
            return BurstAnswer(0, error=f"timed out after {self.timeout:g} s", ended=time.perf_counter())
        except Exception as error:  # noqa: BLE001 - what a server does may trip any layer below
            return BurstAnswer(0, error=_reason(error), ended=time.perf_counter())
        first = time.perf_counter()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        raw, size, failure = await self._body(response, until)
        body, trouble = decoded(headers, raw, whole=size == len(raw) and failure is None)
        return BurstAnswer(
            0, response.status_code, headers, body, failure or trouble, 0.0, first, time.perf_counter(), (), size
        )

    async def _body(self, response: httpx.Response, until: float) -> tuple[bytes, int, str | None]:
        """What is kept of it, as it came over the wire; its size; and what went wrong."""
        kept, size, failure = bytearray(), 0, None
        try:
            async with asyncio.timeout(max(0.001, until - time.perf_counter())):
                async for piece in response.aiter_raw():
                    size += len(piece)
                    kept += piece[: max(0, KEPT_BODY - len(kept))]
                    if size > _ENDLESS:
                        failure = f"a body of more than {_ENDLESS >> 20} MiB"
                        break
        except TimeoutError:
            failure = f"timed out after {self.timeout:g} s in the body"
        except Exception as error:  # noqa: BLE001
            failure = _reason(error)
        finally:
            with contextlib.suppress(Exception):
                await response.aclose()
        return bytes(kept), size, failure

    async def burst(self, requests: Sequence[httpx.Request], *, hold: Hold, stagger: Stagger | None) -> BurstResult:
        return await burst(self._client(requests[0]), requests, hold=hold, stagger=stagger, timeout=self.timeout)

    async def cut_off(self, request: httpx.Request, *, after_bytes: float) -> BurstAnswer:
        return await send_partial(self._client(request), request, upto=after_bytes, timeout=self.timeout)

    async def abandon(self, request: httpx.Request, *, after: float, reset: bool, status_line: bool) -> BurstAnswer:
        return await send_and_abort(
            self._client(request), request, after=None if status_line else after, rst=reset, timeout=self.timeout
        )

    async def raw(self, message: bytes, request: httpx.Request) -> BurstAnswer:
        return await send_raw(
            self._client(request), request.url, [message], method=request.method, timeout=self.timeout
        )

    async def close(self) -> None:
        self._clients.clear()
        await self._transport.aclose()

    def _client(self, request: httpx.Request) -> httpx.AsyncClient:
        """One client an auth object: an auth may remember a challenge, or a token."""
        auth = request.extensions.get(AUTH)
        client = self._clients.get(id(auth))
        if client is None:
            timeout = httpx.Timeout(self.timeout)
            client = httpx.AsyncClient(transport=self._transport, auth=auth, timeout=timeout, follow_redirects=False)
            self._clients[id(auth)] = client
        client.cookies.clear()
        return client


def network_link(
    *,
    http2: bool = False,
    timeout: float = 10.0,
    proxy: str | None = None,
    cacert: str | None = None,
    cert: str | None = None,
    insecure: bool = False,
) -> NetworkLink:
    """A link by what a command line says. UsageError: a certificate cannot be read, or the extra http2 is missing."""
    if http2:
        try:
            import h2  # noqa: F401
        except ImportError:
            raise UsageError("--http2 needs the package h2", hint="pip install 'idemlint[http2]'") from None
    verify: str | bool = False if insecure else (cacert or True)
    try:
        transport = GatedTransport(verify=verify, cert=cert, http2=http2, proxy=proxy)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"certificates or proxy cannot be used: {error}", hint="--cacert, --cert: files in PEM"
        ) from None
    return NetworkLink(transport, http2=http2, timeout=timeout)


def _reason(error: Exception) -> str:
    """`connect: refused`, `read timeout`: what went wrong, in a few words."""
    kind = type(error).__name__
    words = {
        "ConnectError": "no connection",
        "ConnectTimeout": "timed out while connecting",
        "ReadTimeout": "timed out while waiting for the answer",
        "WriteTimeout": "timed out while sending",
        "PoolTimeout": "timed out while waiting for a connection",
        "ReadError": _RESET,
        "WriteError": f"{_RESET} while sending",
        "RemoteProtocolError": _INVALID,
        "DecodingError": "the body could not be decoded",
    }.get(kind, kind)
    text = str(error)
    return f"{words}: {text}" if text else words
