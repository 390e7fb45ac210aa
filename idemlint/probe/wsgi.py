"""A WSGI application (PEP 3333) as a target: each request on a thread of its own."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.in_process import InProcessLink
from idemlint.probe.transport.answers import BurstAnswer, BurstResult, Hold, Stagger, overlapping
from idemlint.probe.transport.h1_answer import KEPT_BODY, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

_GATE: Final = 1.0
"""Seconds that a burst waits for requests which do not come to the gate: they may never read their body."""


class WsgiLink(InProcessLink):
    """The threads are daemons: one that hangs in the application is left behind, and keeps nobody from ending."""

    async def send(self, request: httpx.Request) -> BurstAnswer:
        return await self._exchange(_Request(0, request))

    async def burst(self, requests: Sequence[httpx.Request], *, hold: Hold, stagger: Stagger | None) -> BurstResult:
        gate, offsets = _Gate(len(requests)), stagger or Stagger.none()
        answers = tuple(
            await asyncio.gather(
                *(
                    self._exchange(_Request(index, request, gate, hold, offsets.of(index)))
                    for index, request in enumerate(requests)
                )
            )
        )
        released = [answer.released for answer in answers]
        return BurstResult(answers, hold, self.http, max(released) - min(released), overlapping(answers))

    async def close(self) -> None:
        """Nothing is held."""

    async def _exchange(self, request: _Request) -> BurstAnswer:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[BurstAnswer] = loop.create_future()

        def tell(answer: BurstAnswer) -> None:
            if not future.done():
                future.set_result(answer)

        def work() -> None:
            answer = request.run(self.app)
            try:
                loop.call_soon_threadsafe(tell, answer)
            except RuntimeError:  # the run has ended meanwhile
                return

        threading.Thread(target=work, name="idemlint-wsgi", daemon=True).start()
        try:
            async with asyncio.timeout(self.timeout):
                return await future
        except TimeoutError:
            error = f"timed out after {self.timeout:g} s"
            return BurstAnswer(request.index, error=error, released=request.released, ended=time.perf_counter())


class _Gate:
    """Opens when all have come, or those that do not have had their time."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._lock = threading.Lock()
        self._open = threading.Event()

    def arrive(self) -> None:
        with self._lock:
            self._expected -= 1
            if self._expected <= 0:
                self._open.set()

    def pass_through(self) -> None:
        self.arrive()
        self._open.wait(_GATE)
        self._open.set()


class _Request:
    """One request: its way into the application and what comes out."""

    def __init__(
        self,
        index: int,
        request: httpx.Request,
        gate: _Gate | None = None,
        hold: Hold = Hold.TAIL,
        offset: float = 0.0,
    ) -> None:
        self.index = index
        self.released = 0.0
        self._request = request
        self._gate = gate
        self._hold = hold
        self._offset = offset
        self._status: int | None = None
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self._size = 0
        self._first_byte: float | None = None

    def run(self, app: Callable[..., Any]) -> BurstAnswer:
        """Never raises: what the application raises before its answer a server would make a 500 of."""
        late = self._gate is not None and self._hold is Hold.TAIL
        if self._gate is not None and not late:
            self.release()
        else:
            self.released = time.perf_counter()
        error = None
        try:
            error = self._answered(app)
        except Exception as failure:  # noqa: BLE001
            if self._first_byte is None:
                self._status, self._headers = 500, [("Content-Type", "text/plain")]
                self._take(type(failure).__name__.encode())
            else:
                error = f"protocol: the application failed in the middle of its answer: {type(failure).__name__}"
        finally:
            if self._gate is not None and late:
                self._gate.arrive()
        body, trouble = decoded(self._headers, bytes(self._body), whole=error is None)
        return BurstAnswer(
            self.index,
            self._status,
            self._headers,
            body,
            error or trouble,
            self.released,
            self._first_byte,
            time.perf_counter(),
            (),
            self._size,
        )

    def release(self) -> None:
        """Wait for the others of the burst."""
        if self._gate is not None:
            self._gate.pass_through()
            time.sleep(self._offset)
        self.released = time.perf_counter()

    def _answered(self, app: Callable[..., Any]) -> str | None:
        chunks = app(self._environ(), self._start)
        try:
            for chunk in chunks:
                if chunk or self._first_byte is not None:
                    self._take(chunk)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        if self._status is None:
            return "protocol: the application ended without calling start_response"
        self._take(b"")
        return None

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info is not None and self._first_byte is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status = int(status.partition(" ")[0])
        self._headers = [(str(name), str(value)) for name, value in headers]
        return self._take

    def _take(self, chunk: bytes) -> None:
        if self._first_byte is None:
            self._first_byte = time.perf_counter()
        self._size += len(chunk)
        self._body += chunk[: max(0, KEPT_BODY - len(self._body))]

    def _environ(self) -> dict[str, Any]:
        request, url = self._request, self._request.url
        body: io.BufferedIOBase = io.BytesIO(request.content)
        if self._gate is not None and self._hold is Hold.TAIL:
            body = io.BufferedReader(_Held(request.content, self.release), 65_536)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": url.path.encode().decode("latin-1"),
            "RAW_URI": url.raw_path.decode("ascii"),
            "QUERY_STRING": url.query.decode("ascii"),
            "SERVER_NAME": url.host,
            "SERVER_PORT": str(url.port or 80),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": url.scheme,
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for raw_name, raw_value in request.headers.raw:
            name = raw_name.decode("latin-1").upper().replace("-", "_")
            name = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
            value = raw_value.decode("latin-1")
            environ[name] = f"{environ[name]},{value}" if name in environ else value  # as gunicorn and CGI do
        return environ


class _Held(io.RawIOBase):
    """A body whose last byte is given out once the gate is open."""

    def __init__(self, content: bytes, release: Callable[[], None]) -> None:
        super().__init__()
        self._content = content
        self._place = 0
        self._release: Callable[[], None] | None = release

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = len(self._content) - self._place
        if left > 1:
            piece = self._content[self._place : self._place + min(left - 1, len(buffer))]
        else:
            if self._release is not None:
                self._release()
                self._release = None
            piece = self._content[self._place :][: len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)
