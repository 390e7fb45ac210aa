"""A key under a name that the profile does not have is an open question, and the report says how to settle it."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from api_server import api_server
from probed import probed
from small_api import DOCUMENT

from idemlint.contract.loading import load_profile
from idemlint.openapi.document import parse
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References
from idemlint.probe.expectations import expectations_of
from idemlint.probe.undeclared import near_miss
from idemlint.probe_report import Verdict
from idemlint.reporters.options import ReportOptions
from idemlint.reporters.probe.text import render

if TYPE_CHECKING:
    from pathlib import Path


def under(name: str) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/payments"]["post"]["parameters"][0]["name"] = name
    return document


def test_the_report_names_the_header_and_what_makes_it_the_key(tmp_path: Path) -> None:
    document = json.dumps(under("Idempotent-Key"))
    with api_server() as server:
        report = probed(document, server.url)
        [operation] = report.operations
        assert {each.verdict for each in operation.checks} == {Verdict.INCONCLUSIVE}
        told = " ".join(render(report, ReportOptions(str(tmp_path), width=100)).split())
        assert "The document declares no Idempotency-Key here; its header Idempotent-Key looks like the key" in told
        assert "`carrier: {in: header, name: Idempotent-Key}` makes it that (--profile FILE)" in told
        assert "`[tool.idemlint.contract] header`" in told
        profile = tmp_path / "ours.yaml"
        profile.write_text("extends: ietf-07\ncarrier: {in: header, name: Idempotent-Key}\n")
        server.api.answer = _renaming(server.api.answer)
        report = probed(document, server.url, profile=str(profile), select=("RPL-01",))
    assert report.operations[0].blocked == ""
    assert report.summary.passed == 1


@pytest.mark.parametrize(("profile", "verdict"), [("stripe-v1", Verdict.PASS), ("ietf-07", Verdict.SKIPPED)])
def test_a_vendors_profile_stands_for_a_document_that_never_mentions_keys(profile: str, verdict: Verdict) -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["paths"]["/payments"]["post"]["parameters"]
    with api_server() as server:
        report = probed(json.dumps(document), server.url, profile=profile, select=("RPL-01",))
    [replay] = [each for each in report.operations[0].checks if each.id == "RPL-01"]
    assert replay.verdict is verdict


def test_a_profile_says_nothing_of_what_the_document_leaves_out_on_purpose() -> None:
    document = copy.deepcopy(DOCUMENT)
    post = copy.deepcopy(document["paths"]["/payments"]["post"])
    del post["parameters"]
    document["paths"]["/searches"] = {"post": post}
    with api_server() as server:
        report = probed(json.dumps(document), server.url, profile="stripe-v1", select=("RPL-01",))
    blocked = {each.operation: each.blocked for each in report.operations}
    assert blocked["POST /payments"] == ""
    assert "declares no Idempotency-Key here" in blocked["POST /searches"]


def _renaming(answer: Any) -> Any:
    def renamed(method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        return answer(method, path, {**headers, "idempotency-key": headers.get("idempotent-key", "")}, body)

    return renamed


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("X-Idempotency-Key", True),
        ("idempotent_token", True),
        ("Repeatability-Request-ID", True),
        ("X-Request-Id", False),
        ("X-Idempotency-Replay", False),
        ("Authorization", False),
        ("idempotency-key", False),
    ],
)
def test_what_looks_like_a_key(name: str, *, found: bool) -> None:
    references = References(parse(json.dumps(under(name)).encode(), "a.yaml"))
    [operation] = [each for each in operations(references) if each.method == "post"]
    assert bool(near_miss(operation, expectations_of(operation, load_profile("ietf-07")))) is found
