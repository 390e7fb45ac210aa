"""HTTP/1.1 by uvicorn with httptools, and with uvloop where there is one.

Chosen by measurement, on one core with a keyed POST over 64 connections (wrk) and an application that does nothing: uvicorn
22,072 requests a second, granian 18,415. The connections are our own (`connections.py`).
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

import uvicorn

from idemlint.contract.profile import UNKNOWN
from idemlint.errors import UsageError
from idemlint.mock.connections import Connection, connection_class

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from types import FrameType

    from idemlint.mock.app import MockApp
    from idemlint.mock.server import Tls

_TICKS: Final = 10
"""Of a tenth of a second each, between two looks at the connections."""
_STOPPING: Final = ("SIGINT", "SIGTERM", "SIGBREAK")


def serve_http1(app: MockApp, listener: socket.socket, *, ready: Callable[[], None], tls: Tls | None) -> int:
    """Until a signal comes, whose number is given."""
    server = Http1Server(app, ready, tls)
    server.run(sockets=[listener])
    return server.stopped_by


class Http1Server(uvicorn.Server):
    """Starts and stops the application itself, and looks after connections that take too long."""

    def __init__(self, app: MockApp, ready: Callable[[], None], tls: Tls | None = None) -> None:
        super().__init__(_config(app, tls))
        self._app = app
        self._ready = ready
        self.stopped_by = 0
        """The signal that ended it; 0: none did."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._app.start()
        await super().startup(sockets)
        await self.on_tick(0)  # the first answers have their Date
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.check()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await self._app.stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn would send itself the signal once more at the end; here, the exit code is the command's."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = [getattr(signal, name) for name in _STOPPING if hasattr(signal, name)]
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets what is at work come to its end, the second does not."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self.stopped_by = sig


def _config(app: MockApp, tls: Tls | None) -> uvicorn.Config:
    name = app.handling.policy.carrier.name
    config = uvicorn.Config(
        app,
        http=connection_class(app, app.connection, spelling="" if name is UNKNOWN else name),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level=sys.maxsize,  # what a client did wrong, it is told itself
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(app.limits.stop_seconds)),
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        config.load()
    except OSError as error:  # SSLError is one
        hint = "--certfile and --keyfile name files in PEM format"
        raise UsageError(f"the certificate or its key cannot be used: {error}", hint=hint) from None
    return config
