"""What JavaScript and the real Spectral say: recorded answers for every run, live ones where node is installed.

A test file lists questions (see `oracle.cjs`) and records the answers beside it by being run as a script:
`IDEMLINT_NODE_MODULES=.../node_modules PYTHONPATH=tests:. python tests/check/test_messages.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from services import missing

SCRIPT = Path(__file__).with_name("oracle.cjs")


def ask(questions: list[dict[str, Any]], node_modules: str = "") -> list[Any]:
    """The answers of one node process."""
    done = subprocess.run(
        ["node", SCRIPT, node_modules or "."],
        input=json.dumps(questions).encode(),
        capture_output=True,
        check=True,
        timeout=300,
    )
    answers: list[Any] = json.loads(done.stdout)
    return answers


def recorded(file: Path, questions: list[dict[str, Any]]) -> list[Any]:
    """The answers on file; asking something new without recording is an error."""
    kept = json.loads(file.read_text("utf-8"))
    assert kept["questions"] == _digest(questions), f"record {file.name} anew"
    answers: list[Any] = kept["answers"]
    return answers


def record(file: Path, questions: list[dict[str, Any]]) -> None:
    """One answer a line, in the order of the questions, which the test file holds."""
    answers = ask(questions, os.environ["IDEMLINT_NODE_MODULES"])
    lines = ",\n".join(map(json.dumps, answers))
    file.write_text(f'{{"questions": "{_digest(questions)}", "answers": [\n{lines}\n]}}\n', "utf-8")


def _digest(questions: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(questions).encode()).hexdigest()


def need_node() -> None:
    """Skips where there is no node, unless services are required."""
    if shutil.which("node") is None:
        missing("node", "apt-get install nodejs npm")


def need_spectral() -> str:
    """The folder with Spectral; skips where there is none, unless services are required."""
    need_node()
    node_modules = os.environ.get("IDEMLINT_NODE_MODULES")
    if not node_modules:
        missing("Spectral", "npm ci in a copy of .ci, and its node_modules as IDEMLINT_NODE_MODULES")
    return str(node_modules)
