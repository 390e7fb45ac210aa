"""Several processes that serve one mock: started, watched, restarted when they die, and never left behind.

Each is started anew (`spawn`, on every system) and gets the listening socket, so that the kernel hands connections to
whoever is free. A worker watches a pipe whose other end only its parent holds: when the parent dies, however it dies, the
pipe ends, and so does the worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from multiprocessing.connection import wait
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

from idemlint.errors import IdemlintError, UsageError
from idemlint.mock.clock import shared_clock
from idemlint.mock.stores import open_store
from idemlint.mock.stores.protocol import StoreDownError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from types import FrameType

    from idemlint.mock.assembly import Options
    from idemlint.mock.server import Tls

_START_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 1.0
"""Windows hears of Ctrl-C between two waits only."""
_MAX_FAILURES: Final = 5
"""In a row, of workers that never came to serve: then it is no accident."""
_READY: Final = ("ready", "", "")


class _Stop(BaseException):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Order(NamedTuple):
    """What a worker needs to know."""

    options: Options
    tls: Tls | None
    http2: bool
    folder: str
    """Removed by the last one who can."""


def serve_with_workers(
    options: Options,
    listener: socket.socket,
    number: int,
    *,
    ready: Callable[[], None],
    say: Callable[[str], None],
    tls: Tls | None = None,
    http2: bool = False,
) -> int:
    """Serve with `number` processes until SIGINT or SIGTERM; gives the signal's number.

    A store in memory is kept in a temporary SQLite database instead, which all share. IdemlintError or StoreDownError if a
    worker cannot start.
    """
    folder = tempfile.mkdtemp(prefix="idemlint-mock-")
    try:
        options = options._replace(clock=shared_clock(folder))
        if options.store == "memory":
            options = options._replace(store=f"sqlite:{os.path.join(folder, 'store.sqlite')}")
            say(f"{number} workers share one store: a temporary SQLite database takes the place of memory")
        asyncio.run(_prepare(options.store))
        return _Supervisor(_Order(options, tls, http2, folder), listener, number, say).run(ready)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(url: str) -> None:
    """Make what the store needs before several processes find it missing; StoreDownError if it cannot be had."""
    store = open_store(url)
    await store.open()
    await store.close()


class _Worker:
    def __init__(self, order: _Order, listener: socket.socket) -> None:
        context = multiprocessing.get_context("spawn")
        self.messages: Connection
        self.messages, theirs = context.Pipe(duplex=False)
        self.process: SpawnProcess = context.Process(target=_work, args=(order, listener, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self._served = False

    @property
    def has_served(self) -> bool:
        """Whether it got as far as to accept requests."""
        if not self._served:
            with contextlib.suppress(EOFError, OSError):
                self._served = self.messages.poll() and self.messages.recv() == _READY
        return self._served

    def await_ready(self) -> None:
        """Until it serves. IdemlintError or StoreDownError with its reason if it cannot."""
        what, message, hint = "died", "", ""
        if self.messages.poll(_START_SECONDS):
            with contextlib.suppress(EOFError, OSError):
                what, message, hint = self.messages.recv()
        if what == "error":
            raise UsageError(message, hint=hint)
        if what == "down":
            raise StoreDownError(message)
        if what != "ready":
            self.process.join(1)
            raise UsageError(f"a worker did not start (exit code {self.process.exitcode})")
        self._served = True

    def stop(self) -> None:
        if self.process.is_alive():
            self.process.terminate()

    def end(self, seconds: float) -> None:
        self.process.join(max(0.0, seconds))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.messages.close()
        self.process.close()


class _Supervisor:
    def __init__(self, order: _Order, listener: socket.socket, number: int, say: Callable[[str], None]) -> None:
        self._order = order
        self._listener = listener
        self._number = number
        self._say = say
        self._workers: list[_Worker] = []
        self._failures = 0

    def run(self, ready: Callable[[], None]) -> int:
        signals = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
        before = {each: signal.signal(each, _raise_stop) for each in signals}
        try:
            for _ in range(self._number):
                self._workers.append(_Worker(self._order, self._listener))
            for worker in self._workers:
                worker.await_ready()
            ready()
            self._watch()
        except _Stop as stop:
            return stop.number
        finally:
            for each in signals:
                signal.signal(each, signal.SIG_IGN)
            self._listener.close()
            self._end()
            for each, handler in before.items():
                signal.signal(each, handler)
        return 0

    def _watch(self) -> None:
        while True:
            wait([worker.process.sentinel for worker in self._workers], _LOOK_SECONDS)
            for place, worker in enumerate(self._workers):
                if worker.process.is_alive():
                    continue
                code = worker.process.exitcode
                self._failures = 0 if worker.has_served else self._failures + 1
                worker.end(0)
                if self._failures > _MAX_FAILURES:
                    del self._workers[place]
                    raise UsageError(f"workers die as soon as they start (exit code {code})")
                self._say(f"a worker died (exit code {code}) and is started again")
                self._workers[place] = _Worker(self._order, self._listener)

    def _end(self) -> None:
        for worker in self._workers:
            worker.stop()
        deadline = monotonic() + self._order.options.limits.stop_seconds + 1
        for worker in self._workers:
            worker.end(deadline - monotonic())


def _raise_stop(number: int, _frame: FrameType | None) -> None:
    raise _Stop(number)


# --- in the worker -----------------------------------------------------------------------------------------------------


def _work(order: _Order, listener: socket.socket, messages: Connection) -> None:
    """A worker's whole life. Its parent is told whether it serves; people are told nothing."""
    threading.Thread(target=_watch_parent, args=(order.folder,), daemon=True).start()
    code = 0
    try:
        _serve(order, listener, messages)
    except KeyboardInterrupt:
        code = 0
    except IdemlintError as error:
        code = 2
        _tell(messages, ("error", str(IdemlintError(error.message, source=error.source)), error.hint))
    except StoreDownError as error:
        code = 2
        _tell(messages, ("down", str(error), ""))
    _flush()
    os._exit(code)


def _serve(order: _Order, listener: socket.socket, messages: Connection) -> None:
    from idemlint.mock.assembly import build
    from idemlint.mock.server import serve

    app = build(order.options)
    listener.setblocking(False)
    serve(app, listener, ready=lambda: _tell(messages, _READY), tls=order.tls, http2=order.http2)


def _watch_parent(folder: str) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _tell(messages: Connection, what: tuple[str, str, str]) -> None:
    with contextlib.suppress(OSError):
        messages.send(what)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
