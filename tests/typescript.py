"""Compiles TypeScript with the real compiler, strictly, and runs what comes out."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from services import missing


def compile_typescript(folder: Path, *sources: Path) -> Path:
    """Modules of JavaScript in this folder; fails with what the compiler says."""
    modules = os.environ.get("IDEMLINT_NODE_MODULES", "")
    compiler = Path(modules, "typescript", "bin", "tsc")
    if shutil.which("node") is None or not modules or not compiler.is_file():
        missing("TypeScript", "install Node.js and the packages of .ci/package.json, and set IDEMLINT_NODE_MODULES")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    options = ["--strict", "--target", "es2022", "--module", "es2022"]
    options += ["--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable", "--outDir", str(folder)]
    done = subprocess.run(
        ["node", str(compiler), *options, *map(str, sources)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder


def node(script: Path, *arguments: str) -> str:
    """What it prints."""
    done = subprocess.run(["node", str(script), *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
