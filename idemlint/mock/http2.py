"""HTTP/2 (and HTTP/1.1) over TLS by hypercorn, which the extra `http2` brings."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import UsageError

try:
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
except ImportError as missing:
    raise UsageError(
        f"--http2 needs {missing.name}, which is not installed", hint="pip install 'idemlint[http2]'"
    ) from missing

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from idemlint.mock.app import MockApp
    from idemlint.mock.server import Tls

_STOPPING: Final = ("SIGINT", "SIGTERM", "SIGBREAK")


def serve_http2(app: MockApp, listener: socket.socket, *, ready: Callable[[], None], tls: Tls) -> int:
    """Until a signal comes, whose number is given."""
    config = _config(app, listener, tls)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(app, config, ready))


async def _serve(app: MockApp, config: Config, ready: Callable[[], None]) -> int:
    stopped_by: list[int] = []
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def handle(number: int, _frame: object) -> None:
        stopped_by.append(number)
        loop.call_soon_threadsafe(stop.set)

    async def stopping() -> None:
        ready()  # hypercorn asks from the moment on that it accepts
        await stop.wait()

    # Of what clients do to their connections hypercorn lets the loop hear; nobody else need.
    loop.set_exception_handler(lambda _loop, _context: None)
    await app.start()  # by ourselves, so that a store that is down is told as what it is
    signals = [getattr(signal, name) for name in _STOPPING if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in signals}
    serving = asyncio.create_task(hypercorn_serve(_Started(app), config, shutdown_trigger=stopping, mode="asgi"))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({serving}, timeout=app.limits.stop_seconds + 1)
        if serving.done():
            serving.result()
    finally:
        for task in (serving, stopped):
            task.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
        await app.stop()
    return stopped_by[0] if stopped_by else 0


class _Started:
    """The application, for a server that wants to start it once more."""

    def __init__(self, app: MockApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})


def _config(app: MockApp, listener: socket.socket, tls: Tls) -> Config:
    limits = app.limits
    config = Config()
    config.bind = [f"fd://{listener.dup().detach()}"]  # hypercorn closes what it gets
    config.certfile = tls.certificate
    config.keyfile = tls.key or tls.certificate
    config.accesslog = None
    config.errorlog = None
    config.include_server_header = False
    config.graceful_timeout = limits.stop_seconds
    config.shutdown_timeout = limits.stop_seconds
    config.keep_alive_timeout = limits.idle_seconds
    config.h11_max_incomplete_size = limits.head_bytes
    config.h2_max_header_list_size = limits.head_bytes
    config.read_timeout = round(limits.body_seconds)
    try:
        config.create_ssl_context()
    except OSError as error:  # SSLError is one
        hint = "--certfile and --keyfile name files in PEM format"
        raise UsageError(f"the certificate or its key cannot be used: {error}", hint=hint) from None
    return config


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None
