"""What the base rules say: messages, labels, mends and related places. Which operations they flag: `fixtures/rules`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from base_rules import CONFLICT, HEAD, check, only, post

from idemlint.check.loading import RulesetLoader
from idemlint.check.runner import check_document
from idemlint.contract.contract import DEFAULT, Contract
from idemlint.contract.loading import load_profile
from idemlint.openapi.document import read

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_key() -> None:
    finding = only(check(post("")))
    assert finding.message == "POST /payments does not require an Idempotency-Key"
    assert finding.label == "a client that times out here may do this twice when it retries"
    assert finding.help == "add a required header parameter Idempotency-Key with `format: uuid`"
    assert finding.operation == "POST /payments"
    assert finding.path == ("paths", "/payments", "post")
    assert finding.range == finding.focus
    assert (finding.range.start, finding.range.end) == ((4, 4), (4, 8)), "the key token"


def test_an_optional_key() -> None:
    finding = only(check(post("{name: Idempotency-Key, in: header, schema: {format: uuid}}")))
    assert finding.message == "POST /payments declares Idempotency-Key but does not require it"
    assert finding.path == ("paths", "/payments", "post", "parameters", 0)
    assert "required: true" in finding.help


def test_a_key_that_accepts_more() -> None:
    finding = only(
        check(post("{name: Idempotency-Key, in: header, required: true, schema: {pattern: '^$|^[a-z0-9-]+$'}}"))
    )
    assert finding.message == "the key of POST /payments accepts more than UUIDs"
    assert finding.label == 'accepts "" and "retry-1"'
    assert finding.help == "add `format: uuid` to the schema of Idempotency-Key"
    assert finding.path == ("paths", "/payments", "post", "parameters", 0, "schema")


def test_a_line_break_is_shown_as_an_escape() -> None:
    text = '{name: Idempotency-Key, in: header, required: true, schema: {enum: ["a\\n\\e[31m", \'q"\']}}'
    assert only(check(post(text))).label == 'accepts "a\\n\\x1b[31m" and "q\\""'


def test_a_long_witness_is_counted() -> None:
    contract = Contract.from_settings({"key-format": "any", "max-length": 255})
    text = "{name: Idempotency-Key, in: header, required: true, schema: {maxLength: 500}}"
    finding = only(check(post(text), contract))
    assert finding.message == "the key of POST /payments accepts more than the contract allows"
    assert finding.label == "accepts a key of 256 characters"
    assert finding.help == "add `maxLength: 255` to the schema of Idempotency-Key"


def test_a_schema_that_takes_no_uuid() -> None:
    finding = only(check(post("{name: Idempotency-Key, in: header, required: true, schema: {type: integer}}")))
    assert finding.message == "the key of POST /payments does not accept UUIDs"


def test_catch_alls_are_named() -> None:
    key = "{name: Idempotency-Key, in: header, required: true, schema: {format: uuid}}"
    finding = only(check(post(key, "4XX: {description: e}, default: {description: e}")))
    assert finding.message == (
        "POST /payments declares no 409 (4XX and default do not count: a client cannot tell a conflict from another error)"
    )
    assert finding.path == ("paths", "/payments", "post", "responses")
    assert only(check(post(key, "'201': {description: e}"))).message == "POST /payments declares no 409"


def test_a_conflict_without_schema_in_a_component() -> None:
    key = "{name: Idempotency-Key, in: header, required: true, schema: {format: uuid}}"
    text = post(key, "'409': {$ref: '#/components/responses/Busy'}")
    finding = only(check(f"{text}components:\n  responses:\n    Busy: {{description: c}}\n"))
    assert finding.message == "the 409 of POST /payments has no JSON schema"
    assert finding.path == ("components", "responses", "Busy")
    assert [related.label for related in finding.related] == ["used here by POST /payments"]
    assert finding.related[0].range.start.line == 6


def test_a_parameter_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text("Key: {name: Idempotency-Key, in: header, schema: {type: string}}\n", "utf-8")
    (tmp_path / "api.yaml").write_text(post("{$ref: 'parts.yaml#/Key'}"), "utf-8")
    rules = RulesetLoader().load(["idemlint:recommended"], "/")
    findings = check_document(read(str(tmp_path / "api.yaml")), rules, DEFAULT).findings
    assert [finding.source for finding in findings] == [str(tmp_path / "parts.yaml")] * 2
    assert [finding.operation for finding in findings] == ["POST /payments"] * 2
    assert [finding.path for finding in findings] == [("Key",), ("Key", "schema")]
    assert all(related.source == str(tmp_path / "api.yaml") for finding in findings for related in finding.related)


def test_one_finding_an_operation_for_a_shared_parameter() -> None:
    text = f"{HEAD}paths:\n"
    for path in ("/payments", "/refunds"):
        text += f"  {path}:\n    post:\n      parameters: [{{$ref: '#/components/parameters/K'}}]\n"
        text += f"      responses: {{{CONFLICT}}}\n"
    text += (
        "components: {parameters: {K: {name: Idempotency-Key, in: header, required: true, schema: {type: string}}}}\n"
    )
    findings = check(text)
    assert [finding.operation for finding in findings] == ["POST /payments", "POST /refunds"]
    assert len({finding.range for finding in findings}) == 1


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("stripe-v1", "POST /payments does not declare an Idempotency-Key"),
        ("paypal", "POST /payments does not declare a PayPal-Request-Id"),
        ("plaid-bank-transfer", "POST /payments does not require the body member /idempotency_key"),
        ("aws-ec2", "POST /payments does not declare the parameter ClientToken"),
        ("aip-155", "POST /payments does not declare the field request_id"),
    ],
)
def test_the_contract_names_the_carrier(profile: str, message: str) -> None:
    findings = check(post(""), Contract.from_profile(load_profile(profile)))
    assert message in [finding.message for finding in findings]


@pytest.mark.parametrize("place", ["query", "formData"])
def test_a_parameter_carries_the_key_of_aws(place: str) -> None:
    contract = Contract.from_profile(load_profile("aws-ec2"))
    text = post(f"{{name: ClientToken, in: {place}, schema: {{type: string, minLength: 1, maxLength: 64}}}}")
    assert check(text, contract) == []


def test_an_exemption_without_reason_is_told_once_and_silences_the_rest() -> None:
    text = f"{HEAD}paths:\n  /search:\n    post:\n      x-idempotency: false\n      responses: {{'200': {{description: r}}}}\n"
    assert check(text) == []
    finding = only(check(text, ruleset="all"))
    assert finding.message == "POST /search is exempt from the idempotency contract without a reason"
    assert "x-idempotency-reason" in finding.help


HOSTILE: list[Any] = [
    "paths: 3\n",
    "paths: {/a: {post: 5}}\n",
    "paths: {/a: {post: {parameters: 5, responses: 7}}}\n",
    "paths: {/a: {post: {parameters: [1, null, {}, {name: 3, in: header}], responses: []}}}\n",
    "paths: {/a: {post: {parameters: [{name: Idempotency-Key, in: header, schema: 3}], responses: {'409': 3}}}}\n",
    "paths: {/a: {post: {parameters: [{name: Idempotency-Key, in: header, content: 3}], responses: {'409': null}}}}\n",
    "paths: {/a: {post: {parameters: [{$ref: 3}, {$ref: '#/nowhere'}], responses: {'409': {content: [1]}}}}}\n",
    "paths: {/a: {$ref: '#/paths/~1a'}}\n",
    "paths: {/a: {post: {$ref: '#/paths/~1a/post'}}}\n",
    "paths: {/a: {post: {x-idempotency: 3, responses: {'409': {content: {application/json: 5}}}}}}\n",
    "paths: {/a: {post: {x-idempotency: {$ref: '#/nowhere'}, requestBody: 3}}}\n",
]


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("profile", ["", "square", "aws-ec2", "aip-155"])
def test_nonsense_does_not_crash_the_rules(body: str, profile: str) -> None:
    contract = Contract.from_profile(load_profile(profile)) if profile else DEFAULT
    check(HEAD + body, contract)
