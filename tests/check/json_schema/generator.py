"""Cases for the differential tests of the `schema` function, and their recording.

`python tests/check/json_schema/generator.py <folder node_modules>` asks the real Spectral and writes `recorded.json`.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.json"

Case = dict[str, Any]

_KEY = {"type": "array", "contains": {"properties": {"name": {"const": "Idempotency-Key"}}}}
_DOCUMENTED = {
    "properties": {"paths": {"$ref": "#/$defs/paths"}},
    "unevaluatedProperties": False,
    "$defs": {
        "paths": {
            "patternProperties": {"^/": {"$ref": "#/$defs/path-item"}},
            "$ref": "#/$defs/extensions",
            "unevaluatedProperties": False,
        },
        "path-item": {"properties": {"get": {"$ref": "#/$defs/operation"}}, "required": ["get"]},
        "operation": {
            "properties": {"schema": {"$dynamicRef": "#meta"}},
            "$ref": "#/$defs/extensions",
            "unevaluatedProperties": False,
        },
        "extensions": {"patternProperties": {"^x-": True}},
        "schema": {"$dynamicAnchor": "meta", "type": ["object", "boolean"]},
    },
}
"""The official schema of OpenAPI 3.1 in small: ajv takes its `$dynamicRef` for one to the root."""
_BY_DIALECT = {
    "auto": [
        (_KEY, [[], [{"name": "a"}], [{"name": "Idempotency-Key"}], [{}], [1], {}, None, "x", 3, True]),
        ({"type": "string"}, [1, None, [], {}, "x", True]),
        ({"type": ["string", "null"]}, [1, None, [], "x"]),
        ({"type": "string", "nullable": True}, [None, 1, "x"]),
        ({"type": "object", "required": ["a", "b"], "enum": [1]}, [{}, "x", 1, {"a": 1, "b": 1}]),
        ({"type": "integer"}, [1.0, 1.5, 1e300, True, "1"]),
        ({"const": {"a": [1, 2.0]}}, [{"a": [1.0, 2]}, {"a": [2, 1]}, {"a": True}]),
        ({"const": 1}, [1.0, True, "1"]),
        ({"enum": ["get", "post", 1, None, {"a": 1}]}, ["pots", "GET", 1.0, True, {"a": 1.0}, {}, "zzzzzzzz"]),
        ({"properties": {"in": {"enum": ["header", "query"]}}}, [{"in": "heder"}, {"in": 1}, {"in": "queries"}]),
        ({"properties": {"a": {"enum": ["x"]}, "b": {"type": "string"}}}, [{"a": "y", "b": 1}, {"a": "y", "b": "z"}]),
        ({"minimum": 2, "maximum": 4, "multipleOf": 0.5}, [1, 5, 2.25, "x", 3]),
        ({"exclusiveMinimum": 2, "exclusiveMaximum": 4}, [2, 4, 3]),
        ({"multipleOf": 0.01}, [0.35, 1.1, 1e21]),
        ({"minLength": 2, "maxLength": 3}, ["😀", "😀😀", "abcd", "", 1]),
        ({"pattern": "^[a-z]{2,}$"}, ["a", "ab", "AB", 7]),
        (
            {"items": {"type": "string"}, "minItems": 2, "maxItems": 3, "uniqueItems": True},
            [[], ["a", "a"], ["a", 1], ["a", "b", "c", "d"]],
        ),
        ({"uniqueItems": True}, [[1, 1.0], [1, True], [{"a": 1, "b": 2}, 3, {"b": 2, "a": 1}], [[], []], ["1", 1]]),
        ({"items": [{"type": "string"}], "additionalItems": False}, [["a", 1], [1], []]),
        ({"items": [{"type": "string"}, True], "additionalItems": {"type": "number"}}, [["a", 1, 2], ["a", 1, "b"]]),
        ({"items": [{"type": "string"}], "contains": {"const": 1}}, [[], ["a"], ["a", 1]]),
        ({"additionalProperties": False, "properties": {"a": True}}, [{"a": 1}, {"b": 1, "c": 2}]),
        ({"additionalProperties": {"type": "string"}, "patternProperties": {"^x-": True}}, [{"x-a": 1}, {"a": 1}]),
        ({"patternProperties": {"^/": {"type": "object"}}}, [{"/a/{b}": 1}, {"/a": {}}]),
        ({"properties": {"a.b": {"type": "string"}, "c~d": {"minimum": 1}}}, [{"a.b": 1}, {"c~d": 0}]),
        ({"propertyNames": {"pattern": "^[a-z]+$"}}, [{"A": 1}, {"a": 1}, {}]),
        ({"minProperties": 1, "maxProperties": 2}, [{}, {"a": 1, "b": 1, "c": 1}]),
        ({"dependencies": {"a": ["b", "c"], "d": {"required": ["e"]}}}, [{"a": 1}, {"d": 1}, {"a": 1, "b": 1}, {}]),
        ({"anyOf": [{"type": "string"}, {"required": ["a"]}]}, [1, {}, {"a": 1}, "x"]),
        ({"anyOf": [{"properties": {"a": {"type": "string"}}}, {"type": "string"}]}, [{"a": 1}]),
        ({"oneOf": [{"type": "string"}, {"minLength": 2}, {"const": 1}]}, ["abc", "a", 1, None]),
        ({"allOf": [{"required": ["a"]}, {"required": ["b"]}]}, [{}, {"a": 1}, {"a": 1, "b": 2}]),
        ({"not": {"required": ["a"]}}, [{"a": 1}, {}]),
        ({"not": {}}, [1]),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}, [{"a": 1}, {}]),
        ({"properties": {"x": False}}, [{"x": 1}, {}]),
        ({"$ref": "#/definitions/A", "definitions": {"A": {"type": "string"}}}, [1, "a"]),
        ({"$ref": "#/definitions/missing"}, [1]),
        ({"properties": {"c": {"$ref": "#"}}, "required": ["n"]}, [{"n": 1, "c": {"n": 1, "c": {}}}]),
        ({"definitions": {"A": {"$id": "#a", "type": "string"}}, "items": {"$ref": "#a"}}, [["x"], [1]]),
        (
            {"$id": "http://example.com/root.json", "definitions": {"A": {"$id": "a.json", "type": "string"}}}
            | {"items": {"$ref": "http://example.com/a.json"}},
            [["x"], [1]],
        ),
        (
            {"if": {"$ref": "#/definitions/A"}, "then": {"$ref": "#/definitions/B"}}
            | {
                "definitions": {"A": {"type": "object"}, "B": {"properties": {"a": {"$ref": "#/definitions/C"}}}}
                | {"C": {"type": "string"}}
            },
            [{"a": 1}, {"a": "x"}],
        ),
        ({"nullable": True}, [1]),
        ({"id": "x"}, [1]),
        ({"format": "no-such-format"}, ["x"]),
        ({"$schema": "http://json-schema.org/draft-06/schema#", "exclusiveMinimum": 1}, [1, 2]),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True}, [1, 2]),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{"type": "string"}]}, [[1]]),
        ({"$schema": "https://example.com/schema"}, [1]),
        ({"errorMessage": "mine", "type": "string"}, [1]),
        ({"required": ["a"], "errorMessage": {"required": {"a": "a is wanted"}}}, [{}]),
        ({"errorMessage": {"type": "no ${/a} here", "_": "else"}, "type": "string", "minProperties": 2}, [{"a": 1}]),
        ({"items": {"type": "string"}, "errorMessage": {"items": ["first", "second"]}}, [[1, 2, 3]]),
        ({"properties": {"a": {"type": "string"}}, "errorMessage": {"properties": {"a": "bad ${/a}"}}}, [{"a": [1]}]),
    ],
    "draft4": [
        ({"maximum": 3, "exclusiveMaximum": True}, [3, 2]),
        (
            {"id": "http://example.com/", "definitions": {"A": {"id": "a", "type": "null"}}, "items": {"$ref": "a"}},
            [[1]],
        ),
    ],
    "draft2019-09": [
        ({"contains": {"type": "string"}, "minContains": 2, "maxContains": 3}, [["a"], ["a", "b"], ["a"] * 4, []]),
        ({"contains": {"type": "string"}, "minContains": 0}, [[1], []]),
        ({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}}, [{"a": 1}, {"c": 1}]),
        (
            {"allOf": [{"properties": {"a": True}}], "properties": {"b": True}, "unevaluatedProperties": False},
            [{"a": 1, "b": 2}, {"a": 1, "c": 2, "d": 3}],
        ),
        (
            {"anyOf": [{"required": ["a"], "properties": {"a": True}}, {}], "unevaluatedProperties": False},
            [{"a": 1}, {"b": 1}],
        ),
        ({"items": [True], "unevaluatedItems": {"type": "string"}}, [[1, 2], [1, "a"]]),
        (
            {"$recursiveAnchor": True, "properties": {"a": {"$recursiveRef": "#"}}, "required": ["b"]},
            [{"b": 1, "a": {}}],
        ),
        ({"$defs": {"A": {"$anchor": "a", "type": "string"}}, "items": {"$ref": "#a"}}, [[1], ["x"]]),
    ],
    "draft2020-12": [
        ({"prefixItems": [{"type": "string"}], "items": False}, [["a", 1], [1], []]),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "number"}}, [["a", "b"], ["a", 1]]),
        ({"prefixItems": [True], "unevaluatedItems": False}, [[1], [1, 2]]),
        ({"$dynamicAnchor": "n", "properties": {"a": {"$dynamicRef": "#n"}}, "required": ["b"]}, [{"b": 1, "a": {}}]),
        ({"additionalItems": False, "contains": True, "maxContains": 1}, [[1, 2], [1], []]),
        (_DOCUMENTED, [{"paths": {"/a": {}, "/b": {}, "c": 1}}, {"paths": {"/a": {}, "/b": {"get": {}}, "c": 1}}]),
        (_DOCUMENTED, [{"paths": {"/a": {"get": {"schema": {"type": "string"}}}, "/b": {"get": {"schema": {}}}}}]),
        (
            _DOCUMENTED,
            [{"paths": {"/a": {"get": {"schema": 1}}, "x-a": 1}}, {"paths": {"/b": {"get": {"schema": True}}}}],
        ),
    ],
}
_FORMATS = {
    "date": ["2020-02-29", "2021-02-29", "2020-1-1", "2020-13-01"],
    "time": ["23:59:60", "12:00:00Z", "12:00", "24:00:00", "12:00:00.5+01:30"],
    "date-time": ["2020-01-01T00:00:00Z", "2020-01-01 00:00:00", "2020-01-01", "2020-01-01t00:00:00z"],
    "duration": ["P1D", "PT", "P1W", "PT1H", "P", "p1d", "P1Y2M3DT4H5M6S"],
    "uri": ["http://a/b?c#d", "a/b", "urn:x", "http://[::1]:80/", "http:// x", "mailto:a@b.c", "http://é"],
    "uri-reference": ["a/b", "#x", "//h/p", "a b", "", "http://[::1", "%zz", "?q"],
    "uri-template": ["/a/{b}", "/a/{b", "{+x*}", "{?a,b:3}", "a b", "%41"],
    "url": ["http://example.com", "http://10.1.1.1", "ftp://a.b", "http://a", "https://a.bc:99/x y"],
    "email": ["a@b.co", "a@b", "@b.co", "a.b+c@d-e.fg", "a..b@c.de", "A@B.CO"],
    "hostname": ["a.b", "-a", "a-", "a" * 64, "a.", "", "a_b", "A.b.C"],
    "ipv4": ["1.2.3.4", "256.1.1.1", "01.2.3.4", "1.2.3", "1.2.3.4\n"],
    "ipv6": [
        "::", "::1", "1::2::3", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", ":::", "1:",
        "12345::", "::ffff:999.1.1.1", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::1.2.3.4", "fe80::1%eth0",
    ],
    "regex": ["a+", "(", "[", "\\Z", "a\\Z", "(?<n>a)"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "urn:uuid:00000000-0000-0000-0000-00000000000A", "0"],
    "json-pointer": ["", "/a", "a", "/~0~1", "/~2"],
    "json-pointer-uri-fragment": ["#", "#/a", "/a", "#/%41", "#/~2"],
    "relative-json-pointer": ["0", "1/a", "01", "0#", "/a", "2#/a"],
    "byte": ["YWJj", "YWI=", "YQ==", "YQ", "!\n", "!", ""],
    "int32": [1, 2**31, -(2**31), 1.5, 1.0, "x"],
    "int64": [2**40, 1.5, 1e300],
    "float": [1.5, "x"],
    "password": ["x"],
    "iri": ["x y"],
}  # fmt: skip
_NAMES = ["a", "b", "name", "in", "x-y", "a/b", "~t", "é"]
_TYPES = ["string", "number", "integer", "boolean", "null", "object", "array"]
_SCALARS = [0, 1, -1, 2, 1.5, 10, True, False, None, "", "a", "ab", "name", "2020-01-01", "😀", "header", 1e21, 1e-7]
_DEFINITIONS = {
    "A": {"type": "string", "minLength": 2},
    "B": {"properties": {"a": {"$ref": "#/definitions/A"}, "b": {"$ref": "#"}}, "required": ["name"]},
    "C": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#/definitions/A"}}]},
}


def hand_made() -> list[Case]:
    """Each keyword at least once, in each way it can fail; at the root and below a path, first error and all."""
    cases = []
    for dialect, entries in _BY_DIALECT.items():
        for schema, instances in entries:
            for instance in instances:
                for all_errors in (False, True):
                    path = ["paths", "/a", "post", "parameters"] if not all_errors else []
                    cases.append(_case(schema, dialect, instance, path, all_errors=all_errors))
    for name, instances in _FORMATS.items():
        cases += [_case({"format": name}, "auto", instance, ["x"], all_errors=False) for instance in instances]
    for sign in ("formatMinimum", "formatMaximum", "formatExclusiveMinimum", "formatExclusiveMaximum"):
        cases += [
            _case({"format": "date", sign: "2020-05-05"}, "auto", instance, ["x"], all_errors=False)
            for instance in ("2020-05-05", "2020-05-04", "2020-05-06", "")
        ]
    return cases


def _case(schema: Any, dialect: str, instance: Any, path: list[Any], *, all_errors: bool) -> Case:
    return {"schema": schema, "dialect": dialect, "allErrors": all_errors, "instance": instance, "path": path}


class Generator:
    """Random schemas over all keywords, and instances near them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def cases(self, count: int) -> list[Case]:
        cases = []
        while len(cases) < count:
            dialect = self.random.choice(["draft4", "draft6", "draft7", "draft7", "draft2019-09", "draft2020-12"])
            schema = self.schema(3, dialect)
            if not isinstance(schema, dict):
                continue
            schema["definitions"] = _DEFINITIONS
            for _ in range(3):
                path = self.random.choice([[], ["paths", "/a", "get"], ["x", 0]])
                all_errors = self.random.random() < 0.5
                cases.append(_case(schema, dialect, self.instance(3), path, all_errors=all_errors))
        return cases

    def instance(self, depth: int) -> Any:
        chance = self.random.random()
        if depth == 0 or chance < 0.35:
            return self.random.choice(_SCALARS)
        if chance < 0.65:
            return [self.instance(depth - 1) for _ in range(self.random.randint(0, 4))]
        return {self.random.choice(_NAMES): self.instance(depth - 1) for _ in range(self.random.randint(0, 4))}

    def schema(self, depth: int, dialect: str) -> Any:
        if dialect != "draft4" and self.random.random() < (0.3 if depth <= 0 else 0.05):
            return self.random.choice([True, False])
        schema: Case = {}
        for _ in range(self.random.randint(1, 3) if depth > 0 else self.random.randint(0, 1)):
            self.add(schema, depth, dialect)
        return schema

    def add(self, schema: Case, depth: int, dialect: str) -> None:
        pick, below = self.random.choice, lambda: self.schema(depth - 1, dialect)
        some = lambda make: [make() for _ in range(self.random.randint(1, 3))]  # noqa: E731
        recent = dialect in ("draft2019-09", "draft2020-12")
        tuple_keyword = "prefixItems" if dialect == "draft2020-12" else "items"
        flat: dict[str, Any] = {
            "type": lambda: pick([pick(_TYPES), self.random.sample(_TYPES, 2)]),
            "const": lambda: self.instance(1),
            "enum": lambda: [pick(_SCALARS)],
            pick(["maximum", "minimum"]): lambda: pick([0, 1, 2.5, 10]),
            "multipleOf": lambda: pick([1, 2, 0.1, 1.5]),
            pick(["maxLength", "minLength"]): lambda: pick([0, 1, 2]),
            "pattern": lambda: pick(["^a", "b$", "^[a-z]+$"]),
            "format": lambda: pick(["date", "email", "uri", "int32", "date-time", "uuid"]),
            pick(["maxItems", "minItems", "maxProperties", "minProperties"]): lambda: pick([0, 1, 2, 3]),
            "uniqueItems": lambda: True,
            "required": lambda: self.random.sample(_NAMES, 2),
            "$ref": lambda: pick(["#/definitions/A", "#/definitions/B", "#/definitions/C"]),
            "description": lambda: "says nothing",
            "errorMessage": lambda: pick(
                ["custom", {"type": "bad type"}, {"required": {"a": "need a"}}, {"properties": {"a": "bad a"}}]
            ),
        }
        deep: dict[str, Any] = {
            "items": below,
            tuple_keyword: lambda: some(below),
            "contains": below,
            "not": below,
            "propertyNames": below,
            "additionalProperties": below,
            "properties": lambda: {name: below() for name in self.random.sample(_NAMES, 3)},
            "patternProperties": lambda: {pick(["^a", "n", "^x-"]): below()},
            "anyOf": lambda: some(below),
            "oneOf": lambda: some(below),
            "allOf": lambda: some(below),
            "dependencies": lambda: {pick(_NAMES): pick([below(), self.random.sample(_NAMES, 2)])},
        }
        if recent:
            deep["unevaluatedProperties"] = below
            deep["dependentSchemas"] = lambda: {pick(_NAMES): below()}
            flat["dependentRequired"] = lambda: {pick(_NAMES): self.random.sample(_NAMES, 2)}
        else:
            deep["if"] = below
            for clause in ("then", "else"):
                if "if" in schema:
                    schema[clause] = below()
        keywords = flat if depth <= 0 or self.random.random() < 0.4 else deep
        keyword = pick(list(keywords))
        schema[keyword] = keywords[keyword]()


def ask(cases: list[Case], node_modules: str) -> list[dict[str, Any]]:
    """What the real Spectral answers, in one process."""
    process = subprocess.run(
        ["node", str(HERE / "oracle.cjs"), node_modules],
        input="\n".join(json.dumps(case) for case in cases),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in process.stdout.splitlines()]


def main() -> None:
    cases = hand_made() + Generator(2024).cases(240)
    answers = ask(cases, sys.argv[1])
    lines = [json.dumps([case, answer], ensure_ascii=False) for case, answer in zip(cases, answers, strict=True)]
    RECORDED.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
