"""A server that wraps its replays: `{"cached": true, "data": {...}}` is the resource that it repeats, and no other."""

from __future__ import annotations

import copy
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from api_server import api_server
from probed import failures, probed, results
from small_api import DOCUMENT

from idemlint.probe.exchange import Call, Exchange
from idemlint.probe.masks import learn
from idemlint.probe_report import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api_server import ApiServer
    from small_api import Answer

DUPLICATES = ("RPL-01", "RPL-14", "KEY-08", "FPR-01", "FPR-02", "FPR-03", "FPR-08", "FLT-08", "CON-01", "CON-06")


def document(*, listed: bool) -> str:
    """With a list that counts effects, or with nothing but the answers."""
    made: dict[str, Any] = copy.deepcopy(DOCUMENT)
    if not listed:
        del made["paths"]["/payments"]["get"]
    return json.dumps(made)


@contextmanager
def wrapping(*, runs: bool = False) -> Iterator[ApiServer]:
    """Keys are shared by all accounts; `runs`: a duplicate does the work, and is answered with the first one's result."""
    with api_server() as server:
        plain = server.api.answer

        def wrapped(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            status, fields, content = plain(method, path, headers, body)
            if "Idempotent-Replayed" not in fields:
                return status, fields, content
            if runs:
                server.api.payments.append({**json.loads(content), "id": f"pay_{len(server.api.payments) + 1}"})
            fields = {name: value for name, value in fields.items() if name != "Idempotent-Replayed"}
            return 200, fields, json.dumps({"cached": True, "data": json.loads(content)}).encode()

        server.api.answer = wrapped
        yield server


@pytest.mark.parametrize("listed", [True, False])
def test_a_wrapped_replay_is_no_second_effect(*, listed: bool) -> None:
    with wrapping() as server:
        report = probed(document(listed=listed), server.url, select=DUPLICATES, rounds=4)
    assert failures(report) == {}
    assert [each.verdict for each in results(report, "RPL-01")] == [Verdict.PASS]


@pytest.mark.parametrize("listed", [True, False])
def test_a_wrapped_replay_that_another_account_gets_is_a_leak(*, listed: bool) -> None:
    with wrapping() as server:
        report = probed(document(listed=listed), server.url, select=("SCP-01", "SCP-02"))
    [leak] = results(report, "SCP-01")
    assert (leak.verdict, leak.reason[:48]) == (Verdict.FAIL, "account B got the stored answer of account A (th")


def test_work_behind_a_wrapped_replay_is_blamed_on_plain_duplicates_alone() -> None:
    with wrapping(runs=True) as server:
        report = probed(document(listed=True), server.url, select=DUPLICATES, rounds=4)
    found = failures(report)
    assert {"RPL-01", "RPL-14"} <= set(found)
    assert "honoured in the answers alone" in found["RPL-14"]
    for check in ("KEY-08", "FPR-02", "FPR-03", "FLT-08"):
        [result] = results(report, check)
        assert (result.verdict, result.reason) == (Verdict.INCONCLUSIVE, "a plain duplicate runs as well (see RPL-01)")


def answer(body: object, location: str | None = None) -> Exchange:
    headers = (("Location", location),) if location else ()
    return Exchange(1, Call("first", "POST", "http://localhost/payments"), 201, headers, json.dumps(body).encode())


MASKS = learn(answer({"id": "p1", "amount": 5}), answer({"id": "p2", "amount": 5}))


def test_two_replays_in_one_envelope_are_alike() -> None:
    assert MASKS.alike(answer({"data": {"id": "p3"}}), answer({"data": {"id": "p3"}})) is True
    assert MASKS.alike(answer({"data": {"id": "p3"}}), answer({"data": {"id": "p4"}})) is None
    assert MASKS.alike(answer({"data": {}}), answer({"data": {}})) is None


@pytest.mark.parametrize(
    ("body", "location", "alike"),
    [
        ({"id": "p3", "amount": 5}, None, True),
        ({"id": "p4", "amount": 5}, None, False),
        ({"data": {"id": "p3"}}, None, True),
        ({"data": {"attributes": [{"payment_id": "p3"}]}}, None, True),
        ({"status": "duplicate"}, "/payments/p3?x=1", True),
        ({"data": {"id": "p9"}}, None, None),
        ({"status": "p3"}, None, None),  # too short to be met by nothing but an id
        ({"status": "duplicate"}, None, None),
        ({}, "/payments/p9", None),
    ],
)
def test_an_answer_of_another_shape_is_of_the_resource_whose_id_it_repeats(
    body: object, location: str | None, alike: bool | None
) -> None:
    first = answer({"id": "p3", "amount": 5})
    assert MASKS.alike(first, answer(body, location)) is alike
    assert MASKS.alike(answer(body, location), first) is alike
