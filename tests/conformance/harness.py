"""Scenarios that idemlint and the real Spectral both run, and the form in which their findings are compared.

A scenario is a YAML file: `about`, `ruleset` (text), `documents` (name to text; without it, payments.yaml of this folder)
and `files` (what ruleset and documents refer to). A row is (document, code, path, line, column, message), counted from 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

HERE = Path(__file__).parent
SCENARIOS = sorted((HERE / "scenarios").glob("*.yaml"))
RECORDED = HERE / "recorded.json"
CORPUS = HERE.parents[2] / "shared" / "corpus"

Row: TypeAlias = tuple[str, str, str, int, int, str]


class Job(NamedTuple):
    """What both linters are asked: documents relative to the folder."""

    name: str
    folder: Path
    ruleset: str
    documents: list[str]


class Answer(NamedTuple):
    rows: set[Row]
    error: str = ""


def lay_out(scenario: Path, root: Path) -> Job:
    """Write a scenario's files below `root`."""
    content = yaml.safe_load(scenario.read_text(encoding="utf-8"))
    documents = content.get("documents") or {"payments.yaml": (HERE / "payments.yaml").read_text(encoding="utf-8")}
    folder = root / scenario.stem
    for name, text in {"ruleset.yaml": content["ruleset"], **documents, **content.get("files", {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Job(scenario.stem, folder, "ruleset.yaml", list(documents))


def node_modules() -> Path | None:
    """Where npm put the peers, or None when they are not here."""
    folder = os.environ.get("IDEMLINT_NODE_MODULES")
    return Path(folder).resolve() if folder else None


def run_spectral(jobs: list[Job], modules: Path) -> dict[str, Answer]:
    request = [job._asdict() | {"folder": str(job.folder)} for job in jobs]
    done = subprocess.run(
        ["node", "--max-old-space-size=4096", str(HERE / "spectral.cjs"), str(modules)],
        input=json.dumps(request).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=900,
    )
    answers = json.loads(done.stdout)
    return {
        job.name: Answer(
            _rows(answers[job.name].get("results", []), job),
            answers[job.name].get("error", "").replace(str(job.folder.resolve()) + os.sep, ""),
        )
        for job in jobs
    }


def run_idemlint(job: Job, *options: str) -> Answer:
    done = subprocess.run(
        [sys.executable, "-m", "idemlint", "check", "-f", "json", "-r", job.ruleset, *options, *job.documents],
        cwd=job.folder,
        capture_output=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    message = done.stderr.decode()
    if "Traceback" in message or done.returncode not in {0, 1, 2}:
        raise AssertionError(f"{job.name}: exit {done.returncode}\n{message}")
    findings = json.loads(done.stdout) if done.stdout.strip() else []
    return Answer(_rows(findings, job), message if done.returncode == 2 else "")


def _rows(findings: list[dict[str, Any]], job: Job) -> set[Row]:
    folder = str(job.folder.resolve())
    rows = set()
    for finding in findings:
        source = os.path.relpath(os.path.realpath(job.folder / finding.get("source", "")), folder).replace(os.sep, "/")
        start = finding["range"]["start"]
        path = "/".join(str(part) for part in finding["path"])
        message = finding["message"].replace(folder + os.sep, "")
        rows.add((source, str(finding["code"]), path, start["line"] + 1, start["character"] + 1, message))
    return rows


def recorded() -> dict[str, Answer]:
    content = json.loads(RECORDED.read_text(encoding="utf-8"))
    return {name: Answer(set(map(tuple, one["rows"])), one.get("error", "")) for name, one in content.items()}


def record(answers: dict[str, Answer]) -> None:
    """Write what Spectral said, one finding a line."""
    scenarios = []
    for name, answer in sorted(answers.items()):
        rows = ",\n".join("   " + json.dumps(row, ensure_ascii=False) for row in sorted(answer.rows))
        error = f', "error": {json.dumps(answer.error, ensure_ascii=False)}' if answer.error else ""
        scenarios.append(
            f' {json.dumps(name)}: {{"rows": [\n{rows}\n ]{error}}}'
            if rows
            else f' {json.dumps(name)}: {{"rows": []{error}}}'
        )
    RECORDED.write_text("{\n" + ",\n".join(scenarios) + "\n}\n", encoding="utf-8")
