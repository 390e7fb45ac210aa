"""The four base rules against hand-checked answers: each expected operation flagged, and no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import corpus
import pytest
import yaml

pytestmark = corpus.needs_corpus

RULES = {
    "R1": "idempotency-key-required",
    "R2": "idempotency-key-uuid",
    "R3": "idempotency-conflict-response",
    "R4": "idempotency-conflict-schema",
}
TRUTHS = sorted((corpus.FOLDER / "truth").glob("*.json"))


def findings_of(document: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "idemlint", "check", "-f", "json", "-r", "idemlint:recommended", str(document)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode in {0, 1}, done.stderr
    findings: list[dict[str, Any]] = json.loads(done.stdout)
    return [finding for finding in findings if finding["code"] in RULES.values()]


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda path: path.stem)
def test_just_the_expected_operations_are_flagged(truth: Path) -> None:
    expected = json.loads(truth.read_text(encoding="utf-8"))
    findings = findings_of(corpus.FOLDER / expected["spec"])
    for short, rule in RULES.items():
        wanted = sorted(f"{method.upper()} {path}" for method, path in expected["flagged"][short])
        flagged = sorted(finding["operation"] for finding in findings if finding["code"] == rule)
        assert flagged == wanted, rule


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda path: path.stem)
def test_findings_stand_where_the_rule_says(truth: Path) -> None:
    document = corpus.FOLDER / json.loads(truth.read_text(encoding="utf-8"))["spec"]
    for finding in findings_of(document):
        source = Path(finding["source"])
        node = _at(yaml.load(source.read_bytes(), Loader=_Loader), finding["path"])
        assert _fits(finding["code"], finding["path"], node), finding


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
    """Every scalar as text, so that a path's keys compare. In C where PyYAML was built with libyaml."""


def _at(node: Any, path: list[str | int]) -> Any:
    for key in path:
        node = node[key if isinstance(node, list) else str(key)]
    return node


def _fits(rule: str, path: list[str | int], node: Any) -> bool:
    """The table of the four rules: the operation or its optional parameter; the schema; `responses`; the 409."""
    if rule == "idempotency-key-required":
        return _is_operation(node) or (node.get("in") == "header" and node.get("required") != "true")
    if rule == "idempotency-key-uuid":
        return "schema" in path or node.get("in") == "header" or "type" in node
    if rule == "idempotency-conflict-response":
        return (bool(path) and path[-1] == "responses") or _is_operation(node)
    return "description" in node


def _is_operation(node: Any) -> bool:
    return isinstance(node, dict) and "responses" in node
