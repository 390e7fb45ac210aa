"""Scripted servers on real sockets, a thread per connection, that remember every byte and how a connection ended."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from functools import cache
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 10.0


class Connection:
    """What the server has of one client."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock = sock
        self.server = server
        self.received = b""
        """Everything, in clear text."""
        self.taken = 0
        """How much of it `request` has made requests of."""
        self.pieces: list[bytes] = []
        """What each read brought."""
        self.ended: str | None = None
        """`eof` or `reset`, once the client has left."""

    def read(self) -> bytes:
        """The next bytes; `b""` when the client has left."""
        try:
            piece = self.sock.recv(262_144)
            ended = None if piece else "eof"
        except (ConnectionResetError, BrokenPipeError):
            piece, ended = b"", "reset"
        except (OSError, ValueError):
            piece, ended = b"", "eof"
        with self.server.changed:
            self.received += piece
            self.pieces += [piece] if piece else []
            self.ended = ended or self.ended
            self.server.changed.notify_all()
        return piece

    def request(self) -> tuple[bytes, bytes] | None:
        """The next whole request as head and body; None when the client has left."""
        while (end := self.received.find(b"\r\n\r\n", self.taken)) < 0:
            if not self.read():
                return None
        head = self.received[self.taken : end + 4]
        body_start = end + 4
        if b"transfer-encoding: chunked" in head.lower():
            while (stop := self.received.find(b"0\r\n\r\n", body_start)) < 0:
                if not self.read():
                    return None
            stop += 5
        else:
            length = [
                line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
            ]
            stop = body_start + int(length[0]) if length else body_start
            while len(self.received) < stop:
                if not self.read():
                    return None
        self.taken = stop
        with self.server.changed:
            self.server.whole.append((time.perf_counter(), head, self.received[body_start:stop]))
            self.server.changed.notify_all()
        return head, self.received[body_start:stop]

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self.sock.sendall(data)

    def drain(self) -> None:
        while self.read():
            pass

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.sock.close()


class Server:
    def __init__(self, handler: Callable[[Connection], None], context: ssl.SSLContext | None = None) -> None:
        self.changed = threading.Condition()
        self.connections: list[Connection] = []
        self.whole: list[tuple[float, bytes, bytes]] = []
        """Complete requests: when, head, body."""
        self._handler = handler
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/orders"
        threading.Thread(target=self._accept, daemon=True).start()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self._listener.close()
        for connection in self.connections:
            connection.sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        if self._context is not None:
            try:
                sock = self._context.wrap_socket(sock, server_side=True)
            except (OSError, ValueError):
                return
        connection = Connection(sock, self)
        with self.changed:
            self.connections.append(connection)
            self.changed.notify_all()
        with contextlib.suppress(OSError):
            self._handler(connection)
            sock.close()


@contextlib.contextmanager
def serving(handler: Callable[[Connection], None], context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(handler, context)
    try:
        yield server
    finally:
        server.close()


def response(body: bytes = b"", status: int = 201, *lines: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *lines))
    return head.encode() + b"\r\n" + body


def echo(connection: Connection) -> None:
    """201 with the request's own body, as often as asked."""
    while (request := connection.request()) is not None:
        connection.send(response(request[1]))


def answering(data: bytes) -> Callable[[Connection], None]:
    """The same bytes to each request; then the connection is closed."""

    def handler(connection: Connection) -> None:
        if connection.request() is not None:
            connection.send(data)

    return handler


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(*, client_certificates: bool = False, protocols: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("127.0.0.1", "shop.example").configure_cert(context)
    context.set_alpn_protocols(list(protocols))
    if client_certificates:
        authority().configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def ca_file(folder: Path) -> str:
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return str(path)
