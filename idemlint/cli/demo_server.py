"""The demo's server: `idemlint mock` as a process of its own on a free port, which ends with the demo however that ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import IdemlintError

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY: Final = "listening on "
_PATIENCE: Final = 15.0
"""Seconds for the server to start, and to end."""


@contextlib.contextmanager
def serving(document: str, *arguments: str) -> Iterator[str]:
    """URL of a mock of this document (its text). IdemlintError if it does not start.

    SIGTERM is taken as Ctrl-C is, so that the server is stopped then as well.
    """
    with tempfile.TemporaryFile() as errors, _terminable():
        process = subprocess.Popen(  # noqa: S603 - this program itself
            [sys.executable, "-m", "idemlint", "mock", "-", "--port", "0", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
        )
        try:
            yield _address(process, document, errors)
        finally:
            _stop(process)


def _address(process: subprocess.Popen[bytes], document: str, errors: Any) -> str:
    """What its first line says."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    late = threading.Timer(_PATIENCE, process.kill)
    late.start()
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(document.encode())
            process.stdin.close()
        line = process.stdout.readline().decode(errors="replace").strip()
    finally:
        late.cancel()
    if not line.startswith(_READY):
        errors.seek(0)
        told = errors.read(2_000).decode(errors="replace").strip() or "it said nothing"
        raise IdemlintError(
            f"the demo's server did not start: {told}", hint="idemlint demo --document | idemlint mock -"
        )
    return line.removeprefix(_READY)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _environment() -> dict[str, str]:
    """Ours, without what would have the server send telemetry somewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
