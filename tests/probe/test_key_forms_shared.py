"""What one operation taught about keys holds for the next, and no refusal is taken for more than it says."""

from __future__ import annotations

import copy
import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from api_server import api_server
from probed import failures, probed, results
from small_api import problem

from idemlint.contract.loading import load_profile
from idemlint.openapi.document import parse
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References
from idemlint.probe.expectations import expectations_of
from idemlint.probe.keys import KeyForms

if TYPE_CHECKING:
    from collections.abc import Callable

    from small_api import Answer

    from idemlint.probe_report import CheckResult, ProbeReport

PAYMENT: dict[str, Any] = {
    "type": "object",
    "required": ["amount", "currency", "kind"],
    "additionalProperties": False,
    "properties": {
        "amount": {"type": "string", "pattern": r"^[1-9]\d{0,5}\.\d{2}$"},
        "currency": {"enum": ["EUR", "USD"]},
        "kind": {"const": "payment"},
        "purpose": {"type": "string", "maxLength": 140},
    },
}
REFUND = {
    "type": "object",
    "required": ["payment_id"],
    "properties": {"payment_id": {"type": "string"}, "reason": {"type": "string", "maxLength": 140}},
}
PLAIN = {"type": "string", "minLength": 1, "maxLength": 255}


def document(key: dict[str, Any] | None = None, *, required: bool = True, **bodies: Any) -> str:
    """Operations that POST these bodies to paths of these names, each with a list beside it."""
    parameter = {"name": "Idempotency-Key", "in": "header", "required": required, "schema": key or PLAIN}
    paths: dict[str, Any] = {}
    for name, body in bodies.items():
        made = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
        said = {str(status): {"description": "No"} for status in (400, 409, 422)}
        paths[f"/{name}"] = {
            "get": {
                "responses": {
                    "200": {
                        "description": "All",
                        "content": {"application/json": {"schema": {"type": "array", "items": made}}},
                    }
                }
            },
            "post": {
                "parameters": [parameter],
                "requestBody": {"required": True, "content": {"application/json": {"schema": copy.deepcopy(body)}}},
                "responses": {
                    "201": {"description": "Made", "content": {"application/json": {"schema": made}}},
                    **said,
                },
            },
        }
    return json.dumps({"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": paths})


class Shop:
    """A server that keeps its promises, but for what a test changes."""

    def __init__(self) -> None:
        self.made: dict[str, list[dict[str, Any]]] = {}
        self.known: dict[str, tuple[Any, Answer]] = {}
        self.posted: list[tuple[str, str | None]] = []
        self.numbers = count(1)
        self.scope: Callable[[str], str] = lambda path: path
        self.takes: Callable[[str], bool] = lambda key: '"' not in key
        """Whether a key has the right form."""
        self.refuses: Callable[[str, dict[str, Any]], bool] = lambda _path, _data: False
        self.counts: Callable[[str, dict[str, str], dict[str, Any]], Any] = lambda path, _headers, data: (path, data)
        """The fingerprint."""
        self.keyless: Callable[[bytes], str | None] = lambda _body: None
        """What stands for a key where there is none."""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        name = path.partition("?")[0][1:]
        if method == "GET":
            return self.said(200, self.made.get(name, []))
        if "transfer-encoding" in headers:
            return problem(411, "no body in chunks")
        key = headers.get("idempotency-key")
        self.posted.append((name, key))
        if key is not None and not self.takes(key):
            return problem(400, "a key of a wrong form")
        data = json.loads(body)
        if self.refuses(name, data) or (name == "refunds" and not self.exists(data)):
            return problem(400, "no such thing")
        key = key or self.keyless(body)
        place = f"{self.scope(name)} {key}"
        mark = self.counts(name, headers, data)
        if key is not None and place in self.known:
            before, answer = self.known[place]
            return answer if before == mark else problem(422, "the key belongs to another request")
        made = {"id": f"{name}_{next(self.numbers)}", **data}
        self.made.setdefault(name, []).append(made)
        answer = self.said(201, made)
        if key is not None:
            self.known[place] = (mark, answer)
        return answer

    def exists(self, data: dict[str, Any]) -> bool:
        return any(each["id"] == data.get("payment_id") for each in self.made.get("payments", []))

    @staticmethod
    def said(status: int, data: Any) -> Answer:
        return status, {"Content-Type": "application/json"}, json.dumps(data).encode()


def probe(shop: Shop, text: str, *select: str) -> ProbeReport:
    with api_server() as server:
        server.api.answer = shop.answer
        return probed(text, server.url, select=select)


def result(report: ProbeReport, check: str, at: str = "POST /payments") -> CheckResult:
    [found] = [
        each
        for operation in report.operations
        if operation.operation == at
        for each in operation.checks
        if each.id == check
    ]
    return found


def test_what_has_to_exist_is_made_with_the_key_in_its_other_form() -> None:
    shop = Shop()
    report = probe(shop, document(payments=PAYMENT, refunds=REFUND), "RPL-01")
    assert [each.verdict.value for each in results(report, "RPL-01")] == ["pass", "pass"]
    assert [key for _, key in shop.posted if '"' in key] == [shop.posted[0][1]], "learned once, for the whole run"


def test_a_form_that_a_check_learned_holds_for_the_other_operations() -> None:
    shop = Shop()
    probe(shop, document(payments=PAYMENT, charges=PAYMENT), "RPL-01")
    assert sum('"' in key for _, key in shop.posted) == 1


def test_a_form_is_not_forced_on_an_operation_whose_document_excludes_it() -> None:
    forms = KeyForms()
    bare = {"type": "string", "pattern": "^[0-9a-f-]{36}$"}
    quoted = {"type": "string", "pattern": '^"[0-9a-f-]{36}"$'}
    expected = []
    for schema in (PLAIN, bare, quoted, {"type": "string", "maxLength": 8}):
        [operation] = [
            each
            for each in operations(References(parse(document(schema, payments=PAYMENT), "shop.json")))
            if each.method == "post"
        ]
        expected.append(expectations_of(operation, load_profile("ietf-07")))
    assert [forms.quoted(str(at), each) for at, each in enumerate(expected)] == [True, False, True, True]
    forms.learn("elsewhere", expected[0], quoted=False)
    assert [forms.quoted(str(at), each) for at, each in enumerate(expected)] == [False, False, True, False]
    forms.learn("0", expected[0], quoted=True)
    assert [forms.quoted(str(at), each) for at, each in enumerate(expected)] == [True, False, True, True]
    assert forms.quoted("elsewhere", expected[0]) is False, "what an operation showed itself counts most"


@pytest.mark.parametrize("each_path", [True, False])
def test_a_key_goes_to_another_path_in_the_form_of_its_first_request(*, each_path: bool) -> None:
    shop = Shop()
    if not each_path:
        shop.scope = lambda _path: "all"
    seen = result(probe(shop, document(payments=PAYMENT, charges=PAYMENT), "FPR-05"), "FPR-05")
    assert seen.verdict.value == "pass", seen.reason
    assert ("on its own" if each_path else "refused at POST /charges with 422") in seen.reason


def test_a_path_that_refuses_any_key_says_nothing_of_scope() -> None:
    shop = Shop()
    shop.refuses = lambda path, _data: path == "charges"
    report = probe(shop, document(payments=PAYMENT, charges=PAYMENT), "FPR-05")
    seen = result(report, "FPR-05")
    assert (seen.verdict.value, "under a fresh key as well (400)" in seen.reason) == ("inconclusive", True)
    assert "scope" not in report.operations[0].suggestion


def test_a_retry_alike_in_every_header_is_not_refused_for_its_headers() -> None:
    shop = Shop()
    shop.counts = lambda path, headers, data: (path, sorted(headers.items()), data)
    report = probe(shop, document(payments=PAYMENT), "FPR-12")
    assert (failures(report), result(report, "FPR-12").verdict.value) == ({}, "pass")


def test_a_server_that_refuses_honest_retries_is_still_caught() -> None:
    shop = Shop()
    shop.counts = lambda _path, _headers, _data: next(shop.numbers)
    assert "FPR-12" in failures(probe(shop, document(payments=PAYMENT), "FPR-12"))


@pytest.mark.parametrize("counted", [True, False])
def test_a_retry_that_is_refused_for_its_framing_is_no_pass(*, counted: bool) -> None:
    shop = Shop()
    if counted:
        shop.counts = lambda path, headers, data: (path, headers.get("connection"), data)
    seen = result(probe(shop, document(payments=PAYMENT), "FLT-08"), "FLT-08")
    assert seen.verdict.value == ("fail" if counted else "pass"), seen.reason
    assert ("refused with 422 for its framing alone (connection closed)" in seen.reason) is counted


def test_requests_without_a_key_that_share_one_are_not_idempotent_by_content() -> None:
    shop = Shop()
    shop.keyless = lambda _body: "none"
    shop.counts = lambda _path, _headers, _data: None
    report = probe(shop, document(payments=PAYMENT, required=False), "CTL-02", "RPL-01")
    shared, replayed = result(report, "CTL-02"), result(report, "RPL-01")
    assert (shared.verdict.value, shared.axis) == ("fail", "safety"), shared.reason
    assert "requests without a key share one" in shared.reason
    assert (replayed.verdict.value, replayed.weak) == ("pass", False)
    assert "by content" not in replayed.reason


def test_requests_without_a_key_that_go_by_their_content_are_no_failure() -> None:
    shop = Shop()
    shop.keyless = lambda body: body.hex()
    report = probe(shop, document(payments=PAYMENT, required=False), "CTL-02", "RPL-01")
    assert failures(report) == {}
    assert result(report, "CTL-02").axis == "control"
    assert (result(report, "RPL-01").verdict.value, result(report, "RPL-01").weak) == ("pass", False)


def test_members_with_a_pattern_or_an_enum_are_changed_too() -> None:
    seen = result(probe(Shop(), document(payments=PAYMENT), "FPR-09"), "FPR-09")
    assert seen.verdict.value == "pass", seen.reason
    assert seen.details["members"] == ["/amount", "/currency", "/purpose"]
    assert "not tried: /kind (no other value is valid)" in seen.reason


def test_the_member_that_is_left_out_is_named() -> None:
    shop = Shop()
    shop.counts = lambda path, _headers, data: (path, {**data, "currency": ""})
    found = failures(probe(shop, document(payments=PAYMENT), "FPR-09"))
    assert "a change of /currency is not noticed (1 of 3 members)" in found["FPR-09"]


def test_a_change_that_is_refused_under_any_key_was_not_noticed_for_its_key() -> None:
    shop = Shop()
    shop.refuses = lambda _path, data: data["currency"] != "EUR"
    seen = result(probe(shop, document(payments=PAYMENT), "FPR-09"), "FPR-09")
    assert seen.details["members"] == ["/amount", "/purpose"]
    assert "/currency (the other value gets 400 under a fresh key as well)" in seen.reason


def test_an_optional_text_bears_the_tag_unless_the_server_refuses_it() -> None:
    shop = Shop()
    probe(shop, document(payments=PAYMENT), "RPL-01")
    assert all("idemlint-" in each["purpose"] for each in shop.made["payments"])
    narrow = Shop()
    narrow.refuses = lambda _path, data: data.get("purpose", "gift") != "gift"
    report = probe(narrow, document(payments=PAYMENT), "RPL-01")
    assert result(report, "RPL-01").verdict.value == "pass"
    assert narrow.made["payments"]
