"""`--watch`: check again whenever one of the files involved changes."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from idemlint.check.loading import find_default
from idemlint.cli.documents import STDIN, expand
from idemlint.cli.output import print_error, say
from idemlint.config import find
from idemlint.errors import IdemlintError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from idemlint.cli.run import Outcome

INTERVAL = 0.3
"""Seconds between two looks. A poll costs a system call a file and works on every disk, mounted ones included."""


def watch(run: Callable[[dict[str, Any]], Outcome], options: dict[str, Any]) -> int:
    """Call `run` until interrupted (KeyboardInterrupt); what is wrong is printed, and mending it starts the next run."""
    import gc

    if STDIN in options["documents"]:
        raise UsageError("standard input cannot be watched", hint="name a file")
    gc.enable()
    files: tuple[str, ...] = ()
    while True:
        try:
            files = run(options).files
        except IdemlintError as error:
            print_error(error)
        watched = _watched(options, files)
        before = _state(watched)
        if not options["quiet"]:
            say(f"watching {len(watched)} files, Ctrl-C to stop")
        while _state(_watched(options, files)) == before:
            time.sleep(INTERVAL)
        if sys.stdout is not None and sys.stdout.isatty():
            sys.stdout.write("\x1b[2J\x1b[H")


def _watched(options: dict[str, Any], files: Iterable[str]) -> list[str]:
    """Files of the last run, with those that have come since to where documents are looked for."""
    named = [str(options[name]) for name in ("config", "baseline", "profile") if options[name]]
    documents = expand(options["documents"], os.getcwd()).found
    folder = os.getcwd()
    configuration = [find(folder) or ".idemlint.yaml", find_default(folder) or ".spectral.yaml"]
    return list(dict.fromkeys(map(os.path.abspath, (*files, *documents, *options["ruleset"], *named, *configuration))))


def _state(files: Iterable[str]) -> dict[str, tuple[int, int] | None]:
    """Size and time of change of each file; None where there is none."""
    state: dict[str, tuple[int, int] | None] = {}
    for file in files:
        try:
            found = os.stat(file)
            state[file] = (found.st_mtime_ns, found.st_size)
        except (OSError, ValueError):
            state[file] = None
    return state
