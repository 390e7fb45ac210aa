"""Samples: always valid, deterministic, first the document's own; copies that differ or break in one place."""

from __future__ import annotations

import contextlib
import copy
import json
import time
from itertools import islice
from random import Random
from typing import Any

import corpus
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from json_schemas import SCHEMAS, document, only_schema, schema_of
from jsonschema import Draft202012Validator

from idemlint.openapi.document import read
from idemlint.openapi.ecma_regex.sampler import PatternSampler
from idemlint.openapi.operations import Operation, operations
from idemlint.openapi.pointers import at
from idemlint.openapi.references import Node, References
from idemlint.openapi.samples import (
    MISSING,
    SampleError,
    Sampler,
    body_sample,
    media_example,
    response_sample,
)
from idemlint.openapi.samples.variation import at_pointer
from idemlint.openapi.validation import validator_for


def sampled(schema: Any, version: str = "3.1.0", direction: Any = "request", **more: Any) -> Any:
    references, node = only_schema(schema, version)
    sample = Sampler(references, direction=direction).sample(node, **more)
    validator = validator_for(references, node, direction=direction)
    assert validator.violations(sample.value) == []
    return sample.value


def differences(one: Any, other: Any, pointer: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            place
            for name in {**one, **other}
            for place in (
                differences(one[name], other[name], f"{pointer}/{name}")
                if name in one and name in other
                else [f"{pointer}/{name}"]
            )
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [place for at in range(len(one)) for place in differences(one[at], other[at], f"{pointer}/{at}")]
    return [] if one == other and type(one) is type(other) else [pointer]


# --- properties -------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, st.sampled_from(["request", "response"]), st.integers(0, 3))
def test_a_sample_is_valid_and_its_copies_are_what_they_say(schema: Any, direction: Any, variant: int) -> None:
    references, node = only_schema(schema)
    sampler = Sampler(references, direction=direction)
    validator = validator_for(references, node, direction=direction)
    try:
        sample = sampler.sample(node, variant=variant)
    except SampleError as error:
        assert str(error)
        assume(False)
    assert validator.is_valid(sample.value)
    assert Draft202012Validator(schema).is_valid(sample.value)
    before = json.dumps(sample.value)
    changed = sampler.different(node, sample.value)
    if changed is not None:
        assert validator.is_valid(changed[0])
        assert differences(sample.value, changed[0]) == [changed[1]]
    broken = sampler.invalid(node, sample.value)
    if broken is not None:
        assert not validator.is_valid(broken[0])
        assert differences(sample.value, broken[0]) == [broken[1]]
    assert json.dumps(sample.value) == before
    assert Sampler(references, direction=direction).sample(node, variant=variant) == sample


@settings(max_examples=100, deadline=None)
@given(SCHEMAS)
def test_an_optional_member_that_has_no_value_is_left_out(schema: Any) -> None:
    value = sampled({"type": "object", "properties": {"a": schema}, "required": ["b"]}, direction="response")
    assert "b" in value


@settings(max_examples=150, deadline=None)
@given(
    st.from_regex(r"\A(?:[ab]|\[a-z\]|\\d|\(a\|b\)|\.)(?:[*+?]|\{1,3\})?(?:[xy0]|\\w|\(\?:z\|q\))?\Z"),
    st.integers(0, 9),
)
def test_texts_for_patterns(pattern: str, seed: int) -> None:
    sampler = PatternSampler(f"^{pattern}$")
    text = sampler.text(Random(seed), 0, 50, lambda _text: True)
    assert text is not None
    assert sampler.matches(text)


# --- single schemas ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{3}$",
        r"^pm_[0-9a-zA-Z]{24}$",
        r"^(?=.*\d)(?=.*[a-z])(?=.*[A-Z]).{8,16}$",
        r"^(?!0)\d{5}$",
        r"^(a|b)\1{2}$",
        r"^\p{Lu}\p{Ll}+$",
        r"^[^\x00-\x7F]{2}$",
        r"\bfoo\b",
        r"^\+[1-9]\d{1,14}$",
        r"^([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$",
        r"^$",
        r"^[\u4e00-\u9fff]+$",
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$",
        r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$",
    ],
)
def test_patterns(pattern: str) -> None:
    assert isinstance(sampled({"type": "string", "pattern": pattern}), str)


@pytest.mark.parametrize(
    "pattern", [r"^(a+)+$", r"^((a*)*)*b$", r"^(a{1000}){1000}$", r"(?=a)b", r"$a^", r"^a{99999999}$"]
)
def test_hostile_patterns_end(pattern: str) -> None:
    started = time.perf_counter()
    with contextlib.suppress(SampleError):
        sampled({"type": "string", "pattern": pattern})
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[a-z]*$", "minLength": 36, "maxLength": 36},
        {"type": "string", "format": "email", "maxLength": 8},
        {"type": "string", "minLength": 500},
        {"type": "integer", "minimum": 7, "maximum": 7},
        {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3},
        {"type": "number", "exclusiveMinimum": 0, "maximum": 0.001},
        {"type": "number", "multipleOf": 0.01, "maximum": 0.05, "exclusiveMinimum": 0.03},
        {"type": "integer", "multipleOf": 7, "minimum": 8},
        {"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "integer", "minimum": 1, "maximum": 12},
        {"type": "integer", "maximum": -(10**12)},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
        {"type": "array", "items": {"type": "string", "example": "a"}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"const": "a"}, {"type": "integer"}], "items": False, "minItems": 2},
        {"type": "array", "items": {"type": "integer"}, "contains": {"const": 7}},
        {"type": "array", "maxItems": 0, "items": {}},
        {"type": "object", "minProperties": 3},
        {
            "type": "object",
            "minProperties": 2,
            "propertyNames": {"pattern": "^x-[a-z]+$"},
            "additionalProperties": {"type": "integer"},
        },
        {
            "type": "object",
            "patternProperties": {"^x_": {"type": "integer"}},
            "additionalProperties": False,
            "minProperties": 1,
        },
        {"type": "object", "required": ["a"], "additionalProperties": {"type": "boolean"}},
        {"type": "object", "required": ["a"], "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b", "c"]}},
        {"required": ["a"], "dependentSchemas": {"a": {"required": ["z"], "properties": {"z": {"const": 1}}}}},
        {
            "properties": {"k": {"enum": ["card", "bank"]}},
            "required": ["k"],
            "if": {"properties": {"k": {"const": "card"}}},
            "then": {"required": ["number"]},
        },
        {"type": "object", "properties": {"a": {"type": "string"}}, "not": {"required": ["a"]}},
        {"type": "string", "not": {"const": "x"}},
        {"oneOf": [{"required": ["a"], "not": {"required": ["b"]}}, {"required": ["b"]}], "type": "object"},
        {"anyOf": [False, {"type": "integer"}]},
        {"oneOf": [{"type": "null"}, {"type": "object", "required": ["x"], "properties": {"x": {"type": "null"}}}]},
        {"type": ["null", "integer"]},
        {"enum": [None, "a"]},
        {"const": {"a": [1, None]}},
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}},
                {"properties": {"a": {"minimum": 5}}, "required": ["a"]},
            ]
        },
        {
            "allOf": [
                {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
                {"anyOf": [{"maxProperties": 1}, {"required": ["c"]}]},
            ],
            "type": "object",
        },
        {"unevaluatedProperties": False, "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {},
        True,
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("direction", ["request", "response"])
def test_keywords(schema: Any, direction: str) -> None:
    for variant in range(3):
        sampled(schema, direction=direction, variant=variant)


@pytest.mark.parametrize(
    "format_", ["uuid", "date", "date-time", "email", "uri", "ipv4", "ipv6", "byte", "password", "int64"]
)
def test_formats_and_fresh_variants(format_: str) -> None:
    references, node = only_schema({"type": "string", "format": format_})
    sampler = Sampler(references)
    values = {sampler.sample(node, variant=variant).value for variant in range(5)}
    assert len(values) > 1
    assert all(validator_for(references, node).is_valid(value) for value in values)


def test_names_tell_what_a_value_is() -> None:
    names = ["currency", "country", "email", "amount", "quantity", "websiteUrl", "card_number"]
    schema = {
        "type": "object",
        "properties": {name: {"type": "integer" if name in {"amount", "quantity"} else "string"} for name in names},
        "required": names,
    }
    value = sampled(schema)
    assert (value["currency"], value["country"], value["card_number"]) == ("EUR", "DE", "4111111111111111")
    assert value["email"].endswith("@example.com")
    assert value["websiteUrl"].startswith("https://example.com/")
    assert value["amount"] >= 100
    assert 1 <= value["quantity"] <= 9


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (False, "false"),
        ({"type": "string", "minLength": 5, "maxLength": 2}, "at least 5"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "no number"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "exclude"),
        ({"allOf": [{"enum": [1]}, {"enum": [2]}]}, "in common"),
        (
            {"type": "object", "properties": {"me": {"$ref": "#/components/schemas/S"}}, "required": ["me"]},
            "without end",
        ),
        ({"type": "string", "pattern": "a^"}, "pattern"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": True}, "differ"),
    ],
)
def test_what_has_no_value_is_told(schema: Any, reason: str) -> None:
    with pytest.raises(SampleError, match=reason):
        sampled(schema)


# --- examples ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "value", "origin"),
    [
        ({"type": "integer", "example": 5, "default": 6}, 5, "example"),
        ({"type": "integer", "examples": ["x", 7]}, 7, "example"),
        ({"type": "integer", "example": "5", "default": 6}, 6, "default"),
        ({"type": "string", "enum": ["a", "b"], "default": "b"}, "a", "enum"),
        ({"type": "string", "enum": ["a", "b"], "example": "b"}, "b", "example"),
        ({"type": "object", "example": {"a": 1}}, {"a": 1}, "example"),
        ({"allOf": [{"type": "object", "required": ["a"]}], "example": {"a": 1}}, {"a": 1}, "example"),
    ],
)
def test_what_the_document_gives_comes_first(schema: Any, value: Any, origin: str) -> None:
    references, node = only_schema(schema)
    assert Sampler(references).sample(node) == (value, origin)


def test_an_example_that_is_not_valid_is_told() -> None:
    references, node = only_schema({"properties": {"n": {"type": "integer", "example": "one"}}, "required": ["n"]})
    sampler = Sampler(references)
    assert type(sampler.sample(node).value["n"]) is int
    assert sampler.notes == ["an example of n is not valid against its schema"]


def test_examples_of_members() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": "string", "example": "x"},
            "b": {"type": "integer", "example": 3},
            "c": {"type": "string"},
        },
    }
    assert sampled(schema) == {"a": "x", "b": 3}
    assert sampled(schema, direction="response").keys() == {"a", "b", "c"}


def test_a_sample_belongs_to_the_caller() -> None:
    references, node = only_schema({"example": {"a": [1]}})
    sampler = Sampler(references)
    sampler.sample(node).value["a"].append(2)
    assert sampler.sample(node).value == {"a": [1]}


def test_variants_of_an_example_have_identifiers_of_their_own() -> None:
    example = {"id": "pay_1Nx7Kq", "reference": "order-1001", "customer_id": "cus_1", "kind": "id", "amount": 10}
    references, node = only_schema({"type": "object", "properties": {"kind": {"const": "id"}}, "example": example})
    sampler = Sampler(references)
    first, again = sampler.sample(node, variant=1).value, sampler.sample(node, variant=2).value
    assert sampler.sample(node).value == example
    assert first == sampler.sample(node, variant=1).value
    assert len({first["id"], again["id"], example["id"]}) == 3
    assert first["id"].startswith("pay_")
    assert first["reference"].startswith("order-")
    assert {**first, "id": "", "reference": ""} == {**example, "id": "", "reference": ""}


def test_identifiers_that_are_fixed_stay() -> None:
    references, node = only_schema(
        {"properties": {"id": {"const": "a1"}, "uuid": {"enum": ["b1"]}}, "example": {"id": "a1", "uuid": "b1"}}
    )
    assert Sampler(references).sample(node, variant=3).value == {"id": "a1", "uuid": "b1"}


def test_members_that_do_not_travel() -> None:
    schema = {
        "type": "object",
        "required": ["id", "secret"],
        "properties": {"id": {"type": "string", "readOnly": True}, "secret": {"type": "string", "writeOnly": True}},
    }
    assert sampled(schema, "3.0.3").keys() == {"secret"}
    assert sampled(schema, "3.0.3", "response").keys() == {"id"}


def test_the_value_of_a_discriminator() -> None:
    schemas = {
        "Pet": {
            "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
            "discriminator": {"propertyName": "kind", "mapping": {"feline": "#/components/schemas/Cat"}},
        },
        "Cat": {
            "type": "object",
            "required": ["kind", "lives"],
            "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}},
        },
        "Dog": {
            "type": "object",
            "required": ["kind", "bark"],
            "properties": {"kind": {"type": "string"}, "bark": {"type": "string"}},
        },
    }
    references = document(schemas)
    assert Sampler(references).sample(schema_of(references, "Pet")).value["kind"] == "feline"


@pytest.mark.parametrize(
    "node",
    [
        {
            "type": "object",
            "required": ["v"],
            "properties": {"v": {"type": "integer"}, "next": {"$ref": "#/components/schemas/S"}},
        },
        {
            "type": "object",
            "required": ["next"],
            "properties": {"next": {"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "null"}]}},
        },
        {
            "type": "object",
            "required": ["next"],
            "properties": {"next": {"type": "array", "items": {"$ref": "#/components/schemas/S"}}},
        },
        {
            "oneOf": [
                {"type": "object", "required": ["and"], "properties": {"and": {"$ref": "#/components/schemas/S"}}},
                {"type": "string"},
            ]
        },
        {"allOf": [{"$ref": "#/components/schemas/S"}, {"type": "string"}]},
    ],
)
@pytest.mark.parametrize("direction", ["request", "response"])
def test_schemas_that_contain_themselves(node: Any, direction: str) -> None:
    assert len(json.dumps(sampled(node, direction=direction))) < 2_000


def test_wide_and_deep_schemas_give_modest_values() -> None:
    schemas: dict[str, Any] = {
        f"S{at}": {
            "type": "object",
            "properties": {f"p{index}": {"$ref": f"#/components/schemas/S{at + 1}"} for index in range(9)},
        }
        for at in range(30)
    }
    references = document({**schemas, "S30": {"type": "string"}})
    started = time.perf_counter()
    value = Sampler(references, direction="response").sample(schema_of(references, "S0")).value
    assert len(json.dumps(value)) < 20_000
    assert time.perf_counter() - started < 2


# --- different and invalid ---------------------------------------------------------------------------------------------

PAYMENT = {
    "type": "object",
    "required": ["amount", "currency"],
    "properties": {
        "id": {"type": "string"},
        "currency": {"type": "string", "enum": ["EUR", "USD"]},
        "description": {"type": "string"},
        "amount": {"type": "integer", "minimum": 1},
        "customer": {"type": "object", "properties": {"amount": {"type": "integer"}}},
    },
}


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        (
            PAYMENT,
            {"id": "a", "currency": "EUR", "description": "x", "amount": 5, "customer": {"amount": 1}},
            "/amount",
        ),
        (PAYMENT, {"id": "a", "currency": "EUR", "amount": 5}, "/amount"),
        (
            {**PAYMENT, "properties": {**PAYMENT["properties"], "amount": {"const": 5}}},
            {"amount": 5, "currency": "EUR", "description": "x"},
            "/description",
        ),
        ({"type": "array", "items": PAYMENT}, [{"amount": 1, "currency": "EUR"}], "/0/amount"),
        ({"enum": ["a", "b"]}, "a", ""),
        ({"type": "string", "pattern": "^[ab]{8}$"}, "abababab", ""),
        ({"type": "number", "multipleOf": 5}, 10, ""),
        ({"properties": {"id": {"type": "string"}, "note": {"type": "string"}}}, {"id": "x"}, "/note"),
        ({"properties": {"flag": {"type": "boolean"}}}, {"flag": True}, "/flag"),
        ({"properties": {"a/b": {"type": "integer"}}}, {"a/b": 1}, "/a~1b"),
    ],
)
def test_different(schema: Any, value: Any, pointer: str) -> None:
    references, node = only_schema(schema)
    changed = Sampler(references).different(node, value)
    assert changed is not None
    assert changed[1] == pointer
    assert validator_for(references, node).is_valid(changed[0])
    assert changed[0] != value


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        (PAYMENT, {"currency": "EUR", "amount": 5}, "/currency"),
        (PAYMENT, {"currency": "EUR", "amount": 5, "customer": {"amount": 1}}, "/customer/amount"),
        (PAYMENT, {"id": "a", "currency": "EUR", "amount": 5}, "/id"),
        (
            {"properties": {"price": {"type": "string", "pattern": r"^[1-9]\d{0,5}\.\d{2}$"}}},
            {"price": "1.50"},
            "/price",
        ),
        ({"properties": {"day": {"type": "string", "format": "date"}}}, {"day": "2024-01-02"}, "/day"),
        ({"properties": {"kind": {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}}}, {"kind": "b"}, "/kind"),
        ({"properties": {"tags": {"type": "array", "uniqueItems": True}}}, {"tags": ["a"]}, "/tags"),
        (
            {"properties": {"tags": {"items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 1}}},
            {"tags": ["a"]},
            "/tags/0",
        ),
        ({"properties": {"metadata": {"type": "object"}}}, {"metadata": {}}, "/metadata"),
        ({"properties": {"a/b": {"enum": [1, 2]}}}, {"a/b": 1}, "/a~1b"),
    ],
)
def test_a_member_is_changed_where_it_stands(schema: Any, value: Any, pointer: str) -> None:
    references, node = only_schema(schema)
    changed = Sampler(references).changed(node, value, pointer)
    assert changed is not None
    assert validator_for(references, node).is_valid(changed)
    assert at(changed, pointer) != at(value, pointer)
    assert without(changed, pointer) == without(value, pointer)


def without(value: Any, pointer: str) -> Any:
    """A copy with null in the place of the member."""
    value = copy.deepcopy(value)
    holder, key = at_pointer(value, pointer)
    holder[key] = None
    return value


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        ({"properties": {"kind": {"const": "k"}}}, {"kind": "k"}, "/kind"),
        (
            {
                "properties": {
                    "card": {"properties": {"nr": {"const": 1}}, "required": ["nr"], "additionalProperties": False}
                }
            },
            {"card": {"nr": 1}},
            "/card",
        ),
        (PAYMENT, {"currency": "EUR", "amount": 5}, "/nowhere"),
    ],
)
def test_a_member_that_cannot_be_another(schema: Any, value: Any, pointer: str) -> None:
    references, node = only_schema(schema)
    assert Sampler(references).changed(node, value, pointer) is None


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": 1}, 1),
        ({"properties": {"id": {"type": "string"}}, "additionalProperties": False}, {"id": "x"}),
        ({"enum": [{"a": 1}]}, {"a": 1}),
        ({"type": "object", "additionalProperties": False}, {}),
        ({"properties": {"merchantId": {"type": "string"}, "kind": {"const": "k"}}}, {"merchantId": "x", "kind": "k"}),
    ],
)
def test_what_cannot_differ(schema: Any, value: Any) -> None:
    references, node = only_schema(schema)
    assert Sampler(references).different(node, value) is None


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        (PAYMENT, {"id": "a", "currency": "EUR", "amount": 5}, "/currency"),
        ({"required": ["a"]}, {"a": 1, "b": 2}, "/a"),
        ({"properties": {"a": {"type": "string"}}}, {"a": "x", "b": 2}, "/a"),
        ({"type": "array"}, [], ""),
        ({"maxLength": 3}, "abc", ""),
    ],
)
def test_invalid(schema: Any, value: Any, pointer: str) -> None:
    references, node = only_schema(schema)
    broken = Sampler(references).invalid(node, value)
    assert broken is not None
    assert broken[1] == pointer
    assert not validator_for(references, node).is_valid(broken[0])


@pytest.mark.parametrize("schema", [True, {}, {"description": "anything"}])
def test_what_cannot_be_invalid(schema: Any) -> None:
    references, node = only_schema(schema)
    assert Sampler(references).invalid(node, {"a": 1}) is None


# --- bodies -----------------------------------------------------------------------------------------------------------


def operation(declared: Any, version: str = "3.0.3", **more: Any) -> Operation:
    references = document({}, version, paths={"/a": {"post": declared}}, **more)
    return operations(references)[0]


def test_json_comes_before_forms() -> None:
    content = {
        "text/plain": {"schema": {"type": "string"}},
        "multipart/form-data": {"schema": {"type": "object"}},
        "application/vnd.api+json": {"schema": {"const": 2}},
        "application/json; charset=utf-8": {"schema": {"const": 1}},
    }
    post = operation({"requestBody": {"content": content}})
    sampler = Sampler(post.references)
    body = body_sample(sampler, post)
    assert body is not None
    assert (body.media_type, body.sample.value) == ("application/json; charset=utf-8", 1)
    assert body.schema is not None
    wanted = body_sample(sampler, post, media_type="application/vnd.api+json")
    assert wanted is not None
    assert wanted.sample.value == 2
    assert body_sample(sampler, post, media_type="image/png") is None
    assert body_sample(sampler, operation({})) is None


def test_examples_of_a_media_type() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    content = {
        "schema": schema,
        "examples": {"far": {"externalValue": "x.json"}, "near": {"$ref": "#/components/examples/E"}},
    }
    post = operation(
        {"requestBody": {"content": {"application/json": content}}},
        components={"examples": {"E": {"value": {"id": "pay_1a"}}}},
    )
    sampler = Sampler(post.references)
    first, second = body_sample(sampler, post), body_sample(sampler, post, variant=1)
    assert first is not None
    assert second is not None
    assert first.sample == ({"id": "pay_1a"}, "example")
    assert second.sample.value["id"] != "pay_1a"


def test_an_invalid_example_of_a_media_type_is_passed_over() -> None:
    post = operation(
        {"requestBody": {"content": {"application/json": {"schema": {"type": "integer"}, "example": "x"}}}}
    )
    sampler = Sampler(post.references)
    body = body_sample(sampler, post)
    assert body is not None
    assert body.sample.origin == "generated"
    assert sampler.notes == ["an example of application/json is not valid against its schema"]


def test_swagger_bodies_forms_and_examples() -> None:
    post = operation(
        {
            "consumes": ["application/json"],
            "produces": ["application/json"],
            "parameters": [{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/P"}}],
            "responses": {"200": {"schema": {"type": "integer"}, "examples": {"application/json": 5}}},
        },
        "2.0",
        definitions={"P": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}},
    )
    body = body_sample(Sampler(post.references), post)
    assert body is not None
    assert type(body.sample.value["n"]) is int
    answer = response_sample(Sampler(post.references, direction="response"), post, post.response("200"))
    assert answer is not None
    assert answer.sample == (5, "example")
    form = operation(
        {
            "parameters": [
                {"in": "formData", "name": "n", "type": "integer", "required": True},
                {"in": "formData", "name": "f", "type": "file"},
            ]
        },
        "2.0",
    )
    fields = body_sample(Sampler(form.references), form)
    assert fields is not None
    assert fields.media_type == "multipart/form-data"
    assert type(fields.sample.value["n"]) is int


def test_responses() -> None:
    post = operation(
        {
            "responses": {
                "201": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}}
                        }
                    }
                },
                "204": {"description": "none"},
            }
        }
    )
    sampler = Sampler(post.references, direction="response")
    ids = {
        response_sample(sampler, post, post.response("201"), variant=variant).sample.value["id"]
        for variant in range(20)
    }
    assert len(ids) == 20
    assert response_sample(sampler, post, post.response("204")) is None


@pytest.mark.parametrize(
    ("holder", "value"),
    [
        ({"example": None}, None),
        ({"examples": {"a": {"value": 1}, "b": {"value": 2}}}, 1),
        ({"examples": {"a": {"externalValue": "x"}}}, MISSING),
        ({"examples": {"application/json": {"a": 1}}}, {"a": 1}),
        ({"schema": {"example": 3}}, 3),
        ({"schema": {"examples": [4]}}, 4),
        ({"examples": []}, MISSING),
        ({}, MISSING),
        ([], MISSING),
    ],
)
def test_media_examples(holder: Any, value: Any) -> None:
    references = document({})
    assert media_example(references, Node(references.root, (), holder)) == value


# --- speed and real documents -----------------------------------------------------------------------------------------


def test_a_sample_is_cheap_after_the_first() -> None:
    kinds = [{"type": "string"}, {"type": "integer"}, {"type": "string", "format": "uuid"}, {"enum": ["a"]}]
    schema = {"type": "object", "properties": {f"member{at}": kinds[at % 4] for at in range(20)}}
    references, node = only_schema(schema)
    sampler = Sampler(references, direction="response")
    sampler.sample(node)
    best = min(_seconds(sampler, node) for _ in range(5))
    assert best / 200 < 500e-6  # a tenth of that where nothing else runs


def _seconds(sampler: Sampler, node: Node) -> float:
    started = time.perf_counter()
    for variant in range(200):
        sampler.sample(node, variant=variant)
    return time.perf_counter() - started


@corpus.needs_corpus
def test_bodies_of_real_documents() -> None:
    """Of those with the most POST and PATCH operations; a few schemas of them contradict themselves."""
    entries = sorted((entry for entry in corpus.entries() if entry.operations), key=lambda entry: -entry.operations)
    deadline = time.monotonic() + 20
    valid = failed = 0
    for entry in islice(entries, 40):
        if time.monotonic() > deadline:
            break
        references = References(read(str(entry.path)))
        sampler = Sampler(references)
        for one in operations(references):
            try:
                body = body_sample(sampler, one)
            except SampleError:
                failed += 1
                continue
            if body is not None and body.schema is not None and "json" in body.media_type:
                assert validator_for(references, body.schema).violations(body.sample.value) == []
                valid += 1
    assert valid > 100
    assert valid / (valid + failed) >= 0.97
