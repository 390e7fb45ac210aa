"""The small payments API on a real socket, with an ear for what is asked of it, and a hand to meddle with the answers."""

from __future__ import annotations

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from small_api import WsgiPayments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from small_api import Answer


class Asked(NamedTuple):
    at: float
    method: str
    path: str
    headers: dict[str, str]


class ApiServer:
    """`meddle(number, asked)` gives an answer in the place of the API's own; number counts from 1."""

    def __init__(self, meddle: Callable[[int, Asked], Answer | None] | None = None, *, races: bool = False) -> None:
        self.api = WsgiPayments(races=races)
        self.asked: list[Asked] = []
        self.meddle = meddle
        self.url = ""
        self.lock = threading.Lock()

    @property
    def posted(self) -> list[Asked]:
        return [each for each in self.asked if each.method == "POST"]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        asked = Asked(time.perf_counter(), method, path, headers)
        with self.lock:
            self.asked.append(asked)
            number = len(self.asked)
        given = self.meddle(number, asked) if self.meddle is not None else None
        return given or self.api.answer(method, path, headers, body)


@contextlib.contextmanager
def api_server(
    meddle: Callable[[int, Asked], Answer | None] | None = None, *, races: bool = False
) -> Iterator[ApiServer]:
    server = ApiServer(meddle, races=races)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): ", ".join(self.headers.get_all(name)) for name in self.headers}
            status, fields, content = server.answer(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            self.wfile.flush()

        do_GET = do_POST = do_HEAD = do_OPTIONS = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A client that went away."""

    with Quiet(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
