"""What is held against a server, and what is just told: bytes, quotes, failures of its own, keys of two quotes."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from api_server import api_server
from probed import failures, probed, results
from small_api import DOCUMENT, problem

if TYPE_CHECKING:
    from api_server import Asked
    from small_api import Answer

    from idemlint.probe_report import ProbeReport


def keyed(asked: Asked) -> str:
    return asked.headers.get("idempotency-key", "")


def differences(report: ProbeReport) -> str:
    return " ".join(each for operation in report.operations for each in operation.differences)


def test_bytes_are_no_difference_where_the_profile_says_nothing_of_them() -> None:
    with api_server() as server:
        answer, bodies = server.api.answer, dict[str, bytes]()

        def literal(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            key = headers.get("idempotency-key", "").strip('"')
            if method == "POST" and key and bodies.setdefault(key, body) != body:
                return problem(422, "the key belongs to another payload")
            return answer(method, path, headers, body)

        server.api.answer = literal
        report = probed(json.dumps(DOCUMENT), server.url, select=("FPR-02", "FPR-03"))
    assert "byte by byte" in results(report, "FPR-02")[0].reason
    assert report.operations[0].suggestion["fingerprint"] == "bytes"
    assert "fingerprint" not in differences(report)


def test_refusing_the_quotes_that_the_profile_asks_for_is_a_difference() -> None:
    def bare_only(_: int, asked: Asked) -> Answer | None:
        return problem(400, "no key") if '"' in keyed(asked) else None

    with api_server(bare_only) as server:
        report = probed(json.dumps(DOCUMENT), server.url, select=("KEY-09",))
    [form] = results(report, "KEY-09")
    assert (form.verdict, form.weak) == ("pass", True)
    assert "key: refused with 400 in the quotes that ietf-07 puts it in" in differences(report)
    with api_server(bare_only) as server:
        report = probed(json.dumps(DOCUMENT), server.url, select=("KEY-09",), profile="telnyx")
    assert "quotes" not in differences(report)


def meet(*statuses: int) -> ProbeReport:
    """Malformed keys meet them in turn."""
    left = list(statuses)

    def odd(_: int, asked: Asked) -> Answer | None:
        if "not-a-uuid" in keyed(asked) and left:
            return problem(left.pop(0) if len(left) > 1 else left[0], "odd")
        return None

    with api_server(odd) as server:
        return probed(json.dumps(DOCUMENT), server.url, select=("KEY-04", "FMT-06"))


def test_a_failure_of_the_server_is_no_status_that_a_document_has_to_declare() -> None:
    [broken] = results(meet(500), "FMT-06")
    assert (broken.verdict, broken.weak) == ("pass", True)
    assert "500" in broken.reason
    report = meet(418)
    [odd] = results(report, "FMT-06")
    assert (odd.verdict, odd.reason) == ("fail", "not declared: 418")
    assert odd.exchanges[0].status == 418
    assert "418" in differences(report)


def test_two_quotes_are_no_empty_key_to_a_server_that_compares_nothing_anyway() -> None:
    with api_server() as server:
        answer = server.api.answer

        def opaque(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            key = headers.get("idempotency-key", "").replace('"', "q")
            known = server.api.keys.get(key)
            if method == "POST" and known is not None and known[1] is not None:
                return known[1]
            return answer(method, path, {**headers, "idempotency-key": key}, body)

        server.api.answer = opaque
        report = probed(json.dumps(DOCUMENT), server.url, select=("KEY-02", "FPR-01"))
    assert "FPR-01" in failures(report)
    [empty] = results(report, "KEY-02")
    assert empty.verdict == "inconclusive"
    assert "see FPR-01" in empty.reason


def test_a_weak_pass_says_what_was_seen_and_no_more() -> None:
    """No list to count by: a second effect that the answers hide would not be seen."""
    document: dict[str, Any] = copy.deepcopy(DOCUMENT)
    del document["paths"]["/payments"]["get"]
    with api_server() as server:
        report = probed(json.dumps(document), server.url, select=("RPL-01", "FLT-01", "CON-01"))
    for check in report.operations[0].checks:
        if check.axis != "control" and check.weak:
            assert "one effect" not in check.reason, check.reason
    assert results(report, "RPL-01")[0].weak
