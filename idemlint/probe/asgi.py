"""An ASGI 3 application as a target, lifespan included."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import UsageError
from idemlint.probe.in_process import InProcessLink
from idemlint.probe.transport.answers import BurstAnswer, BurstResult, Hold, Stagger, overlapping
from idemlint.probe.transport.h1_answer import KEPT_BODY, decoded

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    import httpx

_GATE: Final = 1.0
"""Seconds that a burst waits for requests which do not come to the gate: they may never read their body."""
_START: Final = 30.0
_SHUTDOWN: Final = 3.0


class AsgiLink(InProcessLink):
    """Each request a task. What an application goes on doing after its answer goes on beside the next requests."""

    def __init__(self, app: Any, *, timeout: float = 10.0) -> None:
        super().__init__(app, timeout=timeout)
        self._lifespan: _Lifespan | None = None
        self._running: set[asyncio.Task[Any]] = set()

    async def send(self, request: httpx.Request) -> BurstAnswer:
        await self._started()
        return await self._exchange(0, request, None, Hold.TAIL, 0.0)

    async def burst(self, requests: Sequence[httpx.Request], *, hold: Hold, stagger: Stagger | None) -> BurstResult:
        await self._started()
        gate = _Gate(len(requests))
        offsets = stagger or Stagger.none()
        answers = tuple(
            await asyncio.gather(
                *(
                    self._exchange(index, request, gate, hold, offsets.of(index))
                    for index, request in enumerate(requests)
                )
            )
        )
        released = [answer.released for answer in answers]
        return BurstResult(answers, hold, self.http, max(released) - min(released), overlapping(answers))

    async def close(self) -> None:
        """Requests that are still at work are given up; then the application is told to shut down."""
        for task in self._running:
            task.cancel()
        if self._lifespan is not None:
            await self._lifespan.end()

    async def _started(self) -> None:
        if self._lifespan is None:
            self._lifespan = _Lifespan(self.app)
            await self._lifespan.begin()

    async def _exchange(
        self, index: int, request: httpx.Request, gate: _Gate | None, hold: Hold, offset: float
    ) -> BurstAnswer:
        seen = _Seen(index, request, gate if hold is Hold.TAIL else None, offset)
        if gate is not None and hold is Hold.HEAD:
            await gate.passed()
            await asyncio.sleep(offset)
        seen.released = time.perf_counter()
        state = {} if self._lifespan is None else dict(self._lifespan.state)
        task = asyncio.ensure_future(self.app(_scope(request, state), seen.receive, seen.send))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        finished = asyncio.ensure_future(seen.finished.wait())
        try:
            await asyncio.wait((task, finished), timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            finished.cancel()
            if gate is not None and hold is Hold.TAIL:
                gate.arrive()
        if seen.finished.is_set():
            task.add_done_callback(_heed)
            return seen.answer(None)
        if not task.done():
            task.cancel()
            task.add_done_callback(_heed)
            return seen.answer(f"timed out after {self.timeout:g} s")
        return seen.answer(_failure(task, seen))


def _heed(task: asyncio.Task[Any]) -> None:
    """Look at how a task ended: asyncio would complain about an exception that nobody asked for."""
    if not task.cancelled():
        task.exception()


def _failure(task: asyncio.Task[Any], seen: _Seen) -> str | None:
    """The application ended before its answer was whole. What it raised a server would make a 500 of."""
    error = None if task.cancelled() else task.exception()
    if error is None:
        return "protocol: the application ended before its answer was whole"
    if seen.status is not None:
        return f"protocol: the application failed in the middle of its answer: {type(error).__name__}"
    seen.status, seen.first_byte = 500, time.perf_counter()
    seen.headers = [("content-type", "text/plain")]
    seen.body += type(error).__name__.encode()
    return None


class _Gate:
    """Opens when all have come, or those that do not have had their time."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._open = asyncio.Event()

    def arrive(self) -> None:
        self._expected -= 1
        if self._expected <= 0:
            self._open.set()

    async def passed(self) -> None:
        self.arrive()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GATE):
                await self._open.wait()
        self._open.set()


class _Seen:
    """One request as an application reads it, and what it sends."""

    def __init__(self, index: int, request: httpx.Request, gate: _Gate | None, offset: float) -> None:
        body = request.content
        self._parts = [body] if gate is None or len(body) < 2 else [body[:-1], body[-1:]]
        self._gate = gate
        self._offset = offset
        self._index = index
        self._size = 0
        self.released = 0.0
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()
        self.first_byte: float | None = None
        self.finished = asyncio.Event()

    async def receive(self) -> MutableMapping[str, Any]:
        if not self._parts:
            await self.finished.wait()
            return {"type": "http.disconnect"}
        part = self._parts.pop(0)
        if not self._parts and self._gate is not None:
            await self._gate.passed()
            if self._offset:
                await asyncio.sleep(self._offset)
            self.released = time.perf_counter()
        return {"type": "http.request", "body": part, "more_body": bool(self._parts)}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.first_byte = time.perf_counter()
            self.headers = [
                (bytes(name).decode("latin-1"), bytes(value).decode("latin-1"))
                for name, value in message.get("headers", ())
            ]
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            self._size += len(body)
            self.body += body[: max(0, KEPT_BODY - len(self.body))]
            if not message.get("more_body"):
                self.finished.set()

    def answer(self, error: str | None) -> BurstAnswer:
        body, trouble = decoded(self.headers, bytes(self.body), whole=error is None)
        return BurstAnswer(
            self._index,
            self.status,
            self.headers,
            body,
            error or trouble,
            self.released,
            self.first_byte,
            time.perf_counter(),
            (),
            self._size,
        )


def _scope(request: httpx.Request, state: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 50_000),
        "server": (request.url.host, request.url.port or 80),
        "state": state,
    }


class _Lifespan:
    """ASGI's lifespan protocol, version 2.0. An application without it is served all the same."""

    def __init__(self, app: Any) -> None:
        self.state: dict[str, Any] = {}
        """What start-up leaves for the requests; each gets a copy."""
        self._app = app
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outbox: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        self._inbox.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(_START):
                message = await self._outbox.get()
        except TimeoutError:
            raise UsageError(f"--app: the application did not start within {_START:g} s") from None
        if message["type"] == "lifespan.startup.failed":
            raise UsageError(f"--app: the application does not start: {message.get('message', '')[:500]}")

    async def end(self) -> None:
        if self._task is None or self._task.done():
            return
        self._inbox.put_nowait({"type": "lifespan.shutdown"})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHUTDOWN):
                await self._outbox.get()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._inbox.get, self._outbox.put)
        except Exception:  # noqa: BLE001 - the protocol's way to say "no lifespan here"
            self._outbox.put_nowait({"type": "lifespan.unsupported"})
        else:
            self._outbox.put_nowait({"type": "lifespan.over"})
