"""The Dockerfile: linted, and its build looked at as far as that goes without an engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from services import missing

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_hadolint_reports_nothing() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if program is None:
        missing("hadolint", "on Linux it comes with the group dev")
    done = subprocess.run([program, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_does_not_run_as_root() -> None:
    last = TEXT.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (\d+):(\d+)$", last, re.MULTILINE) == [("65532", "65532")]
    assert last.index("USER") < last.index("ENTRYPOINT")


def test_what_it_copies_is_enough_to_build_and_is_not_ignored(tmp_path: Path) -> None:
    """Only what a COPY line names is in the image, and only what .dockerignore lets through can be copied."""
    let_through = [
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")
    ]
    copied: list[str] = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", TEXT, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            assert any(fnmatch(source, pattern) for pattern in let_through), f"{source} is ignored"
            place = tmp_path / target / (source if target == "./" else "")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy(ROOT / source, place)
            copied.append(source)
    assert set(copied) == set(let_through)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert list((tmp_path / "out").glob("*.whl"))
