"""What `idempotency-key-uuid` says of a schema: the witnesses, the mend, and where the operation uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from idemlint.check.loading import RulesetLoader
from idemlint.check.runner import check_document
from idemlint.contract.contract import DEFAULT, Contract
from idemlint.contract.loading import load_profile
from idemlint.openapi.document import parse

if TYPE_CHECKING:
    from idemlint.findings import Finding

CONFLICT = "'409': {description: c, content: {application/json: {schema: {type: object}}}}"
UUID = "[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"


def document(parameter: str, components: str = "", version: str = "3.1.0") -> str:
    return (
        f"openapi: {version}\ninfo: {{title: t, version: '1'}}\npaths:\n  /payments:\n    post:\n"
        f"      parameters:\n        - {parameter}\n      responses: {{{CONFLICT}}}\n{components}"
    )


def of(
    schema: str, components: str = "", version: str = "3.1.0", contract: Contract = DEFAULT, name: str = ""
) -> Finding:
    name = name or contract.header
    text = document(f"{{name: {name}, in: header, required: true, schema: {schema}}}", components, version)
    return only(text, contract)


def only(text: str, contract: Contract = DEFAULT) -> Finding:
    rules = RulesetLoader().load(["idemlint:recommended"], "/")
    findings = [
        finding
        for finding in check_document(parse(text, "<stdin>"), rules, contract).findings
        if finding.code == "idempotency-key-uuid"
    ]
    assert len(findings) == 1, findings
    return findings[0]


def test_a_space_at_an_end_is_written_so_that_no_line_break_hides_it() -> None:
    assert of('{enum: [" a b ", "c"]}').label == 'accepts "\\x20a b\\x20" and "c"'


def test_witnesses_that_read_alike_are_told_once() -> None:
    label = of("{maxLength: 500}", contract=Contract.from_settings({"key-format": "any", "max-length": 255})).label
    assert label == "accepts a key of 256 characters"


@pytest.mark.parametrize("pattern", [f"(?i)^{UUID}$", f"(?P<u>{UUID})", "["])
def test_a_pattern_that_is_none_is_told_as_the_cause(pattern: str) -> None:
    finding = of(f"{{type: string, pattern: '{pattern}'}}")
    assert finding.message == "the key of POST /payments accepts more than UUIDs"
    assert finding.label == f'"{pattern}" is no regular expression of ECMA-262, so it counts for nothing'


def test_a_pattern_that_is_a_number() -> None:
    assert (
        of("{type: string, pattern: 5}").label == '"5" is no regular expression of ECMA-262, so it counts for nothing'
    )


def test_a_long_pattern_that_is_none_is_cut_and_called_no_key() -> None:
    label = of(f"{{type: string, pattern: '(?i){UUID * 4}'}}").label
    assert "a key of" not in label
    assert label.startswith('"(?i)[0-9a-f]{8}')
    assert '..." is no regular expression' in label


def test_a_list_of_uuids() -> None:
    finding = of("{enum: [8e03978e-40d5-43e8-bc93-6894a57f9324]}")
    assert finding.message == "the key of POST /payments accepts just the UUIDs that its schema lists"
    assert finding.label == 'refuses others, such as "ce03978e-0000-4abc-8fff-000000000000"'
    assert finding.help.startswith("put `format: uuid` in the place of the list")


def test_a_type_that_no_key_has() -> None:
    finding = of("{type: integer, format: uuid}")
    assert finding.message == "the key of POST /payments does not accept UUIDs"
    assert finding.label == 'refuses "8e03978e-40d5-43e8-bc93-6894a57f9324"'
    assert finding.help == "set `type: string` in the schema of Idempotency-Key"
    assert of("{type: integer}").help == "set `type: string` and add `format: uuid` in the schema of Idempotency-Key"


def test_a_format_in_the_way_of_the_contract_is_replaced() -> None:
    contract = Contract.from_profile(load_profile("amazon-pay"))
    finding = of("{type: string, format: uuid}", contract=contract)
    assert finding.help == (
        "replace `format: uuid` by `pattern: '^[A-Za-z0-9_-]{1,32}$'` in the schema of x-amz-pay-idempotency-key"
    )
    both = of("{type: string, format: uuid, pattern: '^[A-Za-z0-9_-]{1,32}$'}", contract=contract)
    assert both.message == "the key of POST /payments does not accept what the contract allows"
    assert both.help == "remove `format: uuid` from the schema of x-amz-pay-idempotency-key"


def test_a_format_that_the_contract_narrows_stays() -> None:
    assert of("{format: uuid}", contract=DEFAULT._replace(key_format="uuid4")).help.startswith("add `pattern: ")


LOOSE = "components: {schemas: {U: {type: string}}}\n"


def test_a_format_beside_a_reference_in_openapi_3_0() -> None:
    finding = of("{$ref: '#/components/schemas/U', format: uuid}", LOOSE, "3.0.3")
    assert finding.help == (
        "add `format: uuid` to what the `$ref` of Idempotency-Key names: beside a `$ref`, OpenAPI 3.0 ignores it"
    )
    assert of("{$ref: '#/components/schemas/U', description: d}", LOOSE, "3.0.3").help == (
        "add `format: uuid` to the schema of Idempotency-Key"
    )


def test_a_shared_schema_tells_where_it_is_used() -> None:
    finding = of("{$ref: '#/components/schemas/U'}", LOOSE)
    assert finding.path == ("components", "schemas", "U")
    assert [(related.label, related.range.start.line) for related in finding.related] == [
        ("used here by POST /payments", 6)
    ]


def test_a_shared_schema_of_a_shared_parameter_tells_the_operation() -> None:
    components = (
        "components:\n  schemas: {U: {type: string}}\n"
        "  parameters: {K: {name: Idempotency-Key, in: header, required: true, schema: {$ref: '#/components/schemas/U'}}}\n"
    )
    finding = only(document("{$ref: '#/components/parameters/K'}", components))
    assert finding.path == ("components", "schemas", "U")
    assert [related.range.start.line for related in finding.related] == [6]


def test_a_schema_in_its_own_place_needs_no_hint() -> None:
    assert of("{type: string}").related == ()
