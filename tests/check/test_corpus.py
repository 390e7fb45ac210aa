"""Every real document is linted without a crash, and the rules flag as many operations as its catalogue counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import corpus
import pytest

pytestmark = corpus.needs_corpus


@pytest.fixture(scope="module")
def run() -> subprocess.CompletedProcess[str]:
    documents = [str(entry.path) for entry in corpus.entries()]
    return subprocess.run(
        [sys.executable, "-m", "idemlint", "check", "-f", "json", "-r", "idemlint:recommended", *documents],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def test_no_document_crashes_the_run(run: subprocess.CompletedProcess[str]) -> None:
    assert len(corpus.entries()) == 60
    assert run.returncode in {1, 2}, run.stderr
    assert "Traceback" not in run.stderr
    assert "bug in idemlint" not in run.stderr


def test_every_document_is_flagged_as_often_as_counted(run: subprocess.CompletedProcess[str]) -> None:
    per_rule = Counter(finding["code"] for finding in json.loads(run.stdout) if finding.get("operation"))
    entries = corpus.entries()
    assert per_rule["idempotency-key-required"] == sum(one.operations - one.key_required for one in entries)
    assert per_rule["idempotency-conflict-response"] == sum(one.operations - one.conflict for one in entries)
    assert per_rule["idempotency-conflict-schema"] == sum(one.conflict - one.conflict_schema for one in entries)
