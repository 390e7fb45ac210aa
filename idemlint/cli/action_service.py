"""The caller's server beside a probe in a job: started, waited for, and stopped with all its children."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from idemlint.errors import UsageError
from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GRACE: Final = 5.0
"""Seconds between asking a service to end and ending it."""
_STEP: Final = 0.1


def split(text: str) -> list[str]:
    """A command line into program and arguments: quotes as in a shell, and nothing else of it."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.name == "nt":
        lexer.escape = ""  # a backslash divides folders there
    try:
        words = list(lexer)
    except ValueError as error:
        raise UsageError(f"the input service cannot be read: {error}", hint="close the quotes") from None
    if not words:
        raise UsageError("the input service names no program", hint="python -m uvicorn app:app --port 8000")
    return words


class Service(NamedTuple):
    """A server that is not running yet."""

    command: list[str]
    url: str
    """Where it will answer."""
    log: Path
    """What it writes goes there."""

    @contextlib.contextmanager
    def running(self, patience: float) -> Iterator[None]:
        """From its first answer on, or from the end of `patience` seconds: who asks then says that nobody answers.

        UsageError if it cannot be started, or ends before.
        """
        process = self._start()
        try:
            self._wait(process, patience)
            yield
        finally:
            stop(process)

    def _start(self) -> subprocess.Popen[bytes]:
        program = shutil.which(self.command[0]) or self.command[0]
        with self.log.open("wb") as log:
            try:
                return subprocess.Popen(  # noqa: S603 - what the job's author asked for, without a shell
                    [program, *self.command[1:]],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # a group of its own, so that children can be ended with it
                )
            except OSError as error:
                raise UsageError(
                    f"the service {self.command[0]!r} cannot be started: {error.strerror}",
                    hint="program and arguments, without a shell: bash -c '...' gives one",
                ) from None

    def _wait(self, process: subprocess.Popen[bytes], patience: float) -> None:
        address = _address(self.url)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            code = process.poll()
            if code is not None:
                raise UsageError(
                    f"the service ended with {code} before it answered at {self.url}",
                    hint="it has to stay in the foreground; its last lines stand in the log",
                )
            with contextlib.suppress(OSError), socket.create_connection(address, timeout=1):
                return
            time.sleep(_STEP)


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise UsageError(f"the input url {url!r} is no URL: {error}", hint="http://127.0.0.1:8000") from None
    if not parts.hostname:
        raise UsageError("the input service needs the input url", hint="url: http://127.0.0.1:8000")
    return parts.hostname, port


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and the group: asked first, then made to."""
    if os.name == "nt":
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603 - a number
    else:
        _signal(process.pid, signal.SIGTERM)
        end = time.monotonic() + _GRACE
        while _signal(process.pid, 0) and time.monotonic() < end:
            process.poll()
            time.sleep(_STEP / 5)
        _signal(process.pid, signal.SIGKILL)
    process.wait()


def _signal(group: int, number: int) -> bool:
    """Whether there was anybody in the group to get it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
