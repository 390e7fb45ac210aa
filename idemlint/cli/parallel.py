"""Many documents on several processors: the same results in the same order, just sooner."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from idemlint.cli.linting import Linter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.cli.settings import Settings
    from idemlint.results import DocumentResult

_BYTES_THAT_PAY = 4_000_000
_FILES_THAT_PAY = 200
_MOST = 8
"""Processes at most when nobody says a number: memory is limited, too."""

_linter: Linter | None = None
"""Of this process; made before forking where processes are forked, so that no ruleset is read twice."""


def processes(sources: list[str], asked: int | None) -> int:
    """How many processes to use: what was asked for, but no more than there are documents."""
    if len(sources) < 2 or asked == 1:
        return 1
    if asked is not None:
        return min(asked, len(sources))
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = min(available, _MOST, len(sources))
    if wanted == 1 or (len(sources) < _FILES_THAT_PAY and _total_size(sources) < _BYTES_THAT_PAY):
        return 1
    return wanted


def _total_size(sources: list[str]) -> int:
    total = 0
    for source in sources:
        try:
            total += os.stat(source).st_size
        except (OSError, ValueError):
            continue
    return total


def check_all(linter: Linter, sources: list[str], jobs: int) -> Iterator[DocumentResult]:
    """One result a source, in order. The results hold the names of their documents, not the documents."""
    global _linter  # noqa: PLW0603 - inherited by forked processes, which is what saves the time
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    forks = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    _linter = linter if forks else None
    chunk = max(1, min(len(sources) // (jobs * 4), 64))
    done = 0
    executor = ProcessPoolExecutor(jobs, mp_context=context, initializer=_prepare, initargs=(linter.settings,))
    try:
        for result in executor.map(_check, sources, chunksize=chunk):
            done += 1
            yield result
        executor.shutdown()
    except BrokenProcessPool:
        from idemlint.errors import IdemlintError

        hint = "it may have run out of memory: try --jobs 1, or fewer documents at once"
        raise IdemlintError("a process that lints documents was killed", source=sources[done], hint=hint) from None
    finally:
        # nothing is left of an interrupted run; after a whole one there are none
        for process in multiprocessing.active_children():
            process.terminate()


def _prepare(settings: Settings) -> None:
    """Make ready a new process. Ctrl-C is the first process's business."""
    global _linter  # noqa: PLW0603 - one linter a process
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if _linter is None:
        _linter = Linter(settings)


def _check(source: str) -> DocumentResult:
    if _linter is None:
        raise RuntimeError("the process was not prepared")
    result = _linter.check(source)
    return result._replace(documents=dict.fromkeys(result.documents))
