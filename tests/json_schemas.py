"""Schemas for property tests, as OpenAPI 3.1 documents write them, and the documents around them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from idemlint.openapi.document import parse
from idemlint.openapi.references import Node, References

NAMES = ["amount", "currency", "description", "id", "items", "quantity", "reference"]
TEXT = st.text("ab1 é", max_size=4)
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, 2.25, -1.5]) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)
PATTERNS = [
    r"^[a-z]{2,5}$",
    r"^\d+(\.\d{2})?$",
    r"^(pay|ord)_[0-9A-Za-z]{4,}$",
    r"[A-Z]",
    r"^(?=.*\d)(?=.*[a-z]).{6,10}$",
    r"^(a|b)\1$",
]
FORMATS = ["uuid", "date", "date-time", "email", "uri", "ipv4", "ipv6", "byte", "password", "unknown"]


def _bounds(draw: Any, low: str, high: str, values: st.SearchStrategy[int]) -> dict[str, int]:
    found = {}
    if draw(st.booleans()):
        found[low] = draw(values)
    if draw(st.booleans()):
        found[high] = found.get(low, 0) + draw(st.integers(0, 4))
    return found


@st.composite
def strings(draw: Any) -> dict[str, Any]:
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return {"type": "string", "pattern": draw(st.sampled_from(PATTERNS))}
    if kind == 1:
        return {"type": "string", "format": draw(st.sampled_from(FORMATS))}
    if kind == 2:
        return {"type": ["string", "null"], **_bounds(draw, "minLength", "maxLength", st.integers(0, 60))}
    return {"enum": draw(st.lists(SCALARS, min_size=1, max_size=3))}


@st.composite
def numbers(draw: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    schema |= _bounds(draw, "minimum", "maximum", st.integers(-50, 50))
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.sampled_from([1, 0.5] if schema["type"] == "number" else [1]))
    if draw(st.booleans()):
        schema["exclusiveMinimum"] = schema.get("minimum", 0) - 1
    return schema


LEAVES = strings() | numbers() | st.sampled_from([{"type": "boolean"}, {"type": "null"}, {}, True, {"const": "x"}])


@st.composite
def objects(draw: Any, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(st.sampled_from(NAMES), inner, max_size=4))
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    names = sorted(properties)
    if names:
        schema["required"] = draw(st.lists(st.sampled_from(names), unique=True))
        if draw(st.booleans()):
            schema["dependentRequired"] = {names[0]: [names[-1]]}
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.booleans() | st.just({"type": "integer"}))
        if schema["additionalProperties"] is not False:
            schema["minProperties"] = draw(st.integers(0, 5))
    return schema


@st.composite
def arrays(draw: Any, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", "items": draw(inner)}
    schema |= _bounds(draw, "minItems", "maxItems", st.integers(0, 3))
    if draw(st.booleans()):
        schema["items"] = {"type": "string", "minLength": 2}
        schema["uniqueItems"] = True
    return schema


@st.composite
def combinations(draw: Any, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return {"anyOf": draw(st.lists(inner, min_size=1, max_size=3))}
    if kind == 1:
        members = objects(inner)
        return {
            "allOf": [
                {**draw(members), "additionalProperties": True},
                {"required": draw(st.lists(st.sampled_from(NAMES), max_size=1))},
            ]
        }
    return {"oneOf": [{"type": "object", "properties": {"id": {"const": 1}}, "required": ["id"]}, {"type": "string"}]}


SCHEMAS = st.recursive(LEAVES, lambda inner: objects(inner) | arrays(inner) | combinations(inner), max_leaves=6)


def document(schemas: dict[str, Any], version: str = "3.1.0", **more: Any) -> References:
    """A document with nothing but schemas, under `definitions` in Swagger 2.0."""
    if version == "2.0":
        data = {"swagger": "2.0", "paths": {}, "definitions": schemas}
    else:
        data = {"openapi": version, "paths": {}, "components": {"schemas": schemas}}
    return References(parse(json.dumps({**data, **more}), "<stdin>"))


def schema_of(references: References, name: str) -> Node:
    """Not resolved: a reference stays one."""
    data = references.root.data
    path = ("definitions", name) if "swagger" in data else ("components", "schemas", name)
    value = data
    for step in path:
        value = value[step]
    return Node(references.root, path, value)


def only_schema(schema: Any, version: str = "3.1.0") -> tuple[References, Node]:
    references = document({"S": schema}, version)
    return references, schema_of(references, "S")
