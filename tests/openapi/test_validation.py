"""Values held to schemas: dialects, broken and hostile schemas, hostile values; parameters as text and back."""

from __future__ import annotations

import json
import string
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_schemas import SCHEMAS, VALUES, document, only_schema, schema_of
from jsonschema import Draft202012Validator

from idemlint.openapi.document import read
from idemlint.openapi.operations import Parameter, operations
from idemlint.openapi.references import Node, References
from idemlint.openapi.validation import (
    SchemaValidator,
    coerce,
    decode_parameter,
    encode_parameter,
    parameter_texts,
    validator_for,
)

if TYPE_CHECKING:
    from pathlib import Path


def compiled(schema: Any, version: str = "3.1.0", direction: Any = "request") -> SchemaValidator:
    references, node = only_schema(schema, version)
    return validator_for(references, node, direction=direction)


# --- dialects ---------------------------------------------------------------------------------------------------------

FLAG = {"minimum": 1, "exclusiveMinimum": True, "maximum": 3, "exclusiveMaximum": False}
NULLABLE = {"type": "string", "nullable": True}
COMBINED = {"nullable": True, "allOf": [{"type": "string"}]}


@pytest.mark.parametrize(
    ("version", "schema", "valid", "invalid"),
    [
        ("3.0.3", FLAG, [2, 3], [1, 4]),
        ("2.0", FLAG, [2, 3], [1, 4]),
        ("3.1.0", {"exclusiveMinimum": 1}, [2], [1]),
        ("3.0.3", NULLABLE, ["a", None], [1]),
        ("3.1.0", NULLABLE, ["a"], [None]),
        ("3.0.3", {**NULLABLE, "enum": ["a"]}, ["a", None], ["b"]),
        ("3.0.3", COMBINED, ["a", None], [1]),
        ("2.0", {"type": "string", "x-nullable": True}, [None], [1]),
        ("3.0.3", {"nullable": False, "type": "string"}, ["a"], [None]),
        ("3.1.0", {"type": ["string", "null"]}, ["a", None], [1]),
        ("2.0", {"type": "file"}, ["a", 1], []),
        (
            "3.0.3",
            {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}},
            [["a", 1]],
            [[1], ["a", "b"]],
        ),
        ("3.1.0", {"prefixItems": [{"type": "string"}], "items": False}, [["a"]], [["a", 1], [1]]),
        (
            "3.1.0",
            {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
            [{"a": 1, "b": 1}, {}],
            [{"a": 1}, {"c": 1}],
        ),
        ("3.1.0", {"if": {"required": ["a"]}, "then": {"required": ["b"]}}, [{}, {"a": 1, "b": 1}], [{"a": 1}]),
        ("3.1.0", {"unevaluatedProperties": False, "allOf": [{"properties": {"a": {}}}]}, [{"a": 1}], [{"b": 1}]),
        ("3.1.0", True, [1, None], []),
        ("3.1.0", False, [], [1, None]),
    ],
)
def test_dialects(version: str, schema: Any, valid: list[Any], invalid: list[Any]) -> None:
    validator = compiled(schema, version)
    assert validator.problems == ()
    assert [value for value in valid if not validator.is_valid(value)] == []
    assert [value for value in invalid if validator.is_valid(value)] == []


@pytest.mark.parametrize(
    ("format_", "valid", "invalid"),
    [
        ("uuid", ["7f2b1c1e-3d6a-4b5c-8d9e-0a1b2c3d4e5f"], ["7f2b1c1e", ""]),
        ("date", ["2024-02-29"], ["2023-02-29", "2024-2-1"]),
        ("date-time", ["2024-02-29T10:00:00Z", "2024-01-01T00:00:00.5+02:00"], ["2024-02-29", "2024-01-01T00:00:00"]),
        ("email", ["a@example.com"], ["a", "a@"]),
        ("uri", ["https://example.com/a?b#c"], ["/a", "a b"]),
        ("ipv4", ["192.0.2.1"], ["192.0.2", "256.1.1.1"]),
        ("ipv6", ["2001:db8::1"], ["2001:db8"]),
        ("byte", ["aGk=", "not base64!"], []),
        ("hostname", ["-"], []),
    ],
)
def test_formats(format_: str, valid: list[str], invalid: list[str]) -> None:
    validator = compiled({"type": "string", "format": format_})
    assert all(map(validator.is_valid, valid))
    assert [violation.keyword for value in invalid for violation in validator.violations(value)] == ["format"] * len(
        invalid
    )


@pytest.mark.parametrize(("format_", "limit"), [("int32", 2**31), ("int64", 2**63)])
def test_integer_formats_are_ranges(format_: str, limit: int) -> None:
    validator = compiled({"type": "integer", "format": format_, "minimum": 0}, "3.0.3")
    assert validator.is_valid(limit - 1)
    assert not validator.is_valid(limit)
    assert not validator.is_valid(-1)
    assert compiled({"type": "string", "format": format_}).is_valid("x")


@pytest.mark.parametrize(("version", "valid"), [("2.0", True), ("3.0.3", True), ("3.1.0", False), ("3.2.0", False)])
def test_siblings_of_a_reference(version: str, valid: bool) -> None:
    prefix = "#/definitions/" if version == "2.0" else "#/components/schemas/"
    references = document({"A": {"type": "string"}, "B": {"$ref": prefix + "A", "maxLength": 1}}, version)
    assert validator_for(references, schema_of(references, "B")).is_valid("long") is valid


def test_an_older_dialect_ignores_siblings() -> None:
    schemas = {"A": {"type": "string"}, "B": {"$ref": "#/components/schemas/A", "maxLength": 1}}
    references = document(schemas, jsonSchemaDialect="http://json-schema.org/draft-07/schema#")
    assert validator_for(references, schema_of(references, "B")).is_valid("long")


# --- directions -------------------------------------------------------------------------------------------------------

OWN = {
    "type": "object",
    "required": ["id", "secret", "name"],
    "properties": {"id": {"type": "string", "readOnly": True}, "secret": {"writeOnly": True}, "name": {}},
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(("direction", "missing"), [("request", ["secret", "name"]), ("response", ["id", "name"])])
def test_members_that_do_not_travel_are_not_required(version: str, direction: str, missing: list[str]) -> None:
    found = compiled(OWN, version, direction).violations({})
    assert sorted(violation.message for violation in found) == sorted(
        f'"{name}" is a required property' for name in missing
    )


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"required": ["id", "n"]}, {"properties": {"id": {"readOnly": True}}}]},
        {"allOf": [{"$ref": "#/components/schemas/Base"}], "required": ["id", "n"]},
        {"$ref": "#/components/schemas/Named"},
        {"properties": {"id": {"readOnly": True}}, "anyOf": [{"required": ["id", "n"]}]},
    ],
)
def test_read_only_and_required_may_stand_apart(schema: Any) -> None:
    references = document(
        {
            "S": schema,
            "Base": {"properties": {"id": {"$ref": "#/components/schemas/Id"}}},
            "Id": {"type": "string", "readOnly": True},
            "Named": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"$ref": "#/components/schemas/Needs"}]},
            "Needs": {"required": ["id", "n"]},
        },
        "3.0.3",
    )
    node = schema_of(references, "S")
    assert validator_for(references, node).is_valid({"n": 1})
    assert not validator_for(references, node).is_valid({"id": "x"})
    assert not validator_for(references, node, direction="response").is_valid({"n": 1})
    needs = validator_for(references, schema_of(references, "Needs"))
    assert not needs.is_valid({"n": 1})  # by itself it knows of no `readOnly`


# --- references -------------------------------------------------------------------------------------------------------


def test_circles_and_other_files(tmp_path: Path) -> None:
    (tmp_path / "root.yaml").write_text(
        "openapi: 3.0.3\npaths: {}\ncomponents: {schemas: {Tree: {$ref: 'tree.yaml#/Tree'}}}\n"
    )
    (tmp_path / "tree.yaml").write_text(
        "Tree: {type: object, required: [name], properties: {name: {type: string}, "
        "children: {type: array, items: {$ref: '#/Tree'}}, other: {$ref: 'root.yaml#/components/schemas/Tree'}}}\n"
    )
    references = References(read(str(tmp_path / "root.yaml")))
    validator = validator_for(references, schema_of(references, "Tree"))
    assert validator is validator_for(references, schema_of(references, "Tree"))
    assert validator.is_valid({"name": "a", "children": [{"name": "b", "children": []}], "other": {"name": "c"}})
    (violation,) = validator.violations({"name": "a", "children": [{"name": "b", "other": {"name": 1}}]})
    assert violation[::2] == ("/children/0/other/name", "type")


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/components/schemas/S"},
        {"allOf": [{"$ref": "#/components/schemas/S"}, {"type": "string"}]},
        {"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "string"}]},
        {"not": {"$ref": "#/components/schemas/S"}},
    ],
)
def test_a_schema_that_is_itself(schema: Any) -> None:
    validator = compiled(schema)
    validator.is_valid("x")
    validator.violations(1)


def test_pointers_escape_names() -> None:
    schema = {"properties": {"a/b~c": {"items": {"type": "string"}}}}
    assert [violation.pointer for violation in compiled(schema).violations({"a/b~c": ["x", 1]})] == ["/a~1b~0c/1"]


# --- broken schemas ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "strnig"},
        {"type": []},
        {"type": {}},
        {"$ref": "#/nowhere"},
        {"$ref": "missing.yaml#/a"},
        {"properties": []},
        {"properties": {"b": "text"}},
        {"items": "text"},
        {"allOf": {}},
        {"oneOf": "text"},
        {"required": "a"},
        {"required": [1]},
        {"enum": "a"},
        {"enum": []},
        {"minimum": "3"},
        {"maxLength": -1},
        {"maxItems": 1.5},
        {"multipleOf": 0},
        {"uniqueItems": "yes"},
        {"pattern": "["},
        {"pattern": 1},
        {"patternProperties": {"(?=a)": False}},
        {"dependentRequired": []},
        {"additionalProperties": [], "properties": []},
        {"not": []},
        {"not": 1},
    ],
    ids=json.dumps,
)
def test_what_is_broken_is_told_and_the_rest_holds(broken: dict[str, Any]) -> None:
    validator = compiled({"properties": {"a": {"type": "integer"}, "b": broken}})
    assert validator.problems
    for value in (None, 1, "text", [], {}, {"a": 1}):
        assert validator.is_valid({"a": 1, "b": value})
    assert [violation.pointer for violation in validator.violations({"a": "x", "b": 1})] == ["/a"]


@pytest.mark.parametrize("schema", [[], "text", 1, None, [{"type": "string"}]])
def test_a_schema_that_is_none(schema: Any) -> None:
    validator = compiled(schema)
    assert validator.problems
    assert validator.is_valid(1)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "properties",
                        "items",
                        "required",
                        "enum",
                        "const",
                        "pattern",
                        "format",
                        "allOf",
                        "anyOf",
                        "not",
                        "$ref",
                        "if",
                        "then",
                        "minimum",
                        "nullable",
                        "readOnly",
                        "dependencies",
                        "prefixItems",
                        "contains",
                        "propertyNames",
                        "example",
                        "discriminator",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(["2.0", "3.0.3", "3.1.0"]),
    VALUES,
)
def test_no_schema_raises(schema: Any, version: str, value: Any) -> None:
    validator = compiled(schema, version)
    assert validator.is_valid(value) is (validator.violations(value) == [])


@settings(max_examples=250, deadline=None)
@given(SCHEMAS, VALUES)
def test_agrees_with_jsonschema(schema: Any, value: Any) -> None:
    agreed = compiled(schema).is_valid(value) is Draft202012Validator(schema).is_valid(value)
    assert agreed or "format" in json.dumps(schema)  # which jsonschema does not hold values to


# --- hostile schemas and values -----------------------------------------------------------------------------------------


def test_deep_schemas() -> None:
    schema: Any = {"type": "integer"}
    for _ in range(70):
        schema = {"properties": {"a": schema}}
    value: Any = "x"
    for _ in range(70):
        value = {"a": value}
    validator = compiled(schema)
    assert validator.problems == ()
    assert [violation.pointer for violation in validator.violations(value)] == ["/a" * 70]


@pytest.mark.parametrize("depth", [200, 5_000, 200_000])
def test_deep_values(depth: int) -> None:
    validator = compiled(
        {"properties": {"a": {"$ref": "#/components/schemas/S"}}, "additionalProperties": {"type": "array"}}
    )
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    assert not validator.is_valid(value)
    assert [violation.keyword for violation in validator.violations(value)] == ["json"]
    while value:  # freed level by level: Python frees what nests with its own stack
        value = value.pop("a")


def test_a_value_that_holds_itself() -> None:
    value: list[Any] = []
    value.append(value)
    assert not compiled({"type": "array"}).is_valid(value)


@pytest.mark.parametrize("value", [b"bytes", object(), {1: 2}, {1, 2}, {"a": object()}, [b""]], ids=range(6))
def test_values_that_json_does_not_know(value: Any) -> None:
    item = {"type": ["string", "number"]}
    validator = compiled({"type": ["string", "array", "object"], "items": item, "additionalProperties": item})
    assert not validator.is_valid(value)
    assert [violation.keyword for violation in validator.violations(value)] == ["json"]


def test_lone_surrogates() -> None:
    validator = compiled({"properties": {"a": {"type": "string", "maxLength": 1}, "\ud800": {"enum": ["\udfff"]}}})
    assert validator.is_valid({"a": "\ud800"})
    assert [violation.keyword for violation in validator.violations({"a": "\ud800\ud800", "b": 1})] == ["maxLength"]


def test_what_doubles_with_each_line_demands_nothing() -> None:
    schemas: dict[str, Any] = {
        f"S{at}": {"allOf": [{"$ref": f"#/components/schemas/S{at + 1}"}] * 2} for at in range(40)
    }
    references = document({**schemas, "S40": {"type": "string"}})
    started = time.perf_counter()
    validator = validator_for(references, schema_of(references, "S0"))
    assert any("look at one value" in problem for problem in validator.problems)
    assert validator.is_valid(1)
    assert time.perf_counter() - started < 2
    assert not validator_for(references, schema_of(references, "S33")).is_valid(1)


@pytest.mark.parametrize("depth", [2, 6, 15, 60])
def test_errors_that_double_with_each_level(depth: int) -> None:
    held = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/S"}}},
    }
    validator = compiled({"oneOf": [{**held, "required": ["a"]}, {**held, "required": ["b"]}]})
    value: Any = {}
    for _ in range(depth):
        value = {"a": 1, "children": [value]}
    started = time.perf_counter()
    found = validator.violations(value)
    assert [violation.pointer for violation in found] == [""]
    assert found[0].keyword == ("oneOf" if depth < 10 else "schema")
    assert time.perf_counter() - started < 3


def test_long_chains_of_references() -> None:
    schemas: dict[str, Any] = {f"S{at}": {"$ref": f"#/components/schemas/S{at + 1}"} for at in range(1_000)}
    references = document({**schemas, "S1000": {"type": "string"}})
    assert any("chain" in problem for problem in validator_for(references, schema_of(references, "S0")).problems)
    assert not validator_for(references, schema_of(references, "S950")).is_valid(1)


@pytest.mark.parametrize(
    "pattern", [r"^(a+)+$", r"^(a|a)*$", r"(a{999}){999}", r"^(?=(a+)+$)b", r"^(a+)+\1$", r"(.*)*(?!x)y"]
)
def test_hostile_patterns_do_not_hang(pattern: str) -> None:
    validator = compiled({"type": "string", "pattern": pattern})
    started = time.perf_counter()
    validator.is_valid("a" * 5_000 + "!")
    validator.violations("a" * 5_000 + "!")
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    ("pattern", "valid", "invalid"),
    [
        (r"^\d+$", ["12"], ["12\n", "٣"]),
        (r"^(?=.*\d)(?!.*x).{3,}$", ["ab1"], ["abc", "x12"]),
        (r"^(a|b)\1$", ["aa"], ["ab"]),
        (r"^\p{L}+$", ["é"], ["1"]),
        (r"^[^]$", ["x"], ["xx"]),
        (r"a{,2}", ["a{,2}"], ["aa"]),
    ],
)
def test_patterns_are_ecmascript(pattern: str, valid: list[str], invalid: list[str]) -> None:
    validator = compiled({"pattern": pattern})
    assert validator.problems == ()
    assert all(map(validator.is_valid, valid))
    assert [violation.keyword for value in invalid for violation in validator.violations(value)] == ["pattern"] * len(
        invalid
    )


def test_messages_are_short_lines() -> None:
    validator = compiled({"properties": {"a": {"type": "integer"}, "b": {"enum": ["\u001b[31m\n" * 100]}}})
    found = validator.violations({"a": "\u001b[2J\r\n" * 10_000, "b": "x\u202e"})
    assert {violation.pointer for violation in found} == {"/a", "/b"}
    for violation in found:
        assert len(violation.message) < 500
        assert violation.message.isprintable()


def test_the_nearest_branch_is_told() -> None:
    card = {"required": ["kind", "number"], "properties": {"kind": {"const": "card"}, "number": {"type": "string"}}}
    bank = {"required": ["kind", "iban"], "properties": {"kind": {"const": "bank"}, "iban": {"type": "string"}}}
    (violation,) = compiled({"oneOf": [card, bank]}).violations({"kind": "bank", "iban": 1})
    assert violation.keyword == "oneOf"
    assert "at /iban: 1 is not of type" in violation.message


def test_the_limit_of_violations() -> None:
    validator = compiled({"items": {"type": "string"}})
    assert len(validator.violations(list(range(50)))) == 20
    assert len(validator.violations(list(range(50)), 3)) == 3


# --- parameters -------------------------------------------------------------------------------------------------------


def parameter(location: str, version: str = "3.0.3", **more: Any) -> Parameter:
    declared = {"name": "color", "in": location, "required": True, **more}
    paths = {"/a/{color}": {"get": {"parameters": [declared]}}}
    references = document({}, version, paths=paths)
    (found,) = operations(references)[0].parameters()
    return found


ARRAY = {"type": "array", "items": {"type": "string"}}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
OBJECT = {"type": "object", "properties": {name: {"type": "integer"} for name in "RGB"}}
RGB = {"R": 100, "G": 200, "B": 150}
LIST = ["blue", "black"]


@pytest.mark.parametrize(
    ("location", "style", "explode", "schema", "value", "text"),
    [
        # OpenAPI 3.0.4, Style Examples.
        ("path", "matrix", False, {"type": "string"}, "blue", ";color=blue"),
        ("path", "matrix", False, ARRAY, LIST, ";color=blue,black"),
        ("path", "matrix", False, OBJECT, RGB, ";color=R,100,G,200,B,150"),
        ("path", "matrix", True, ARRAY, LIST, ";color=blue;color=black"),
        ("path", "matrix", True, OBJECT, RGB, ";R=100;G=200;B=150"),
        ("path", "label", False, {"type": "string"}, "blue", ".blue"),
        ("path", "label", False, ARRAY, LIST, ".blue,black"),
        ("path", "label", True, ARRAY, LIST, ".blue.black"),
        ("path", "label", True, OBJECT, RGB, ".R=100.G=200.B=150"),
        ("path", "simple", False, {"type": "integer"}, 7, "7"),
        ("header", "simple", False, ARRAY, LIST, "blue,black"),
        ("path", "simple", False, OBJECT, RGB, "R,100,G,200,B,150"),
        ("path", "simple", True, OBJECT, RGB, "R=100,G=200,B=150"),
        ("cookie", "form", False, NUMBERS, [1, 2], "1,2"),
        ("query", "form", False, ARRAY, LIST, [("color", "blue,black")]),
        ("query", "form", True, ARRAY, LIST, [("color", "blue"), ("color", "black")]),
        ("query", "form", False, OBJECT, RGB, [("color", "R,100,G,200,B,150")]),
        ("query", "form", True, OBJECT, RGB, [("R", "100"), ("G", "200"), ("B", "150")]),
        ("query", "spaceDelimited", False, ARRAY, LIST, [("color", "blue black")]),
        ("query", "pipeDelimited", False, ARRAY, LIST, [("color", "blue|black")]),
        ("query", "pipeDelimited", True, NUMBERS, [1, 2], [("color", "1"), ("color", "2")]),
        ("query", "deepObject", True, OBJECT, RGB, [("color[R]", "100"), ("color[G]", "200"), ("color[B]", "150")]),
    ],
)
def test_styles(location: str, style: str, explode: bool, schema: Any, value: Any, text: Any) -> None:
    declared = parameter(location, style=style, explode=explode, schema=schema)
    assert encode_parameter(declared, value) == text
    raw = parameter_texts(declared, text) if isinstance(text, list) else [text]
    assert decode_parameter(declared, raw) == value


@pytest.mark.parametrize(
    ("format_", "pairs"),
    [
        (None, [("color", "1,2")]),
        ("csv", [("color", "1,2")]),
        ("ssv", [("color", "1 2")]),
        ("tsv", [("color", "1\t2")]),
        ("pipes", [("color", "1|2")]),
        ("multi", [("color", "1"), ("color", "2")]),
    ],
)
def test_collection_formats(format_: str | None, pairs: list[tuple[str, str]]) -> None:
    more = {"collectionFormat": format_} if format_ else {}
    declared = parameter("query", "2.0", type="array", items={"type": "integer"}, **more)
    assert encode_parameter(declared, [1, 2]) == pairs
    assert decode_parameter(declared, parameter_texts(declared, pairs)) == [1, 2]


def test_content_is_json() -> None:
    declared = parameter("query", content={"application/json": {"schema": {"type": "object"}}})
    assert encode_parameter(declared, {"a": [1]}) == [("color", '{"a":[1]}')]
    assert decode_parameter(declared, ['{"a":[1]}']) == {"a": [1]}
    assert decode_parameter(declared, ["{broken"]) == "{broken"


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("12", {"type": "integer"}, 12),
        ("012", {"type": "integer"}, "012"),
        ("1.5", {"type": "integer"}, "1.5"),
        ("1.5e3", {"type": "number"}, 1500.0),
        ("NaN", {"type": "number"}, "NaN"),
        ("9" * 5000, {"type": "integer"}, "9" * 5000),
        ("true", {"type": "boolean"}, True),
        ("True", {"type": "boolean"}, "True"),
        ("12", {"type": "string"}, "12"),
        ("12", {}, "12"),
        ("12", True, "12"),
        ("12", {"oneOf": [{"type": "string"}, {"type": "integer"}]}, 12),
        ("12", {"type": ["string", "integer"], "enum": ["12"]}, "12"),
        ("2", {"enum": [1, 2]}, 2),
        ("null", {"type": ["integer", "null"]}, None),
        ("", {"type": "integer", "nullable": True}, None),
        ("1,2", {"type": "array", "items": {"type": "integer"}}, [1, 2]),
        ("", {"type": "array"}, []),
        ("R,1", OBJECT, {"R": 1}),
        ("R", OBJECT, "R"),
        ("x", {"type": ["strnig", 1]}, "x"),
        ("x", [], "x"),
    ],
)
def test_coerce(text: str, schema: Any, value: Any) -> None:
    found = coerce(text, schema)
    assert found == value
    assert type(found) is type(value)


WORDS = st.text(string.ascii_letters + string.digits + "_-é", min_size=1, max_size=5).filter(
    lambda text: text not in {"null", "true", "false"}
)
ITEMS = {"string": WORDS, "integer": st.integers(-(10**12), 10**12), "boolean": st.booleans()}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_is_encoded_is_decoded(data: st.DataObject) -> None:
    draw = data.draw
    location, styles = draw(
        st.sampled_from(
            [
                ("path", ["simple", "label", "matrix"]),
                ("header", ["simple"]),
                ("query", ["form", "spaceDelimited", "pipeDelimited", "deepObject"]),
            ]
        )
    )
    style = draw(st.sampled_from(styles))
    kind = draw(st.sampled_from(sorted(ITEMS)))
    shape = draw(st.sampled_from(["object"] if style == "deepObject" else ["scalar", "array", "object"]))
    item = {"type": kind}
    if shape == "array":
        schema, value = {"type": "array", "items": item}, draw(st.lists(ITEMS[kind], min_size=1, max_size=4))
    elif shape == "object":
        names = draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
        schema = {"type": "object", "properties": dict.fromkeys(names, item)}
        value = {name: draw(ITEMS[kind]) for name in names}
    else:
        schema, value = item, draw(ITEMS[kind])
    declared = parameter(location, style=style, explode=draw(st.booleans()), schema=schema)
    text = encode_parameter(declared, value)
    raw = parameter_texts(declared, text) if isinstance(text, list) else [text]
    assert decode_parameter(declared, raw) == value


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["path", "query", "header", "cookie"]),
    st.sampled_from(
        ["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject", "nonsense", 1]
    ),
    st.booleans(),
    st.sampled_from([ARRAY, OBJECT, {"type": "integer"}, {}, {"type": "array"}, {"$ref": "#/nowhere"}]),
    st.lists(st.text(max_size=12), max_size=3),
)
def test_no_text_raises(location: str, style: Any, explode: bool, schema: Any, raw: list[str]) -> None:
    declared = parameter(location, style=style, explode=explode, schema=schema)
    decode_parameter(declared, raw)
    parameter_texts(declared, [(text, text) for text in raw])


def test_a_reference_in_a_parameter_is_followed() -> None:
    paths = {
        "/a": {"get": {"parameters": [{"name": "n", "in": "query", "schema": {"$ref": "#/components/schemas/N"}}]}}
    }
    references = document(
        {"N": {"allOf": [{"$ref": "#/components/schemas/M"}]}, "M": {"type": "integer"}}, "3.0.3", paths=paths
    )
    (declared,) = operations(references)[0].parameters()
    assert decode_parameter(declared, ["3"]) == 3
    assert isinstance(declared.schema(), Node)
