"""The key as a member of the body: which schemas have it, which require it, and what is said when they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from idemlint.check.loading import RulesetLoader
from idemlint.check.runner import check_document
from idemlint.contract.contract import Contract
from idemlint.contract.loading import load_profile
from idemlint.openapi.document import parse

if TYPE_CHECKING:
    from idemlint.findings import Finding

HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
MEMBER = "{type: string, minLength: 1, maxLength: 45}"
A = f"{{type: object, required: [idempotency_key], properties: {{idempotency_key: {MEMBER}}}}}"
OPTIONAL = f"{{type: object, properties: {{idempotency_key: {MEMBER}}}}}"
OTHER = "{type: object, properties: {amount: {type: integer}}}"
LOOSE = "{type: object, required: [idempotency_key], properties: {idempotency_key: {type: string}}}"
NAMED = "{required: [amount, idempotency_key]}"
LOOP = "{oneOf: [{$ref: '#/components/schemas/Loop'}]}"
SCHEMAS = f"components:\n  schemas:\n    A: {A}\n    Optional: {OPTIONAL}\n    Other: {OTHER}\n    Loop: {LOOP}\n"
REFERENCE = "{$ref: '#/components/schemas/%s'}"


def check(text: str, profile: str = "square") -> list[Finding]:
    rules = RulesetLoader().load(["idemlint:recommended"], "/")
    contract = Contract.from_profile(load_profile(profile), {"required": True, "max-length": 45})
    return check_document(parse(text, "<stdin>"), rules, contract).findings


def post(schema: str, *, required: str = "required: true, ") -> str:
    return (
        f"{HEAD}paths:\n  /payments:\n    post:\n"
        f"      requestBody: {{{required}content: {{application/json: {{schema: {schema}}}}}}}\n"
        f"      responses: {{'201': {{description: c}}}}\n{SCHEMAS}"
    )


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    "schema",
    [
        f"{{KEYWORD: [{A}, {A}]}}",
        f"{{KEYWORD: [{REFERENCE % 'A'}, {A}], discriminator: {{propertyName: kind}}}}",
        f"{{allOf: [{{KEYWORD: [{A}, {A}]}}, {OTHER}]}}",
        f"{{KEYWORD: [{A}, {{allOf: [{OTHER}, {REFERENCE % 'A'}]}}]}}",
        f"{{KEYWORD: [{A}, {{KEYWORD: [{A}, {A}]}}]}}",
        f"{{required: [idempotency_key], KEYWORD: [{OPTIONAL}, {OPTIONAL}]}}",
        f"{{properties: {{idempotency_key: {MEMBER}}}, KEYWORD: [{NAMED}, {NAMED}]}}",
        f"{{required: [idempotency_key], properties: {{idempotency_key: {MEMBER}}}, KEYWORD: [{OTHER}, {OTHER}]}}",
    ],
)
def test_a_member_of_every_branch_counts(keyword: str, schema: str) -> None:
    assert check(post(schema.replace("KEYWORD", keyword))) == []


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_a_member_of_one_branch_does_not(keyword: str) -> None:
    finding = only(check(post(f"{{{keyword}: [{A}, {OTHER}]}}")))
    assert finding.message == "POST /payments does not require the body member /idempotency_key"


def test_a_member_that_one_branch_does_not_require() -> None:
    finding = only(check(post(f"{{oneOf: [{A}, {OPTIONAL}]}}")))
    assert finding.message == "POST /payments declares /idempotency_key but does not require it"


def test_each_branch_is_held_to_the_contract() -> None:
    finding = only(check(post(f"{{oneOf: [{A}, {LOOSE}]}}")))
    assert finding.code == "idempotency-key-uuid"
    assert "oneOf" in finding.path
    assert finding.path[finding.path.index("oneOf") + 1] == 1


def test_a_circle_of_branches_ends() -> None:
    assert only(check(post(REFERENCE % "Loop"))).code == "idempotency-key-required"


def test_many_shared_branches_do_not_multiply() -> None:
    levels = "".join(
        f"    L{level}: {{oneOf: [{REFERENCE % f'L{level + 1}'}, {REFERENCE % f'L{level + 1}'}]}}\n"
        for level in range(40)
    )
    assert check(f"{post(REFERENCE % 'L0')}{levels}    L40: {A}\n") == []


def test_a_member_that_is_required_and_not_described() -> None:
    finding = only(check(post("{type: object, required: [idempotency_key]}")))
    assert finding.code == "idempotency-key-uuid", "required it is; but nothing says what it may be"
    assert finding.message == "the key of POST /payments accepts more than the contract allows"


def test_a_member_that_is_not_in_the_list() -> None:
    finding = only(check(post(REFERENCE % "Optional")))
    assert finding.message == "POST /payments declares /idempotency_key but does not require it"
    assert finding.path == ("components", "schemas", "Optional", "properties", "idempotency_key")
    assert finding.help.startswith("add `idempotency_key` to the `required` list of its schema")
    assert "required: true" not in finding.help


def test_a_body_that_is_not_required() -> None:
    finding = only(check(post(REFERENCE % "A", required="")))
    assert finding.message == "POST /payments declares /idempotency_key but does not require the body that holds it"
    assert finding.path == ("paths", "/payments", "post", "requestBody")
    assert finding.help.startswith("set `required: true` on the request body")


def test_a_body_of_a_component_that_is_not_required() -> None:
    text = (
        f"{HEAD}paths:\n  /payments:\n    post:\n      requestBody: {{$ref: '#/components/requestBodies/R'}}\n"
        f"      responses: {{'201': {{description: c}}}}\n{SCHEMAS}"
        f"  requestBodies:\n    R: {{content: {{application/json: {{schema: {A}}}}}}}\n"
    )
    finding = only(check(text))
    assert finding.path == ("components", "requestBodies", "R")
    assert [related.label for related in finding.related] == ["used here by POST /payments"]


def test_neither_the_member_nor_the_body_is_required() -> None:
    finding = only(check(post(REFERENCE % "Optional", required="")))
    assert finding.path == ("components", "schemas", "Optional", "properties", "idempotency_key")
    assert finding.help.startswith(
        "add `idempotency_key` to the `required` list of its schema and set `required: true` on the request body"
    )


SWAGGER = "swagger: '2.0'\ninfo: {title: t, version: '1'}\npaths:\n  /payments:\n    post:\n"


def swagger(parameter: str) -> str:
    return f"{SWAGGER}      parameters: [{parameter}]\n      responses: {{'201': {{description: c}}}}\n"


def test_a_form_parameter_of_swagger_is_a_member_of_the_body() -> None:
    form = "name: idempotency_key, in: formData, type: string, minLength: 1, maxLength: 45"
    assert check(swagger(f"{{{form}, required: true}}")) == []
    finding = only(check(swagger(f"{{{form}}}")))
    assert finding.message == "POST /payments declares idempotency_key but does not require it"
    assert "set `required: true` on idempotency_key" in finding.help


def test_a_query_parameter_is_not() -> None:
    query = "{name: idempotency_key, in: query, required: true, type: string, minLength: 1, maxLength: 45}"
    assert only(check(swagger(query))).message == "POST /payments does not require the body member /idempotency_key"


def test_a_body_parameter_of_swagger_that_is_not_required() -> None:
    finding = only(check(swagger(f"{{name: body, in: body, schema: {A}}}")))
    assert finding.path == ("paths", "/payments", "post", "parameters", 0)
    assert finding.help.startswith("set `required: true` on the body parameter")
