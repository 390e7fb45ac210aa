"""What is shown while a probe runs: one line on a terminal, or events as lines of JSON on standard output."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from idemlint.cli.output import speaks_unicode, terminal_width, write_stdout
from idemlint.probe_report import CheckFinished, CheckStarted, RunStarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.probe_report import Event

_EVERY: Final = 0.1
"""Seconds between two lines: faster is read by nobody."""
_SETTLED: Final = 1.0
"""Seconds before which no time left is told."""
_ERASE: Final = "\r\x1b[K"


class Progress:
    """Erases its line when it ends; writes nothing where nobody looks."""

    def __init__(self, *, quiet: bool, ndjson: bool, clock: Callable[[], float] = time.perf_counter) -> None:
        self._shown = not quiet and sys.stderr is not None and sys.stderr.isatty()
        self._ndjson = ndjson
        self._weights: dict[tuple[str, str], int] = {}
        """By operation and check: requests that are planned at most, which is how long it takes as far as anybody knows."""
        self._total = 0
        self._done = 0
        self._checks = 0
        self._requests = 0
        self._clock = clock
        self._started = clock()
        self._last = float("-inf")

    def show(self, event: Event) -> None:
        """An event, when it happens."""
        if self._ndjson:
            from idemlint.reporters.probe.ndjson import line

            write_stdout(line(event), people=False)
        if not self._shown:
            return
        if isinstance(event, RunStarted):
            for operation in event.plan.operations:
                for check in operation.checks:
                    self._weights[operation.operation, check.id] = 1 if check.skip else check.requests + 1
            self._total = sum(self._weights.values())
            self._started = self._clock()
        elif isinstance(event, CheckStarted):
            self._line(event.operation, event.id)
        elif isinstance(event, CheckFinished):
            self._checks += 1
            self._requests = event.requests
            self._done += self._weights.get((event.operation, event.result.id), 1)

    def end(self) -> None:
        """Leave nothing behind."""
        if self._shown:
            self._write(_ERASE)
            self._shown = False

    def _line(self, operation: str, check: str) -> None:
        now = self._clock()
        if now - self._last < _EVERY:
            return
        self._last = now
        from idemlint.reporters.columns import width
        from idemlint.reporters.escaping import terminal

        counts = f"{self._checks}/{len(self._weights)} checks, {self._requests} requests{self._left(now)}"
        room = terminal_width(sys.stderr) - len(counts) - len(check) - 5
        label = terminal(operation)
        while label and width(label) > room:
            label = label[:-1]
        self._write(f"{_ERASE}{counts}  {terminal(check)} {label}".rstrip())

    def _left(self, now: float) -> str:
        """Time left, as the requests so far went."""
        elapsed = now - self._started
        if elapsed < _SETTLED or self._done == 0:
            return ""
        seconds = elapsed / self._done * max(0, self._total - self._done)
        if seconds < 1:
            return ", about done"
        return f", about {seconds:.0f} s left" if seconds < 120 else f", about {seconds / 60:.0f} min left"

    def _write(self, text: str) -> None:
        """The loss of progress is no reason to fail."""
        if not speaks_unicode(sys.stderr):
            text = text.encode("ascii", "replace").decode("ascii")
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            self._shown = False
