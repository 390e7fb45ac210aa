"""Small proxies, handlers for `servers.serving`: HTTP (forward and CONNECT) and SOCKS 5, with credentials where asked for."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.transport.servers import Connection

USER, PASSWORD = "proxy-user", "proxy-secret"
CREDENTIALS = base64.b64encode(f"{USER}:{PASSWORD}".encode())


def http_proxy(connection: Connection) -> None:
    """407 without the credentials. Forwards one request at a time, or tunnels."""
    request = connection.request()
    while request is not None:
        head, body = request
        lines = head.split(b"\r\n")
        if b"Proxy-Authorization: Basic " + CREDENTIALS not in lines:
            connection.send(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
            return
        method, target, _ = lines[0].split(b" ")
        if method == b"CONNECT":
            host, _, port = target.rpartition(b":")
            connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            tunnel(connection, host.decode(), int(port))
            return
        authority, _, path = target.removeprefix(b"http://").partition(b"/")
        host, _, port = authority.partition(b":")
        kept = [line for line in lines[1:] if not line.startswith(b"Proxy-")]
        with socket.create_connection((host.decode(), int(port))) as there:
            there.sendall(b"\r\n".join([b"%s /%s HTTP/1.1" % (method, path), *kept]) + body)
            connection.send(there.recv(65_536))
        request = connection.request()


def socks_proxy(connection: Connection) -> None:
    """RFC 1928 and 1929: user name and password, a domain name to connect to."""
    sock = connection.sock
    assert exactly(sock, 3) == b"\x05\x01\x02"
    sock.sendall(b"\x05\x02")
    user = exactly(sock, exactly(sock, 2)[1])
    password = exactly(sock, exactly(sock, 1)[0])
    if (user.decode(), password.decode()) != (USER, PASSWORD):
        sock.sendall(b"\x01\x01")
        return
    sock.sendall(b"\x01\x00")
    assert exactly(sock, 4) == b"\x05\x01\x00\x03"
    host = exactly(sock, exactly(sock, 1)[0]).decode()
    port = int.from_bytes(exactly(sock, 2), "big")
    if host == "unreachable.example":
        sock.sendall(b"\x05\x04\x00\x01" + bytes(6))
        return
    sock.sendall(b"\x05\x00\x00\x01" + bytes(6))
    tunnel(connection, host, port)


def tunnel(connection: Connection, host: str, port: int) -> None:
    with socket.create_connection((host, port)) as there:

        def back() -> None:
            with contextlib.suppress(OSError):
                while data := there.recv(65_536):
                    connection.send(data)

        threading.Thread(target=back, daemon=True).start()
        with contextlib.suppress(OSError):
            while data := connection.read():
                there.sendall(data)


def exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def refusing(status: bytes) -> Callable[[Connection], None]:
    def handler(connection: Connection) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 " + status + b"\r\n\r\n")

    return handler
