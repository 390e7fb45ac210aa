"""The mock as an ASGI application (ASGI 3.0, HTTP & WebSocket message format 2.3, lifespan 2.0)."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from itertools import count
from secrets import token_hex
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.admin import PREFIX
from idemlint.mock.limits import DEFAULT_LIMITS
from idemlint.mock.messages import Answer, Request
from idemlint.mock.stores.protocol import StoreDownError
from idemlint.mock.wire import body_of, sendable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from idemlint.mock.access_log import AccessLog
    from idemlint.mock.admin import Admin
    from idemlint.mock.cors import Cors
    from idemlint.mock.handling import Handling
    from idemlint.mock.limits import Limits
    from idemlint.mock.telemetry import Telemetry

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_SWEEP_SECONDS: Final = 1.0


class MockApp:
    """One process's mock. Opens its store when a server starts it (lifespan), else with the first request."""

    def __init__(
        self,
        handling: Handling,
        *,
        cors: Cors,
        admin: Admin | None = None,
        limits: Limits = DEFAULT_LIMITS,
        access_log: AccessLog | None = None,
        telemetry: Telemetry | None = None,
        connection: tuple[type, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        """`connection`: classes that the HTTP/1.1 server puts in front of its own for one connection. `notes`: what is
        well to know before it is relied on, for whoever starts it to tell.
        """
        self.handling = handling
        self.connection = connection
        self.notes = notes
        self.cors = cors
        self.admin = admin
        self.limits = limits
        self.access_log = access_log
        self.telemetry = telemetry
        self._watched = access_log is not None or telemetry is not None
        self._open = False
        self._opening = asyncio.Lock()
        self._sweeper: asyncio.Task[None] | None = None
        self._next_sweep = 0.0
        self._prefix = token_hex(6)
        self._requests = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        elif kind == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def open(self) -> None:
        """Connect the store, once. StoreDownError says what to do."""
        async with self._opening:
            if not self._open:
                await self.handling.store.open()
                self._open = True

    async def start(self) -> None:
        """`open`, and from then on forget expired keys now and then. For servers; `stop` ends it."""
        await self.open()
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        if self._open:
            self._open = False
            await self.handling.store.close()
        if self.telemetry is not None:
            self.telemetry.shutdown()

    # --- one request ---------------------------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._body(scope, receive)
        if body is None:
            return
        method = scope["method"]
        path = scope.get("raw_path")
        client = scope.get("client")
        request = Request(
            method,
            (path if path is not None else scope["path"].encode()).decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            body=body if isinstance(body, bytes) else b"",
            client=client[0] if client else "",
            connection=client[1] or 0 if client else 0,
            scheme=scope.get("scheme", "http"),
            disconnected=partial(_gone, receive),
        )
        if isinstance(body, bytes):
            # A server that cancels its task when the client goes away must not cancel the work with it.
            answer = await asyncio.shield(asyncio.ensure_future(self.answer(request)))
        else:
            answer = self._finished(request, self.handling.answers.payload_too_large(self.limits.body_bytes))
        await _send(answer, send, head_only=method == "HEAD")

    async def _body(self, scope: Scope, receive: Receive) -> bytes | _TooLarge | None:
        """The whole body; None if the client went away before its end: then nothing happens at all."""
        most = self.limits.body_bytes
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        parts: list[bytes] = []
        size = int(length) if length.isdigit() and len(length) < 19 else 0
        if size <= most:
            size = 0
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                part = message.get("body", b"")
                if not message.get("more_body", False):
                    if not parts and len(part) <= most:
                        return bytes(part)
                    parts.append(part)
                    return b"".join(parts) if size + len(part) <= most else _TOO_LARGE
                parts.append(part)
                size += len(part)
                if size > most:
                    break
        if scope.get("http_version", "1.1")[:1] != "1":
            await self._throw_away(receive)
        return _TOO_LARGE

    async def _throw_away(self, receive: Receive) -> None:
        """The rest of a body that is too large. In HTTP/2 the connection is lost with whoever goes on sending to a stream
        that was answered.
        """
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                while (await receive()).get("more_body", False):
                    continue
        except TimeoutError:
            return

    async def answer(self, request: Request) -> Answer:
        """The answer to a request that was read whole, with the headers that each answer has."""
        if not self._watched:
            return self._finished(request, await self._handled(request))
        started = perf_counter()
        if self.telemetry is None:
            answer = self._finished(request, await self._handled(request))
        else:
            with self.telemetry.request(request) as span:
                answer = self._finished(request, await self._handled(request))
                span.answered(request, answer, perf_counter() - started)
        if self.access_log is not None:
            self.access_log.write(request, answer, perf_counter() - started)
        return answer

    async def _handled(self, request: Request) -> Answer:
        """Whatever goes wrong inside, a client sees a problem document and no traceback."""
        try:
            if self._sweeper is None:
                await self._look_after_store()
            if self.admin is not None and request.path.startswith(PREFIX):
                return await self.admin.handle(request)
            if request.method == "OPTIONS":
                return await self._options(request)
            return await self.handling.handle(request)
        except StoreDownError:
            return self.handling.answers.store_down()
        except Exception as error:  # noqa: BLE001 - the last line of defence: one request must not end a server
            _report(error, request)
            return self.handling.answers.server_error()

    async def _options(self, request: Request) -> Answer:
        """Preflight requests, and what a path allows; else the document's own OPTIONS."""
        methods = self.handling.router.allowed(request.path)
        preflight = self.cors.preflight(request, methods)
        if preflight is not None:
            return preflight
        answer = await self.handling.handle(request)
        return Answer(204, (("allow", ", ".join(methods)),)) if answer.status == 405 and methods else answer

    async def _look_after_store(self) -> None:
        """What `start` does, for an application that no server started."""
        await self.open()
        now = monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            await self.handling.store.sweep(now=self.handling.clock.now())

    def _finished(self, request: Request, answer: Answer) -> Answer:
        """With a request id, unless it has one that its replays name; readable across origins, where a browser asks."""
        if answer.header("x-request-id") is None:
            own = ("x-request-id", f"req-{self._prefix}-{next(self._requests)}")
            answer = Answer(answer.status, (*answer.headers, own), answer.body)
        origin = request.header("origin")
        if origin is not None and answer.header("access-control-allow-origin") is None:
            return self.cors.shown(answer, origin)
        return answer

    # --- the process ---------------------------------------------------------------------------------------------------

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except StoreDownError as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                await self.handling.store.sweep(now=self.handling.clock.now())
            except StoreDownError:
                continue  # the next request tells


class _TooLarge:
    """A body beyond the limit."""


_TOO_LARGE: Final = _TooLarge()


async def _gone(receive: Receive) -> bool:
    """Whether the client has gone away, once its body was read: nothing else can be received then."""
    try:
        async with asyncio.timeout(0):
            message = await receive()
    except TimeoutError:
        return False
    return bool(message["type"] == "http.disconnect")


async def _send(answer: Answer, send: Send, *, head_only: bool) -> None:
    lines = [(name.encode(), value.encode("latin-1", "replace")) for name, value in sendable(answer.headers)]
    body = body_of(answer)
    if body is not None:
        lines.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": lines})
    await send({"type": "http.response.body", "body": b"" if head_only or body is None else body})


def _report(error: Exception, request: Request) -> None:
    """One line for whoever runs the mock."""
    if sys.stderr is None:
        return
    if os.environ.get("IDEMLINT_DEBUG"):
        import traceback

        sys.stderr.write("".join(traceback.format_exception(error)))
    what = ascii(f"{request.operation or request.path[:200]}: {type(error).__name__}: {str(error)[:500]}")[1:-1]
    sys.stderr.write(f"idemlint: this is a bug in idemlint: {what}\n")
    sys.stderr.flush()
