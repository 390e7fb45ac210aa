"""Runs idemlint as users do: a process of its own, with an environment that nothing leaks into."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEPT = ("PATH", "SYSTEMROOT", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "HOME", "LD_LIBRARY_PATH")


def environment(**extra: str) -> dict[str, str]:
    """What a process gets to see: the bare necessities and `extra`."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **extra}


def idemlint(
    *arguments: str | Path, cwd: Path | None = None, stdin: bytes | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """`idemlint ARGUMENTS`, its output decoded as UTF-8."""
    done = subprocess.run(
        [sys.executable, "-m", "idemlint", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        env=environment(**extra),
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )
