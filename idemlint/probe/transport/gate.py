"""The transport: httpx as usual, and a gate behind which the requests of a burst wait for each other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import httpx

from idemlint.probe.transport.answers import BurstAnswer, BurstResult, Stagger
from idemlint.probe.transport.dial import Dialler
from idemlint.probe.transport.h1_answer import Answer
from idemlint.probe.transport.pool import LanePool
from idemlint.probe.transport.replay import Call, replay
from idemlint.probe.transport.tls import context_for

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from idemlint.probe.transport.answers import Hold

ERRAND: Final = "idemlint.errand"
"""The key in `httpx.Request.extensions` under which a request carries its `Errand` to the transport."""


class Errand(Protocol):
    """Another way to the server for one request, once httpx has applied auth, cookies and hooks to it."""

    async def run(self, transport: GatedTransport, request: httpx.Request) -> httpx.Response: ...


class GatedTransport(httpx.AsyncBaseTransport):
    """Goes wherever `httpx.AsyncHTTPTransport` goes; requests with an `Errand` go over lanes of its own.

    `verify`, `cert`: as `context_for` takes them. `proxy`: http, https, socks5 (the latter for requests outside of
    bursts with the package that `httpx[socks]` brings). `http2` with `http1=False` and a plain http URL is HTTP/2 with
    prior knowledge. `connect_timeout`: seconds for TCP, proxy and TLS together.
    """

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | str | bool = True,
        cert: str | tuple[str, str] | tuple[str, str, str] | None = None,
        http1: bool = True,
        http2: bool = False,
        limits: httpx.Limits | None = None,
        proxy: httpx.Proxy | httpx.URL | str | None = None,
        connect_timeout: float = 10.0,
    ) -> None:
        context = context_for(verify, cert)
        proxy = httpx.Proxy(proxy) if isinstance(proxy, (str, httpx.URL)) else proxy
        self._usual = httpx.AsyncHTTPTransport(
            verify=context,
            http1=http1,
            http2=http2,
            proxy=proxy,
            limits=limits or httpx.Limits(max_connections=100, max_keepalive_connections=20),
        )
        self.lanes = LanePool(Dialler(context, proxy=proxy, http1=http1, http2=http2, connect_timeout=connect_timeout))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        errand: Errand | None = request.extensions.get(ERRAND)
        if errand is None:
            return await self._usual.handle_async_request(request)
        await request.aread()
        return await errand.run(self, request)

    async def aclose(self) -> None:
        self.lanes.close()
        await self._usual.aclose()


async def send(
    client: httpx.AsyncClient | GatedTransport, request: httpx.Request, errand: Errand
) -> httpx.Response | httpx.HTTPError:
    """Sends the request on its errand, through the client's auth and hooks where there is a client."""
    request.extensions = {**request.extensions, ERRAND: errand}
    try:
        if isinstance(client, GatedTransport):
            return await client.handle_async_request(request)
        return await client.send(request, follow_redirects=False)
    except httpx.HTTPError as error:
        return error
    finally:
        request.extensions = {name: value for name, value in request.extensions.items() if name != ERRAND}


def as_response(answer: BurstAnswer) -> httpx.Response:
    """What httpx's auth flows get to see; the body is decoded already. Raises `httpx.ReadError` where there is none."""
    if answer.status is None or answer.error is not None:
        raise httpx.ReadError(answer.error or "no response")
    lost = ("content-encoding", "content-length", "transfer-encoding")
    kept = [(name, value) for name, value in answer.headers if name.lower() not in lost]
    return httpx.Response(answer.status, headers=kept, content=answer.body)


async def burst(
    client: httpx.AsyncClient | GatedTransport,
    requests: Sequence[httpx.Request],
    *,
    hold: Hold,
    stagger: Stagger | None = None,
    timeout: float = 30.0,  # noqa: ASYNC109 - ends as an answer, not as an exception
) -> BurstResult:
    """Sends the requests up to what is withheld, and releases them together.

    The client's transport has to be a `GatedTransport`; its auth, cookies and hooks apply. An auth flow that answers a
    challenge sends its request again: that is a burst of its own, and the last one counts. Several keys a burst are
    just different requests. Never raises for what a server or a network does.
    """
    stagger = stagger or Stagger.none()
    gate = _Gate(len(requests))
    tasks = [asyncio.create_task(gate.through(client, request, index)) for index, request in enumerate(requests)]
    results: list[BurstResult] = []
    answers: dict[int, BurstAnswer] = {}
    try:
        while waiting := await gate.all_waiting():
            calls = [call for call, _, _ in waiting]
            results.append(await replay(waiting[0][2].lanes, calls, hold=hold, stagger=stagger, seconds=timeout))
            for answer, (_, future, _) in zip(results[-1].answers, waiting, strict=True):
                answers[answer.index] = answer
                future.set_result(answer)
        failures = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    for index, failure in enumerate(failures):
        answers.setdefault(index, BurstAnswer(index, error=f"request: {failure}"))
    whole = tuple(answers[index] for index in range(len(requests)))
    if not results:
        return BurstResult(whole, hold, "HTTP/1.1", 0.0, overlap=False)
    return replace(results[-1], answers=whole, redialled=sum(result.redialled for result in results))


class _Gate:
    """Where requests wait until all that are still coming are there."""

    def __init__(self, expected: int) -> None:
        self._coming = expected
        self._waiting: list[tuple[Call, asyncio.Future[BurstAnswer], GatedTransport]] = []
        self._changed = asyncio.Event()

    async def through(
        self, client: httpx.AsyncClient | GatedTransport, request: httpx.Request, index: int
    ) -> httpx.HTTPError | None:
        ticket = _Ticket(self, index)
        try:
            outcome = await send(client, request, ticket)
        finally:
            self._coming -= 1
            self._changed.set()
        if isinstance(outcome, httpx.HTTPError):
            return outcome
        if not ticket.used:
            raise TypeError("a burst needs an httpx.AsyncClient whose transport is a GatedTransport")
        return None

    async def all_waiting(self) -> list[tuple[Call, asyncio.Future[BurstAnswer], GatedTransport]]:
        """Those that wait, as soon as nobody is missing; nobody once all have gone."""
        while len(self._waiting) < self._coming:
            self._changed.clear()
            await self._changed.wait()
        waiting, self._waiting = sorted(self._waiting, key=lambda one: one[0].answer.index), []
        return waiting

    async def wait(self, transport: GatedTransport, request: httpx.Request, index: int) -> BurstAnswer:
        future: asyncio.Future[BurstAnswer] = asyncio.get_running_loop().create_future()
        self._waiting.append((Call(request, Answer(index)), future, transport))
        self._changed.set()
        return await future


class _Ticket:
    """The errand of one request of a burst."""

    def __init__(self, gate: _Gate, index: int) -> None:
        self._gate = gate
        self._index = index
        self.used = False

    async def run(self, transport: GatedTransport, request: httpx.Request) -> httpx.Response:
        self.used = True
        return as_response(await self._gate.wait(transport, request, self._index))
