"""Ctrl-C: the run ends within a second, with a report of what is known by then."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import ExitCode

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import FrameType
    from typing import Self

_PATIENCE: Final = 0.6
"""Seconds that the run has to come to its end by itself."""
_DEAF: Final = 2.0
"""Seconds in which further signals are not heeded: whoever runs us may pass on what the terminal sent us already."""


class Interruption:
    """SIGINT and SIGTERM cancel the task that is followed. If that takes too long, say since an application in this
    process blocks the event loop, `late` is called on a thread of its own, and the process ends.
    """

    def __init__(self, late: Callable[[], None]) -> None:
        self.stopped = False
        self._late = late
        self._at = 0.0
        self._cancel: Callable[[], object] | None = None
        self._timer: threading.Timer | None = None
        self._ending = threading.Lock()
        self._before: dict[signal.Signals, Any] = {}

    def follow(self, task: asyncio.Task[Any]) -> None:
        """This is what has to end. To be called from its event loop."""
        loop = task.get_loop()
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self.stopped:
            task.cancel()

    def unfollow(self) -> None:
        self._cancel = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._signalled)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._ending.acquire(blocking=False):
            threading.Event().wait()  # the other thread is about to end the process
        for number, handler in self._before.items():
            signal.signal(number, handler if not self.stopped else self._signalled)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.stopped:
            if now - self._at > _DEAF:
                os._exit(ExitCode.INTERRUPTED)
            return
        self.stopped, self._at = True, now
        self._timer = threading.Timer(_PATIENCE, self._give_up)
        self._timer.daemon = True
        self._timer.start()
        if self._cancel is not None:
            self._cancel()

    def _give_up(self) -> None:
        if not self._ending.acquire(blocking=False):
            return
        try:
            self._late()
        finally:
            os._exit(ExitCode.INTERRUPTED)
