"""One process that serves the mock: where it listens, and by which server."""

from __future__ import annotations

import errno
import gc
import socket
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from idemlint.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.mock.app import MockApp

_BACKLOG: Final = 2_048


class Tls(NamedTuple):
    """Files in PEM format."""

    certificate: str
    key: str | None = None
    """None: in the certificate's file as well."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. UsageError if the address cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise UsageError(f"--host {host!r} is no address of this computer: {error.strerror or error}") from None
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _unavailable(host, port, error) from None
    listener.setblocking(False)
    return listener


def _unavailable(host: str, port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            f"port {port} on {host} is in use", hint="stop what listens there, or --port 0 for a free one"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return UsageError(
            f"port {port} on {host} may not be used", hint="ports below 1024 are the system's: --port 4010"
        )
    return UsageError(
        f"cannot listen on {host}, port {port}: {error.strerror or error}", hint="--host 127.0.0.1 --port 0"
    )


def address(listener: socket.socket, *, tls: bool) -> str:
    """`http://127.0.0.1:4010`."""
    host, port = listener.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def serve(
    app: MockApp, listener: socket.socket, *, ready: Callable[[], None], tls: Tls | None = None, http2: bool = False
) -> int:
    """Serve until SIGINT or SIGTERM; gives the signal's number. `ready` is called once requests are accepted.

    StoreDownError before `ready` if the store cannot be had.
    """
    _collect_garbage()
    if http2 and tls is not None:
        from idemlint.mock.http2 import serve_http2

        return serve_http2(app, listener, ready=ready, tls=tls)
    from idemlint.mock.http1 import serve_http1

    return serve_http1(app, listener, ready=ready, tls=tls)


def _collect_garbage() -> None:
    """The program starts with the collector off; a server that runs for days needs it.

    What was made on the way here stays until the end and is left out. The thresholds are wide, because what requests leave
    behind is nearly all freed by reference counts, and what a store keeps would be walked again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
