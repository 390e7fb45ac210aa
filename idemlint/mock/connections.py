"""HTTP/1.1 on one connection: httptools parses, the application answers, and everything has a bound.

uvicorn runs the event loop and takes a class such as this one (`http=`) for its connections. Its own class knows no bound
for a head's size, a slow head or a slow body, and makes four messages of each exchange; this one makes none.

llhttp, below httptools, refuses what request smuggling needs: `Content-Length` beside `Transfer-Encoding`, two lengths, a
bare line feed, white space before a colon. Each refusal here gets a problem body and ends the connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import httptools

from idemlint.mock.limits import DEFAULT_LIMITS, Limits
from idemlint.mock.messages import Request
from idemlint.mock.wire import REFUSALS, encoded, path_and_query, without_upgrade

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from idemlint.mock.app import MockApp

_NEVER: Final = float("inf")
_QUEUED: Final = 32
"""Pipelined requests beyond which no more is read for now."""
_UPGRADES: Final = 8
"""That one read may ask for."""


class _Asked(NamedTuple):
    """A request, and how its answer has to be sent."""

    request: Request
    keep_alive: bool
    head_only: bool


class Connection(asyncio.Protocol):
    """One connection. `check` is called once a second and ends what takes too long; no timer runs for any request."""

    app: MockApp
    """Set by `connection_class`, as are the limits."""
    limits: Limits = DEFAULT_LIMITS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn calls it."""
        self.loop = _loop or asyncio.get_running_loop()
        self.server_state = server_state
        self.parser = httptools.HttpRequestParser(self)
        self.transport = cast("asyncio.Transport", None)
        self.client, self.port = "", 0
        self.scheme = "http"
        self.url = b""
        self.headers: list[tuple[str, str]] = []
        self.body: list[bytes] = []
        self.head_bytes = self.body_bytes = 0
        self.in_head = self.in_body = self.upgrading = False
        self.keep_alive = True
        self.busy = False
        self.waiting: deque[_Asked] = deque()
        """Behind the request that is being answered."""
        self.ending = False
        """Nothing more is read; the connection ends with the answer under way."""
        self.lost = False
        self.half_closed = False
        """The client sends no more. Most that do so have gone; those that have not still read."""
        self.deadline = _NEVER
        """For what the client has to do next."""
        self.write_deadline = _NEVER

    # --- the connection ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self.client, self.port = str(peer[0]), int(peer[1])
        if transport.get_extra_info("sslcontext") is not None:
            self.scheme = "https"
        connections: set[Any] = self.server_state.connections
        connections.add(self)
        self.deadline = self.loop.time() + self.limits.idle_seconds
        if len(connections) > self.limits.connections:
            self.refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        """What was read in part is forgotten; what was read whole is done to its end."""
        connections: set[Any] = self.server_state.connections
        connections.discard(self)
        self.lost = self.ending = True
        self.waiting.clear()

    def eof_received(self) -> bool:
        """A client that says it will send no more still gets the answers to what it sent."""
        self.half_closed = True
        return self.busy and self.scheme == "http"

    def data_received(self, data: bytes) -> None:
        if self.ending:
            return
        if not self.in_head and not self.in_body:
            self.in_head = True
            self.head_bytes = 0
            self.deadline = self.loop.time() + self.limits.head_seconds
        # Behind the head this counts what is no body: chunk extensions and trailers.
        self.head_bytes += len(data)
        self._feed(data)
        if self.head_bytes > self.limits.head_bytes and (self.in_head or self.in_body):
            self.refuse(431)

    def pause_writing(self) -> None:
        self.write_deadline = self.loop.time() + self.limits.body_seconds
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.write_deadline = _NEVER
        self._go_on()

    def shutdown(self) -> None:
        """The server stops."""
        self.ending = True
        self.waiting.clear()
        if not self.busy:
            self.transport.close()

    def check(self) -> None:
        """End what took too long: a head or body that does not arrive, an idle connection, an answer nobody reads."""
        now = self.loop.time()
        if now > self.write_deadline:
            self.lost = self.ending = True
            self.transport.abort()
        elif now > self.deadline and not self.busy:
            if self.ending or not (self.in_head or self.in_body):
                self.transport.close()
            else:
                self.refuse(408)

    def refuse(self, status: int) -> None:
        """Answer without the application, throw away what still comes for a while, and close.

        An answer that is being given to an earlier request on this connection is not disturbed; then that one is the last.
        """
        if self.ending:
            return
        self.ending = True
        self.waiting.clear()
        self.body = []
        if self.busy:
            return
        self.transport.write(REFUSALS[status])
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.deadline = self.loop.time() + self.limits.linger_seconds

    # --- reading: called by the parser ---------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self.in_head = True
        self.deadline = self.loop.time() + self.limits.head_seconds
        self.url = b""
        self.headers = []
        self.body = []
        self.body_bytes = 0

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A trailer is none: what was not there when the head ended must not count as if it had been."""
        if self.in_head:
            self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if self.ending:
            return
        limits = self.limits
        self.in_head = False
        self.in_body = True
        self.deadline = self.loop.time() + limits.body_seconds
        if len(self.headers) > limits.head_fields or (
            self.head_bytes > limits.head_bytes
            and len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > limits.head_bytes
        ):
            self.refuse(431)
            return
        if self.parser.should_upgrade():
            self.upgrading = True
            return
        self.keep_alive = self.parser.should_keep_alive() and self.parser.get_http_version() == "1.1"
        self.head_bytes = 0
        hosts = 0
        for name, value in self.headers:
            if name == "host":
                hosts += 1
            elif name == "content-length":
                if int(value) > limits.body_bytes:
                    self.refuse(413)
            elif name == "transfer-encoding" and value.lower() != "chunked":
                self.refuse(501)
            elif name == "expect" and value.lower() == "100-continue" and not self.busy and not self.ending:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            self.refuse(400)  # RFC 9112, section 3.2

    def on_body(self, body: bytes) -> None:
        if self.ending:
            return
        self.head_bytes = 0
        self.body_bytes += len(body)
        if self.body_bytes > self.limits.body_bytes:
            self.refuse(413)
            return
        self.body.append(body)

    def on_message_complete(self) -> None:
        if self.ending or self.upgrading:
            return
        self.in_body = False
        self.head_bytes = 0
        self.deadline = _NEVER
        path, query = path_and_query(self.url.decode("latin-1"))
        method = self.parser.get_method().decode("latin-1")
        body = self.body
        request = Request(
            method,
            path,
            query=query,
            headers=self.headers,
            body=body[0] if len(body) == 1 else b"".join(body),
            client=self.client,
            scheme=self.scheme,
            connection=self.port,
            disconnected=self._has_gone,
        )
        asked = _Asked(request, self.keep_alive, method == "HEAD")
        if not self.busy:
            self._start(asked)
            return
        self.waiting.append(asked)
        if len(self.waiting) > _QUEUED:
            self.transport.pause_reading()

    def _feed(self, data: bytes) -> None:
        for _ in range(_UPGRADES):
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stopped:
                # The request as if it had asked for no upgrade (RFC 9110, 7.8): httptools would drop its body. Java's
                # HTTP client asks for `h2c` with each first request, a POST with a body as well.
                method = self.parser.get_method()
                if method == b"CONNECT" or self.ending:
                    break
                data = without_upgrade(method, self.url, self.headers, data[stopped.args[0] :])
                self.upgrading = False
                self.parser = httptools.HttpRequestParser(self)
            except httptools.HttpParserError:
                break
            else:
                return
        self.refuse(400)

    async def _has_gone(self) -> bool:
        return self.lost or self.half_closed

    # --- answering -----------------------------------------------------------------------------------------------------

    def _start(self, asked: _Asked) -> None:
        self.busy = True
        task = self.loop.create_task(self._respond(asked))
        self.server_state.tasks.add(task)
        task.add_done_callback(self.server_state.tasks.discard)

    async def _respond(self, asked: _Asked) -> None:
        try:
            answer = await self.app.answer(asked.request)
        except asyncio.CancelledError:
            self.transport.abort()
            raise
        self.busy = False
        if self.lost:
            return
        keep_alive = asked.keep_alive and not self.ending and (not self.half_closed or bool(self.waiting))
        more = self.server_state.default_headers
        self.transport.write(encoded(answer, more, keep_alive=keep_alive, head_only=asked.head_only))
        if not keep_alive:
            self.ending = True
            self.transport.close()
        elif self.write_deadline == _NEVER:
            self._go_on()

    def _go_on(self) -> None:
        """To the next request, once the answer to the one before is on its way."""
        if self.ending or self.busy:
            return
        if self.waiting:
            self._start(self.waiting.popleft())
        elif self.in_head or self.in_body:
            self.deadline = max(self.deadline, self.loop.time() + self.limits.head_seconds)
        else:
            self.deadline = self.loop.time() + self.limits.idle_seconds
        if len(self.waiting) <= _QUEUED:
            self.transport.resume_reading()


def connection_class(app: MockApp, mixins: tuple[type, ...] = (), *, spelling: str = "") -> type[Connection]:
    """The class for a server's connections. `spelling`: of the key's header, for a fault that heeds it."""
    members = {"app": app, "limits": app.limits, "spelling": spelling.encode("latin-1", "replace")}
    return type("Connection", (*mixins, Connection), members)
