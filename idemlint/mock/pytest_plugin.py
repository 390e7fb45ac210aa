"""The fixture `idemlint_mock`: mocks on real sockets, for the length of a test.

    def test_retry(idemlint_mock):
        mock = idemlint_mock("openapi.yaml", profile="stripe-v1", delay=0.05)
        assert httpx.post(mock.url + "/payments", headers={"Idempotency-Key": "k-1"}, json={...}).status_code == 201
        assert mock.effects() == {"POST /payments": 1}

Each runs on a thread of the test's own process, with an event loop of its own.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

if TYPE_CHECKING:
    import os
    import socket
    from collections.abc import Callable, Coroutine, Iterator

    from idemlint.mock.app import MockApp
    from idemlint.openapi.document import Document
    from idemlint.openapi.references import References

T = TypeVar("T")
_PATIENCE: Final = 30.0
"""Seconds for a mock to start, to stop, or to answer one of the calls below."""


class RunningMock:
    """A mock that serves until `stop`."""

    def __init__(self, app: MockApp) -> None:
        """IdemlintError or StoreDownError if it cannot start."""
        from idemlint.mock.http1 import Http1Server
        from idemlint.mock.server import address, listen

        self.app = app
        listener = listen("127.0.0.1", 0)
        self.url = address(listener, tls=False)
        """`http://127.0.0.1:PORT`."""
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._server = Http1Server(app, self._started)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, args=(listener,), name="idemlint-mock", daemon=True)
        self._thread.start()
        if not self._ready.wait(_PATIENCE):
            raise TimeoutError(f"the mock did not start within {_PATIENCE:g} seconds")
        if self._failure is not None:
            raise self._failure

    def effects(self) -> dict[str, int]:
        """How often each operation really ran: `{"POST /payments": 1}`."""
        return self._call(self.app.handling.store.counts())

    def move_clock(self, seconds: float) -> None:
        """Let time pass for the mock: keys expire."""
        clock = self.app.handling.clock
        clock.move(seconds)
        self._call(self.app.handling.store.sweep(now=clock.now()))

    def reset(self) -> None:
        """Forget keys, resources, counts, and the moved clock."""
        self._call(self.app.handling.store.reset())
        self.app.handling.clock.reset()

    @property
    def connections(self) -> frozenset[object]:
        """Those that clients hold open."""
        return frozenset(self._server.server_state.connections)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE)

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            raise RuntimeError("the mock is not running")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_PATIENCE)

    def _started(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()

    def _run(self, listener: socket.socket) -> None:
        try:
            self._server.run(sockets=[listener])
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            self._failure = error
        finally:
            listener.close()
            self._ready.set()


@pytest.fixture
def idemlint_mock() -> Iterator[Callable[..., RunningMock]]:
    """A factory: `idemlint_mock(document, **options)`, options as `idemlint.mock.create_app` takes them."""
    running: list[RunningMock] = []

    def start(document: str | os.PathLike[str] | Document | References, **options: Any) -> RunningMock:
        from idemlint.mock import create_app

        running.append(RunningMock(create_app(document, **options)))
        return running[-1]

    yield start
    for mock in running:
        mock.stop()
