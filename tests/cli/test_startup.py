"""What a plain check imports, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from process import environment

if TYPE_CHECKING:
    from pathlib import Path

NEVER = (
    "httpx", "rich", "schemathesis", "openapi_spec_validator", "jsonschema", "yaml", "pathlib", "tomllib", "logging", "typing",
    "difflib", "dataclasses", "click", "inspect", "json", "hashlib", "tempfile", "multiprocessing", "asyncio", "urllib.request",
    "importlib", "warnings",
)  # fmt: skip

PROBE = """\
import os, sys
def leave(code, _real=os._exit):
    sys.stderr.write("\\n".join(["MODULES", *sorted(sys.modules)]))
    sys.stderr.flush()
    _real(code)
os._exit = leave
sys.argv = ["idemlint", *sys.argv[1:]]
from idemlint.__main__ import main
main()
"""


def loaded(folder: Path, *arguments: str) -> tuple[int, set[str]]:
    """The exit code, and the modules that were imported when the process left."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, set(done.stderr.partition("MODULES\n")[2].split("\n"))


def test_a_plain_check_imports_nothing_heavy(folder: Path) -> None:
    code, modules = loaded(folder, "check", "flawed.yaml")
    assert code == 1
    assert "idemlint.check.runner" in modules
    assert not modules.intersection(NEVER)
    assert "locale" not in modules


def test_the_long_way_looks_for_no_translations(folder: Path) -> None:
    code, modules = loaded(folder, "check", "flawed.yaml", "--format=concise")
    assert code == 1
    assert "click" in modules
    assert "locale" not in modules  # Click's own help option would


def test_no_format_needs_the_heavy_ones(folder: Path) -> None:
    heavy = {"httpx", "rich", "schemathesis", "openapi_spec_validator", "jsonschema", "yaml"}
    for name in ("text", "json", "sarif", "junit", "github", "markdown", "gitlab"):
        code, modules = loaded(folder, "check", "flawed.yaml", "-f", f"{name}=out")
        assert code == 1
        assert not modules.intersection(heavy)


def test_a_command_is_imported_when_it_is_called(folder: Path) -> None:
    code, modules = loaded(folder, "--version")
    assert code == 0
    assert not {name for name in modules if name.startswith("idemlint.") and name not in (
        "idemlint.__main__", "idemlint.cli", "idemlint.cli.group", "idemlint.cli.quick", "idemlint.errors",
        "idemlint.findings",
    )}  # fmt: skip
