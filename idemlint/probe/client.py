"""Sends calls, with care for the target: a budget, a rate, patience, and an eye on the credentials."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx

from idemlint.probe.exchange import Burst, Exchange
from idemlint.probe.field_lines import lines_in, lines_of
from idemlint.probe.principals import FIRST, NOBODY, Principal
from idemlint.probe.transport.h1_answer import KEPT_BODY
from idemlint.probe_report import BurstRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from idemlint.probe.exchange import Call
    from idemlint.probe.transport.answers import BurstAnswer, BurstResult, Hold, Stagger

_TRIES_AFTER_429: Final = 3
_LOST_AFTER: Final = 2
"""Refusals in a row after which the credentials are held to be lost (section 3.0 of the checks)."""
_DEFAULT_WAIT: Final = 1.0
_RECOVERY: Final = 1.3
_FASTEST: Final = 200.0
"""Requests a second from which on a pace that was slowed by a 429 is no longer held back."""
_SLOWEST: Final = 0.5
"""Requests a second: slower than that a target that refuses is not asked."""
_SILENT_AFTER: Final = 12
"""Exchanges in a row without an answer after which is asked whether the target is still there."""
_WAITS: Final = 10
"""Waits of the greatest length that a whole run may spend on a target that asks for patience."""
_AUTH_STATUSES: Final = (401, 403)
_OWN: Final = ((b"User-Agent", b"idemlint"), (b"Accept-Encoding", b"gzip, deflate"))
"""What every request has; a call that names one of them has both lines replaced."""


class RunEndedError(Exception):
    """The run cannot go on; what is known by then is reported. The text says why."""


class BudgetUsedUpError(RunEndedError):
    """No requests are left."""


class AuthLostError(RunEndedError):
    """The target no longer accepts the credentials."""


class TargetLostError(RunEndedError):
    """The target no longer answers."""


class Link(Protocol):
    """The way to the target: a network, or an application in this process. Nothing here raises for what a server does.

    It knows its own time-out.
    """

    over_the_wire: bool
    """False: no sockets, so nothing can be cut off, reset, or held back."""
    http: str
    """`HTTP/1.1` or `HTTP/2`."""

    async def send(self, request: httpx.Request) -> BurstAnswer: ...

    async def burst(self, requests: Sequence[httpx.Request], *, hold: Hold, stagger: Stagger | None) -> BurstResult: ...

    async def cut_off(self, request: httpx.Request, *, after_bytes: float) -> BurstAnswer:
        """That fraction of the body is sent, then the connection is closed."""

    async def abandon(self, request: httpx.Request, *, after: float, reset: bool, status_line: bool) -> BurstAnswer:
        """All of it is sent, and the connection closed after `after` seconds, or once the status line was there."""

    async def raw(self, message: bytes, request: httpx.Request) -> BurstAnswer:
        """These bytes, to the origin of `request`."""

    async def close(self) -> None: ...


class Client:
    """All requests of a run go through one of these."""

    def __init__(
        self,
        link: Link,
        principals: Mapping[str, Principal],
        *,
        budget: int,
        rate: float | None = None,
        max_wait: float = 30.0,
    ) -> None:
        self.link = link
        self.principals = dict(principals)
        self.principals.setdefault(NOBODY, Principal(NOBODY))
        self.budget = budget
        self.rate = rate
        """Requests a second, at most; None: as fast as the answers come. Falls with each 429, and recovers."""
        self._asked_rate = rate
        self.max_wait = max_wait
        """Seconds that one wait, for a `Retry-After` say, may take."""
        self.sent = 0
        self.limited = 0
        """429 answers so far."""
        self.watch: Callable[[Exchange], None] | None = None
        """Is shown every exchange."""
        self._patience = _WAITS * max_wait
        self._began = time.perf_counter()
        self._numbers = 0
        self._next_at = 0.0
        self._refused: dict[str, int] = {}
        self._silent = 0

    @property
    def left(self) -> int:
        return self.budget - self.sent

    async def send(self, call: Call) -> Exchange:
        """One exchange. A 429 is waited out and sent again, which no server can hold against its first execution."""
        exchange = await self._send_once(call)
        for _ in range(_TRIES_AFTER_429):
            if exchange.status != 429 or self.left <= 0 or not self._back_off(exchange, _DEFAULT_WAIT):
                break
            exchange = await self._send_once(call)
        await self._watch_target(exchange)
        return exchange

    async def burst(self, calls: Sequence[Call], *, hold: Hold, stagger: Stagger | None = None) -> Burst:
        """Released together through the gate."""
        await self._admit(len(calls))
        requests = [self._request(call) for call in calls]
        started = time.perf_counter()
        result = await self.link.burst(requests, hold=hold, stagger=stagger)
        together: list[Exchange] = []
        exchanges = [
            self._exchange(call, request, answer, started, http=result.protocol, beside=together)
            for call, request, answer in zip(calls, requests, result.answers, strict=True)
        ]
        together += [replace(exchange, headers=(), body=b"", beside=()) for exchange in exchanges]
        for exchange in exchanges:
            if exchange.status == 429:
                self._back_off(exchange, _DEFAULT_WAIT)
                break
        record = BurstRecord(
            tuple(exchange.number for exchange in exchanges),
            result.hold.value,
            result.protocol,
            result.spread,
            result.overlap,
        )
        return Burst(tuple(exchanges), record)

    async def cut_off(self, call: Call, *, after_bytes: float = 0.5) -> Exchange:
        await self._admit(1)
        request, started = self._request(call), time.perf_counter()
        answer = await self.link.cut_off(request, after_bytes=after_bytes)
        return self._exchange(call, request, answer, started, body_sent=int(len(call.body) * after_bytes))

    async def abandon(
        self, call: Call, *, after: float = 0.05, reset: bool = False, status_line: bool = False
    ) -> Exchange:
        await self._admit(1)
        request, started = self._request(call), time.perf_counter()
        answer = await self.link.abandon(request, after=after, reset=reset, status_line=status_line)
        return self._exchange(call, request, answer, started, left_after=0.0 if status_line else after)

    async def raw(self, call: Call, message: bytes) -> Exchange:
        """These bytes instead of the call's own; `message_of` gives those to start from."""
        await self._admit(1)
        request, started = self._request(call), time.perf_counter()
        answer = await self.link.raw(message, request)
        return self._exchange(call, request, answer, started, sent=lines_in(message))

    def message_of(self, call: Call) -> bytes:
        """The call's bytes on an HTTP/1.1 connection, credentials included."""
        from idemlint.probe.transport.wire import wire

        return wire(self._request(call))

    async def close(self) -> None:
        await self.link.close()

    async def _send_once(self, call: Call) -> Exchange:
        await self._admit(1)
        request, started = self._request(call), time.perf_counter()
        answer = await self.link.send(request)
        return self._exchange(call, request, answer, started)

    async def _admit(self, count: int) -> None:
        if self.sent + count > self.budget:
            raise BudgetUsedUpError(f"the budget of {self.budget} requests was used up")
        self.sent += count
        now = time.perf_counter()
        wait = self._next_at - now
        if self.rate:
            self._next_at = max(now, self._next_at) + count / self.rate
        if wait > 0:
            await asyncio.sleep(wait)

    def _request(self, call: Call) -> httpx.Request:
        principal = self.principals[call.principal]
        names = {name.lower() for name, _ in principal.headers}
        lines = [line for line in call.headers if line[0].lower() not in names]
        headers = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in lines]
        headers += [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in principal.headers]
        extensions = {} if principal.auth is None else {"idemlint.auth": principal.auth}
        given = {name.lower() for name, _ in headers}
        own = [line for line in _OWN if line[0].lower() not in given]
        request = httpx.Request(
            call.method, call.url, headers=[*own, *headers], content=call.body or None, extensions=extensions
        )
        request.read()
        return request

    def _exchange(
        self, call: Call, request: httpx.Request, answer: BurstAnswer, started: float, **more: Any
    ) -> Exchange:
        """`more`: what else an `Exchange` has, in the place of what is usual."""
        self._numbers += 1
        exchange = Exchange(
            number=self._numbers,
            call=call,
            status=answer.status if not answer.error else None,
            headers=tuple(answer.headers),
            body=answer.body,
            size=answer.size,
            cut=len(answer.body) >= KEPT_BODY,
            error=answer.error or "",
            interim=answer.interim,
            started=started,
            ended=answer.ended if answer.ended is not None else time.perf_counter(),
            released=answer.released or None,
            first_byte=answer.first_byte,
            **{"sent": lines_of(request), "http": self.link.http, **more},
        )
        if self.watch is not None:
            self.watch(exchange)
        self.limited += exchange.status == 429
        if exchange.status != 429:
            self._recover()
        if exchange.status == 503 and exchange.header("retry-after") is not None:
            self._back_off(exchange, 0.0)
        self._watch_credentials(exchange)
        return exchange

    def _back_off(self, exchange: Exchange, otherwise: float) -> bool:
        """Let the next request wait as long as the answer asks for, and be slower from then on. False: that is too long."""
        wait = retry_after(exchange)
        wait = otherwise if wait is None else wait
        if wait > min(self.max_wait, self._patience):
            return False
        self._patience -= wait
        now = time.perf_counter()
        self._next_at = max(self._next_at, now + wait)
        if exchange.status == 429:
            seen = self.sent / max(0.001, now - self._began)
            self.rate = max(_SLOWEST, min(self.rate or seen, seen) / 2)
        return True

    def _recover(self) -> None:
        """A little faster after each answer that is no 429, up to what the user asked for."""
        if self.rate is None or self.rate == self._asked_rate:
            return
        self.rate *= _RECOVERY
        most = self._asked_rate or _FASTEST
        if self.rate >= most:
            self.rate = self._asked_rate

    async def _watch_target(self, exchange: Exchange) -> None:
        """One operation may hang, or reset each connection: only a target that answers nothing at all is lost."""
        self._silent = self._silent + 1 if exchange.status is None else 0
        if self._silent < _SILENT_AFTER:
            return
        await self._admit(1)
        origin = httpx.URL(exchange.call.url).copy_with(raw_path=b"/")
        answer = await self.link.send(httpx.Request("HEAD", origin, headers={"User-Agent": "idemlint"}))
        if answer.status is None:
            raise TargetLostError(f"the target no longer answers: {answer.error}")
        self._silent = 0

    def _watch_credentials(self, exchange: Exchange) -> None:
        """Called for each exchange, so that bursts tell as well; with HTTP they are answered in any order."""
        if exchange.call.refusal_expected or exchange.call.principal != FIRST:
            return
        method = exchange.call.method  # what anybody may read says nothing of who may write
        if exchange.status in _AUTH_STATUSES:
            self._refused[method] = refused = self._refused.get(method, 0) + 1
            if refused >= _LOST_AFTER:
                raise AuthLostError(
                    f"authentication was lost: the target answered {exchange.status} {refused} times in a row"
                )
        elif exchange.status is not None:
            self._refused[method] = 0


def retry_after(exchange: Exchange) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110, section 10.2.3); None if there is none that can be read."""
    value = (exchange.header("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return max(0.0, moment.timestamp() - time.time())
