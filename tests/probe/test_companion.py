"""The header that goes along with a key says of each retry what it said of the first request."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING

from api_server import api_server
from probed import probed, shop

if TYPE_CHECKING:
    import pytest


def test_a_retry_says_when_the_first_request_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    # Repeatability-First-Sent, of the Azure REST API guidelines
    times = count(1)
    monkeypatch.setattr("idemlint.probe.bench._http_date", lambda: f"time {next(times)}")
    with api_server() as server:
        probed(shop("azure-repeatability"), server.url, profile="azure-repeatability", select=("RPL-01", "CON-01"))
    said = defaultdict(set)
    for asked in server.posted:
        if "repeatability-request-id" in asked.headers:
            said[asked.headers["repeatability-request-id"]].add(asked.headers["repeatability-first-sent"])
    assert said
    assert all(len(each) == 1 for each in said.values())
