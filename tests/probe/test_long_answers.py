"""Answers longer than what the probe keeps of them are no reason for a failure."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest
from api_server import api_server
from probed import failures, probed, results
from small_api import DOCUMENT

if TYPE_CHECKING:
    from small_api import Answer

LONG = 3 * 1024 * 1024


@pytest.mark.parametrize(
    ("stamped", "verdict", "said"),
    [(True, "inconclusive", "too long to be compared as JSON"), (False, "pass", "identical bytes, as far as they are")],
)
def test_long_answers(*, stamped: bool, verdict: str, said: str) -> None:
    with api_server() as server:
        payments = server.api.answer

        def at_length(*request: object) -> Answer:
            status, fields, content = payments(*request)
            if status != 201:
                return status, fields, content
            stamp = {"served": str(uuid.uuid4())} if stamped else {}
            return status, fields, json.dumps({**stamp, **json.loads(content), "blob": "x" * LONG}).encode()

        server.api.answer = at_length
        report = probed(json.dumps(DOCUMENT), server.url, select=("RPL-01", "RPL-02", "CON-01"), rounds=2)
    assert failures(report) == {}
    [identity] = results(report, "RPL-02")
    assert (identity.verdict.value, identity.weak) == (verdict, verdict == "pass")
    assert said in identity.reason
