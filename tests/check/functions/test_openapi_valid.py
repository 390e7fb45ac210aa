"""`openapi-valid` through the real command line: the true cause, at its line, for each version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from idemlint.check.structure.meta_schemas import Unsupported, is_valid
from idemlint.check.structure.validation import _validator, causes_in, version_of

FIXTURES = Path(__file__).parents[3] / "fixtures"

V30 = """\
openapi: 3.0.4
info: {title: Payments, version: "1"}
paths:
  /payments:
    parameters:
      - {name: Tenant, in: header, schema: {type: string}}
    post:
      parameters:
        - $ref: '#/components/parameters/Key'
      responses:
        '201':
          description: taken
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Payment'}
        default: {$ref: 'https://example.com/never-fetched.yaml#/Error'}
components:
  parameters:
    Key:
      name: Idempotency-Key
      in: header
      required: true
      schema: {type: string, format: uuid}
  schemas:
    Payment:
      type: object
      properties:
        amount: {type: integer, nullable: true}
  securitySchemes:
    oauth: {type: apiKey, in: header, name: Authorization}
"""
V31 = V30.replace("3.0.4", "3.1.1").replace("{type: integer, nullable: true}", '{type: [integer, "null"]}')
V32 = V31.replace("3.1.1", "3.2.0").replace("    post:\n", "    additionalOperations:\n      COPY: {}\n    post:\n")
V20 = """\
swagger: "2.0"
info: {title: Payments, version: "1"}
paths:
  /payments:
    post:
      parameters:
        - {name: Idempotency-Key, in: header, required: true, type: string, format: uuid}
        - {name: body, in: body, schema: {$ref: '#/definitions/Payment'}}
      responses:
        '201': {description: taken}
definitions:
  Payment: {type: object, properties: {amount: {type: integer}}}
"""


OPTIONS = ["-r", "idemlint:all", "--select", "openapi-valid", "-f", "concise", "--isolated"]


def check(text: str, tmp_path: Path, name: str = "api.yaml") -> list[str]:
    """`line:column message` of each finding of the rule."""
    document = tmp_path / name
    document.write_text(dedent(text), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "idemlint",
            "check",
            "-r",
            "idemlint:all",
            "--select",
            "openapi-valid",
            "-f",
            "concise",
            "--isolated",
            name,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == (1 if done.stdout else 0), done.stderr
    assert "Traceback" not in done.stderr
    start = f"{name}:"
    findings = done.stdout.splitlines()
    assert all(finding.startswith(start) and ": error openapi-valid " in finding for finding in findings)
    return [finding.removeprefix(start).replace(": error openapi-valid", "") for finding in findings]


@pytest.mark.parametrize("text", [V20, V30, V31, V32], ids=["2.0", "3.0", "3.1", "3.2"])
def test_valid_documents_have_no_findings(text: str, tmp_path: Path) -> None:
    assert check(text, tmp_path) == []


@pytest.mark.parametrize("name", ["payments.yaml"])
def test_own_apis_are_valid(name: str, tmp_path: Path) -> None:
    assert check((FIXTURES / "apis" / name).read_text(encoding="utf-8"), tmp_path) == []


MUTATIONS = {
    "missing title": ("info: {title: Payments, ", "info: {", "2:1 `info` lacks `title`"),
    "unknown key of the root": ("paths:\n", "pahts: {}\npaths:\n", "3:1 the document has no member `pahts`"),
    "path without a slash": ("  /payments:\n", "  payments:\n", "4:3 the path `payments` does not begin with a slash"),
}
MUTATIONS_3 = {
    "number for a title": ("Payments", "1", "2:15 `title` must be a string, not the number `1`"),
    "response without a description": ("          description: taken\n", "", "11:9 `201` lacks `description`"),
    "no status code": ("'201'", "'2O1'", "11:9 `2O1` is no status code"),
    "boolean in quotes": (
        "required: true",
        "required: 'yes'",
        "22:17 `required` must be true or false, not the string `yes`",
    ),
    "parameter without a schema": (
        "      schema: {type: string, format: uuid}\n",
        "",
        "19:5 `Key` lacks `schema` or `content`",
    ),
    "wrong type below schemas": ("type: object", "type: objekt", "26:13 `type` must be one of "),
    "wrong type below properties": ("amount: {type: ", "amount: {type: 7, x-was: ", "28:24 `type` must be "),
    "tags as text": ("    post:\n", "    post:\n      tags: a\n", "8:13 `tags` must be a list, not the string `a`"),
    "reference that is no text": (
        "- $ref: '#/components/parameters/Key'",
        "- $ref: 1",
        "9:17 `$ref` must be a string, not the number `1`",
    ),
    "misspelt member of an operation": (
        "    post:\n",
        "    post:\n      reponses: {}\n",
        "8:7 `post` has no member `reponses`",
    ),
}


@pytest.mark.parametrize("version", ["3.0", "3.1"])
@pytest.mark.parametrize("mutation", [*MUTATIONS, *MUTATIONS_3])
def test_one_mistake_gives_the_one_cause(mutation: str, version: str, tmp_path: Path) -> None:
    before, after, expected = {**MUTATIONS, **MUTATIONS_3}[mutation]
    text = V30 if version == "3.0" else V31
    assert before in text
    (finding,) = check(text.replace(before, after, 1), tmp_path)
    assert finding.startswith(expected)


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("text", [V20, V32], ids=["2.0", "3.2"])
def test_one_mistake_in_swagger_and_in_3_2(text: str, mutation: str, tmp_path: Path) -> None:
    before, after, expected = MUTATIONS[mutation]
    (finding,) = check(text.replace(before, after, 1), tmp_path)
    assert finding.startswith(expected)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (V20, "`body`, `header`, `formData`, `query` or `path`"),
        (V30, "`path`, `query`, `header` or `cookie`"),
        (V31, "`query`, `header`, `path` or `cookie`"),
        (V32, "`query`, `querystring`, `header`, `path` or `cookie`"),
    ],
    ids=["2.0", "3.0", "3.1", "3.2"],
)
def test_place_of_a_parameter_below_one_of(text: str, values: str, tmp_path: Path) -> None:
    """The alternatives for other places, and the one for references, are not what the author meant."""
    (finding,) = check(text.replace("in: header, ", "in: heder, ", 1), tmp_path)
    line = text[: text.index("in: header, ")].count("\n") + 1
    assert finding.startswith(f"{line}:")
    assert finding.endswith(f"`in` must be one of {values}, not `heder`")


def test_path_parameter_that_is_not_required(tmp_path: Path) -> None:
    text = V30.replace("{name: Tenant, in: header,", "{name: Tenant, in: path,")
    assert check(text, tmp_path) == ["6:9 `parameters[0]` lacks `required`"]


def test_example_beside_examples(tmp_path: Path) -> None:
    text = V30.replace("in: header, schema", "in: header, example: a, examples: {}, schema")
    assert check(text, tmp_path) == ["6:9 `parameters[0]` has `example` and `examples`, which exclude each other"]


def test_reference_where_none_may_stand(tmp_path: Path) -> None:
    text = V30.replace("    post:\n", "    get: {$ref: 'operations.yaml#/list'}\n    post:\n")
    assert check(text, tmp_path) == ["7:11 `get` cannot be a `$ref`: OpenAPI allows none here"]


def test_version_that_is_a_number(tmp_path: Path) -> None:
    assert check(V31.replace("3.1.1", "3.1"), tmp_path) == ["1:10 `openapi` must be a string, not the number `3.1`"]
    assert check(V20.replace('"2.0"', "2.0"), tmp_path) == ["1:10 `swagger` must be a string, not the number `2.0`"]


@pytest.mark.parametrize("version", ["4.0.0", "1.2", "3.9.1", "''", "[]", "{a: b}", "null"])
def test_unknown_version_is_one_clear_finding(version: str, tmp_path: Path) -> None:
    (finding,) = check(f"openapi: {version}\npaths: {{}}\n", tmp_path)
    assert finding.startswith("1:1 `openapi: ")
    assert finding.endswith("is no version that can be validated")


def test_no_version(tmp_path: Path) -> None:
    assert check("paths: {}\n", tmp_path) == ["1:1 the document names no OpenAPI version"]


def test_json_document(tmp_path: Path) -> None:
    text = '{"openapi": "3.1.0",\n "info": {"title": "a", "version": "1"},\n "paths": {"/a": {"post": {"tags": 1}}}}\n'
    assert check(text, tmp_path, "api.json") == ["3:36 `tags` must be a list, not the number `1`"]


def test_at_most_fifty_findings(tmp_path: Path) -> None:
    wrong = "".join(f"  x{number}: {{}}\n" for number in range(400))
    assert len(check(f"openapi: 3.0.0\ninfo: {{title: a, version: a}}\npaths:\n{wrong}", tmp_path)) == 50


@pytest.mark.parametrize("text", [V30, V31], ids=["3.0", "3.1"])
def test_deepest_document_that_is_loaded(text: str, tmp_path: Path) -> None:
    """One wrong word below 110 schemas: jsonschema needs thousands of frames, and all alternatives on the way fail."""
    deep = "{properties: {a: " * 110 + "{type: 7}" + "}}" * 110
    finding = check(text.replace("    Payment:\n", f"    Deep: {deep}\n    Payment:\n"), tmp_path)[0]
    assert finding.startswith("25:")
    assert "`type` must be " in finding
    assert finding.endswith("`7`")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | st.sampled_from(["3.1.0", "$ref", "/a", "get", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$ref", "type", "in", "name", "schema", "/a", "get", "200", "x", ""]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
PARTS = st.sampled_from(["info", "paths", "components", "servers", "tags", "security", "definitions", "parameters"])


@settings(max_examples=150, deadline=None)
@given(version=st.sampled_from(["2.0", "3.0.3", "3.1.0", "3.2.0"]), parts=st.dictionaries(PARTS, VALUES, max_size=3))
def test_every_cause_names_a_place_that_exists(version: str, parts: dict[str, object]) -> None:
    document = {"swagger" if version == "2.0" else "openapi": version, **parts}
    causes = causes_in(document, most=50)
    assert causes or {"info", "paths"} <= set(parts) or "info" in parts
    for cause in causes:
        node: Any = document
        for step in cause.path:
            node = node[step]
        assert cause.message
        assert len(cause.message) < 1_000


def _damaged(draw: st.DrawFn, document: object) -> None:
    """Puts something else at one place."""
    places: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in members:
            places.append((node, key))
            waiting.append(child)
    container, key = draw(st.sampled_from(places))
    if isinstance(container, dict) and draw(st.booleans()):
        key = draw(
            st.sampled_from(["$ref", "type", "in", "required", "x-a", "/x", "2XX", "items", "nullable", "other"])
        )
    odd = st.sampled_from([1.0, 2.5, "string", ["a", "a"], {"$ref": "#/x"}, {"type": "x"}])
    container[key] = draw(VALUES | odd)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_the_quick_verdict_accepts_nothing_that_has_causes(data: st.DataObject) -> None:
    """Where it says that all is well, jsonschema is not asked; it must say so of sound documents at least."""
    text = data.draw(st.sampled_from([V20, V30, V31, V32]))
    document = yaml.safe_load(text)
    version = version_of(document)
    assert is_valid(document, version, dialect=True)
    for _ in range(data.draw(st.integers(1, 2))):
        _damaged(data.draw, document)
    if is_valid(document, version, dialect=True):
        validator = _validator(version, dialect=True)
        assert [error.message for error in validator.iter_errors(document)] == []


def test_schema_objects_of_another_dialect_are_left_alone() -> None:
    document = yaml.safe_load(V31) | {"jsonSchemaDialect": "https://example.com/dialect"}
    document["components"]["schemas"]["Payment"] = {"type": "money"}
    assert causes_in(document, most=1) == []
    document["components"]["schemas"]["Payment"] = "money"
    assert [cause.path for cause in causes_in(document, most=9)] == [("components", "schemas", "Payment")]


def test_a_whole_number_with_a_point_is_an_integer_in_every_version() -> None:
    for text in (V20, V30, V31):
        document = yaml.safe_load(text)
        schemas = document["definitions"] if text is V20 else document["components"]["schemas"]
        schemas["Payment"]["minProperties"] = 1.0
        assert causes_in(document, most=9) == []
        del document["info"]["version"]
        assert [cause.path for cause in causes_in(document, most=9)] == [("info",)]


def test_meta_schemas_are_refused_by_name_where_there_is_none() -> None:
    with pytest.raises(Unsupported, match="no version that can be validated"):
        causes_in({"swagger": "3.0"}, most=1)


def test_library_is_not_imported_by_a_plain_check(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(V30, encoding="utf-8")
    program = (
        "import sys; from idemlint.cli.group import run; run(['check', '--isolated', 'api.yaml']);"
        "print(sorted({'jsonschema', 'openapi_spec_validator', 'referencing'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
