"""Where the base rules point, and mends that fit what stands there."""

from __future__ import annotations

import pytest
from base_rules import CONFLICT, HEAD, check, only, post

from idemlint.contract.contract import Contract
from idemlint.contract.loading import load_profile

KEY = "{name: Idempotency-Key, in: header, required: true, schema: {type: string, format: uuid}}"
SWAGGER = "swagger: '2.0'\ninfo: {title: t, version: '1'}\n"
SWAGGER_KEY = "{name: Idempotency-Key, in: header, required: true, type: string, format: uuid}"


def referenced(operation: str) -> str:
    return f"{HEAD}paths:\n  /payments:\n    post: {{$ref: '#/components/x-operations/O'}}\ncomponents: {{x-operations: {{O: {operation}}}}}\n"


def test_a_missing_conflict_of_an_operation_elsewhere_tells_its_use() -> None:
    finding = only(check(referenced(f"{{parameters: [{KEY}], responses: {{'200': {{description: d}}}}}}")))
    assert finding.code == "idempotency-conflict-response"
    assert [(related.label, related.range.start.line) for related in finding.related] == [
        ("used here as POST /payments", 4)
    ]


def test_a_conflict_without_schema_of_an_operation_elsewhere_tells_its_use() -> None:
    finding = only(check(referenced(f"{{parameters: [{KEY}], responses: {{'409': {{description: d}}}}}}")))
    assert finding.code == "idempotency-conflict-schema"
    assert [related.label for related in finding.related] == ["used here as POST /payments"]


@pytest.mark.parametrize(
    ("responses", "column"), [("", 6), (" null", 6), (" []", 17), ("\n        - {description: d}", 6), (" 5", 17)]
)
def test_responses_that_are_none(responses: str, column: int) -> None:
    text = f"{HEAD}paths:\n  /payments:\n    post:\n      parameters: [{KEY}]\n      responses:{responses}\n"
    finding = only(check(text))
    assert finding.code == "idempotency-conflict-response"
    assert finding.path == ("paths", "/payments", "post", "responses")
    assert finding.focus.start == (6, column)


def test_an_empty_conflict_is_shown_by_its_key() -> None:
    text = f"{HEAD}paths:\n  /payments:\n    post:\n      parameters: [{KEY}]\n      responses:\n        '409':\n"
    finding = only(check(text))
    assert finding.code == "idempotency-conflict-schema"
    assert finding.focus.start == (7, 8)


def conflict_in_swagger(response: str, produces: str = "") -> str:
    return (
        f"{SWAGGER}{produces}paths:\n  /payments:\n    post:\n      parameters: [{SWAGGER_KEY}]\n"
        f"      responses: {{'409': {response}}}\n"
    )


def test_the_mend_of_a_conflict_in_swagger() -> None:
    finding = only(check(conflict_in_swagger("{description: d}")))
    assert finding.help == "give the 409 a `schema` that names its error codes"


def test_content_in_swagger() -> None:
    finding = only(
        check(conflict_in_swagger("{description: d, content: {application/json: {schema: {type: object}}}}"))
    )
    assert finding.help == (
        "give the 409 a `schema` that names its error codes: Swagger 2.0 reads no `content`, which is OpenAPI 3's"
    )


@pytest.mark.parametrize("produces", ["produces: [application/xml]\n", "produces: []\n"])
def test_a_schema_of_swagger_in_no_json_media_type(produces: str) -> None:
    finding = only(check(conflict_in_swagger("{description: d, schema: {type: object}}", produces)))
    assert (
        finding.help
        == "add `application/problem+json` to `produces`: the schema holds for the media types that it lists"
    )


def test_the_mend_of_a_conflict() -> None:
    finding = only(check(post(KEY, "'409': {description: d}")))
    assert "`application/problem+json` content" in finding.help


def test_required_beside_a_reference_is_ignored() -> None:
    text = post("{$ref: '#/components/parameters/K', required: true}")
    parameter = "{name: Idempotency-Key, in: header, schema: {format: uuid}}"
    finding = only(check(f"{text}components: {{parameters: {{K: {parameter}}}}}\n"))
    assert finding.message == "POST /payments declares Idempotency-Key but does not require it"
    assert finding.help.startswith(
        "set `required: true` on Idempotency-Key itself (beside a `$ref` it is ignored), or set"
    )


@pytest.mark.parametrize("name", ["Idempotency-\u212aey", "\u0130dempotency-Key"])
def test_a_letter_that_only_looks_alike_makes_another_name(name: str) -> None:
    finding = only(check(post(f"{{name: {name}, in: header, required: true, schema: {{format: uuid}}}}")))
    assert finding.message == "POST /payments does not require an Idempotency-Key"


@pytest.mark.parametrize(
    ("profile", "thing"),
    [
        ("moov", "an X-Idempotency-Key"),
        ("razorpay-payouts", "an X-Payout-Idempotency"),
        ("amazon-pay", "an x-amz-pay-idempotency-key"),
        ("checkout-com", "a Cko-Idempotency-Key"),
        ("paypal", "a PayPal-Request-Id"),
    ],
)
def test_the_article_is_the_spoken_one(profile: str, thing: str) -> None:
    messages = [finding.message for finding in check(post(""), Contract.from_profile(load_profile(profile)))]
    assert any(message.endswith(thing) for message in messages), messages


@pytest.mark.parametrize("name", ["Request-Id", "U-Key", "h-key", "Europe-Key"])
def test_headers_of_the_users_own(name: str) -> None:
    article = {"Request-Id": "a", "U-Key": "a", "h-key": "an", "Europe-Key": "an"}[name]
    finding = only(check(post("", CONFLICT), Contract.from_settings({"header": name})))
    assert finding.message == f"POST /payments does not require {article} {name}"
