"""Effective operations: inheritance, `$ref`, versions; and agreement with hand-checked answers on real documents."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import corpus
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idemlint.openapi.document import parse, read
from idemlint.openapi.operations import Operation, operation_at, operations
from idemlint.openapi.references import Node, References

if TYPE_CHECKING:
    from pathlib import Path

KEY = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}}


def load(paths: Any, version: str = "3.0.3", **more: Any) -> References:
    kind = "swagger" if version == "2.0" else "openapi"
    return References(parse(json.dumps({kind: version, "paths": paths, **more}), "<stdin>"))


def only(references: References) -> Operation:
    (operation,) = operations(references)
    return operation


def labels(references: References) -> list[str]:
    return [operation.label for operation in operations(references)]


# --- which operations there are ---------------------------------------------------------------------------------------


def test_operations_of_paths_alone() -> None:
    references = load(
        {
            "/a": {"post": {}, "get": {}, "x-post": {}, "summary": "s", "parameters": [], "POST": {}},
            "x-internal": {"post": {}},
            "b": {"post": {}},
            "/c": None,
            "/d": {"post": None, "patch": []},
        },
        "3.1.0",
        webhooks={"w": {"post": {}}},
        components={"pathItems": {"p": {"post": {}}}},
    )
    assert labels(references) == ["POST /a", "GET /a"]
    operation = operations(references)[0]
    assert (operation.method, operation.template, operation.path) == ("post", "/a", ("paths", "/a", "post"))
    assert operation.node.path == ("paths", "/a", "post")


@pytest.mark.parametrize(
    "data", [{}, {"paths": None}, {"paths": []}, {"paths": {"/a": {"$ref": "#/nowhere"}}}, [], "x", 1]
)
def test_documents_without_operations(data: Any) -> None:
    assert operations(References(parse(json.dumps(data), "<stdin>"))) == []


@pytest.mark.parametrize(("version", "expected"), [("3.2.0", 3), ("3.1.1", 1), ("3.0.4", 1), ("2.0", 1)])
def test_query_and_additional_operations_came_with_3_2(version: str, expected: int) -> None:
    paths = {"/a": {"post": {}, "query": {}, "additionalOperations": {"COPY": {"responses": {"409": {}}}, "x": None}}}
    references = load(paths, version)
    found = operations(references)
    assert len(found) == expected
    if expected == 3:
        copy = found[2]
        assert (copy.label, copy.path) == ("COPY /a", ("paths", "/a", "additionalOperations", "COPY"))
        assert operation_at(references, (*copy.path, "responses")) is copy


def test_operation_at_a_path() -> None:
    references = load({"/a": {"post": {"responses": {"200": {}}}}})
    operation = only(references)
    assert operation_at(references, ("paths", "/a", "post")) is operation
    assert operation_at(references, ("paths", "/a", "post", "responses", "200")) is operation
    assert operation_at(references, ("paths", "/a")) is None
    assert operation_at(references, ("paths", "/a", "get")) is None
    assert operation_at(references, ("webhooks", "/a", "post")) is None
    assert operations(references)[0] is operation


def test_path_items_and_operations_by_reference(tmp_path: Path) -> None:
    (tmp_path / "root.yaml").write_text(
        "openapi: 3.1.0\n"
        "paths:\n"
        "  /a: {$ref: 'items.yaml#/a'}\n"
        "  /b: {post: {$ref: 'op.yaml'}}\n"
        "  /c: {$ref: '#/components/pathItems/c'}\n"
        "components: {pathItems: {c: {$ref: 'items.yaml#/c'}}}\n"
    )
    (tmp_path / "items.yaml").write_text(
        "a: {parameters: [{$ref: '#/key'}], post: {responses: {'409': {$ref: '#/conflict'}}}}\n"
        "c: {patch: {}}\n"
        "key: {name: Idempotency-Key, in: header}\n"
        "conflict: {description: taken}\n"
    )
    (tmp_path / "op.yaml").write_text("responses: {}\n")
    references = References(read(str(tmp_path / "root.yaml")))
    first, second, third = operations(references)
    assert [first.label, second.label, third.label] == ["POST /a", "POST /b", "PATCH /c"]
    assert first.node.document.source.endswith("items.yaml")
    assert first.node.path == ("a", "post")
    assert first.path == ("paths", "/a", "post")
    response = first.response("409")
    assert response is not None
    assert response.path == ("conflict",)
    (parameter,) = first.parameters()
    assert (parameter.level, parameter.node.path, parameter.use.path) == ("path", ("key",), ("a", "parameters", 0))
    assert second.node.document.source.endswith("op.yaml")
    assert (second.use.document, second.use.path) == (references.root, ("paths", "/b", "post"))
    assert third.node.path == ("c", "patch")


def test_siblings_of_a_path_items_reference_win() -> None:
    references = load(
        {
            "/a": {
                "$ref": "#/components/x-items/shared",
                "post": {"operationId": "mine"},
                "parameters": [KEY],
            }
        },
        components={
            "x-items": {
                "shared": {
                    "post": {"operationId": "theirs"},
                    "patch": {"operationId": "shared"},
                    "parameters": [{"name": "other", "in": "query"}],
                    "x-idempotency": False,
                }
            }
        },
    )
    post, patch = operations(references)
    assert (post.operation_id, patch.operation_id) == ("mine", "shared")
    assert post.node.path == ("paths", "/a", "post")
    assert [parameter.name for parameter in patch.parameters()] == ["Idempotency-Key"]
    extension = post.extension("x-idempotency")
    assert extension is not None
    assert extension.value is False


def test_circular_path_items() -> None:
    assert labels(load({"/a": {"$ref": "#/paths/~1b", "post": {}}, "/b": {"$ref": "#/paths/~1a"}})) == [
        "POST /a",
        "POST /b",
    ]


# --- parameters -------------------------------------------------------------------------------------------------------


def test_operation_overrides_path_item() -> None:
    references = load(
        {
            "/a": {
                "parameters": [KEY, {"name": "limit", "in": "query"}, {"name": "Limit", "in": "query"}],
                "post": {
                    "parameters": [
                        {**KEY, "name": "idempotency-key", "required": False},
                        {"name": "limit", "in": "header"},
                    ]
                },
            }
        }
    )
    found = [(p.name, p.location, p.required, p.level) for p in only(references).parameters()]
    assert found == [
        ("idempotency-key", "header", False, "operation"),
        ("limit", "query", False, "path"),
        ("Limit", "query", False, "path"),
        ("limit", "header", False, "operation"),
    ]
    header = only(references).header("IDEMPOTENCY-KEY")
    assert header is not None
    assert header.name == "idempotency-key"
    assert only(references).header("absent") is None


def test_a_letter_that_folds_to_ascii_makes_another_header() -> None:
    kelvin = {**KEY, "name": "Idempotency-\u212aey", "required": False}
    item = {"parameters": [KEY], "post": {"parameters": [kelvin]}}
    operation = only(load({"/a": item}))
    assert [parameter.name for parameter in operation.parameters()] == ["Idempotency-Key", kelvin["name"]]
    assert operation.header("idempotency-key").required is True
    assert operation.header(kelvin["name"]).required is False


@pytest.mark.parametrize(
    ("required", "effective"), [(True, True), (False, False), (None, False), ("true", False), (1, False), ([], False)]
)
def test_required_is_true_or_it_is_not(required: Any, effective: bool) -> None:
    parameter = only(load({"/a": {"post": {"parameters": [{**KEY, "required": required}]}}})).parameters()[0]
    assert parameter.required is effective


@pytest.mark.parametrize(
    "parameters", [None, {}, "x", [None, 1, "x", [], {}, {"name": "x"}, {"in": "header"}, {"name": 1, "in": 2}]]
)
def test_broken_parameters_are_none(parameters: Any) -> None:
    assert only(load({"/a": {"parameters": parameters, "post": {"parameters": parameters}}})).parameters() == []


def test_parameters_by_reference() -> None:
    references = load(
        {
            "/a": {
                "post": {
                    "parameters": [{"$ref": "#/components/parameters/A"}, {"$ref": "#/components/parameters/None"}]
                }
            }
        },
        components={"parameters": {"A": {"$ref": "#/components/parameters/B"}, "B": KEY}},
    )
    (parameter,) = only(references).parameters()
    assert parameter.node.path == ("components", "parameters", "B")
    assert parameter.use.path == ("paths", "/a", "post", "parameters", 0)
    schema = parameter.schema()
    assert schema is not None
    assert schema.path == ("components", "parameters", "B", "schema")


@pytest.mark.parametrize(
    ("version", "parameter", "path"),
    [
        ("3.0.3", {"schema": {"$ref": "#/components/schemas/K"}}, ("components", "schemas", "K")),
        ("3.0.3", {"content": {"text/plain": {"schema": {}}}}, ("content", "text/plain", "schema")),
        ("3.0.3", {"content": {"text/plain": {}}}, None),
        ("3.0.3", {"content": {}}, None),
        ("3.0.3", {"content": None}, None),
        ("3.0.3", {"type": "string"}, None),
        ("2.0", {"type": "string", "format": "uuid"}, ()),
        ("2.0", {"in": "body", "schema": {}}, ("schema",)),
        ("2.0", {"in": "body"}, None),
    ],
)
def test_schema_of_a_parameter(version: str, parameter: Any, path: Any) -> None:
    parameters = [{"name": "k", "in": "header", **parameter}]
    references = load(
        {"/a": {"post": {"parameters": parameters}}}, version, components={"schemas": {"K": {"type": "string"}}}
    )
    schema = only(references).parameters()[0].schema()
    if path is None:
        assert schema is None
    else:
        assert schema is not None
        assert schema.path in (path, ("paths", "/a", "post", "parameters", 0, *path))


# --- responses --------------------------------------------------------------------------------------------------------


def test_responses() -> None:
    references = load(
        {
            "/a": {"post": {"responses": {"4xx": {}, "default": {}, "409": {"$ref": "#/components/responses/C"}}}},
            "/b": {"post": {"responses": {"4XX": {}}}},
            "/c": {"post": {"responses": []}},
            "/d": {"post": {}},
        },
        components={
            "responses": {
                "C": {
                    "content": {"application/json; charset=utf-8": {"schema": {"a": 1}}, "text/plain": {}, "x/y": None}
                }
            }
        },
    )
    first, second, third, fourth = operations(references)
    assert first.has_range("409")
    assert first.has_default()
    assert not first.has_range("500")
    response = first.response("409")
    assert response is not None
    content = [(name, schema and schema.value) for name, schema in first.response_content(response)]
    assert content == [("application/json; charset=utf-8", {"a": 1}), ("text/plain", None), ("x/y", None)]
    assert second.has_range("409")
    assert not second.has_default()
    assert second.response("409") is None
    for operation in (third, fourth):
        assert operation.responses() is None
        assert operation.response("409") is None
        assert not operation.has_range("409")


def test_unquoted_status_is_the_same_key() -> None:
    references = References(
        parse("openapi: 3.0.3\npaths:\n  /a:\n    post:\n      responses:\n        409: {}\n", "<stdin>")
    )
    assert only(references).response("409") is not None


@pytest.mark.parametrize(
    ("of_operation", "of_document", "expected"),
    [
        (["application/json"], ["text/xml"], ["application/json"]),
        (None, ["text/xml", "a/b"], ["text/xml", "a/b"]),
        ([], ["text/xml"], []),
        (None, None, ["*/*"]),
    ],
)
def test_swagger_content(of_operation: Any, of_document: Any, expected: list[str]) -> None:
    operation: dict[str, Any] = {"responses": {"409": {"schema": {"type": "object"}}, "410": {}}}
    if of_operation is not None:
        operation["produces"] = of_operation
    references = load(
        {"/a": {"post": operation}}, "2.0", **({"produces": of_document} if of_document is not None else {})
    )
    found = only(references)
    response, bare = found.response("409"), found.response("410")
    assert response is not None
    assert bare is not None
    assert [name for name, _ in found.response_content(response)] == expected
    assert found.response_content(bare) == []


def test_extensions_and_tags() -> None:
    references = load({"/a": {"x-a": 1, "x-b": 2, "post": {"x-a": 3, "tags": ["t", 1]}}})
    operation = only(references)
    values = [node and node.value for node in map(operation.extension, ("x-a", "x-b", "x-c"))]
    assert values == [3, 2, None]
    assert operation.tags == ["t"]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["header", "Idempotency-Key", "#/paths", "#/paths/~1a", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "$ref",
                    "post",
                    "parameters",
                    "responses",
                    "409",
                    "content",
                    "schema",
                    "name",
                    "in",
                    "/a",
                    "/b",
                    "query",
                    "produces",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(anything, st.sampled_from(["2.0", "3.0.0", "3.2.0"]))
def test_nothing_in_a_document_raises(paths: Any, version: str) -> None:
    references = load(paths, version)
    for operation in operations(references):
        for parameter in operation.parameters():
            parameter.schema()
        response = operation.response("409")
        if response is not None:
            operation.response_content(response)
        operation.extension("x-a")
        assert operation.tags == []
        assert operation_at(references, operation.path) is operation


# --- real documents ---------------------------------------------------------------------------------------------------

TRUTHS = sorted((corpus.FOLDER / "truth").glob("*.json"))


def _first_ref(node: Node) -> str | None:
    return node.value.get("$ref")


@corpus.needs_corpus
@pytest.mark.parametrize("truth", TRUTHS, ids=lambda path: path.stem)
def test_agreement_with_hand_checked_answers(truth: Path) -> None:
    expected = json.loads(truth.read_text(encoding="utf-8"))
    references = References(read(str(corpus.FOLDER / expected["spec"])))
    found = {op.label: op for op in operations(references) if op.method in {"post", "patch"}}
    assert len(found) == expected["counts"]["post_patch"]
    for answer in expected["operations"]:
        operation = found.pop(f"{answer['method'].upper()} {answer['path']}")
        assert operation.operation_id == answer["operationId"]
        _agree_on_header(operation, answer, references)
        _agree_on_conflict(operation, answer)
        names = {parameter.name for parameter in operation.parameters() if parameter.location == "header"}
        assert names >= set(answer.get("variant_headers", ()))
        if "r409" not in answer:  # the answers tell of the catch-alls only where they are all there is
            assert operation.has_default() == answer.get("has_default", False)
            assert operation.has_range("409") == answer.get("has_4XX", False)
    assert not found


def _agree_on_header(operation: Operation, answer: dict[str, Any], references: References) -> None:
    header, expected = operation.header("idempotency-key"), answer.get("header")
    if expected is None:
        assert header is None
        return
    assert header is not None
    assert header.name == expected["name"]
    assert header.required == bool(expected["required"])
    assert header.level == expected["declared"]
    assert _first_ref(header.use) == expected["via"][0]
    schema = header.schema()
    assert schema is not None
    assert references.materialize(schema.document, schema.value) == expected["schema"]


def _agree_on_conflict(operation: Operation, answer: dict[str, Any]) -> None:
    response, expected = operation.response("409"), answer.get("r409")
    if expected is None:
        assert response is None
        return
    responses = operation.responses()
    assert response is not None
    assert responses is not None
    assert responses.value["409"].get("$ref") == expected["via_ref"]
    content = operation.response_content(response)
    assert [name for name, _ in content] == expected["media_types"]
    assert any(schema is not None for _, schema in content) == expected["json_schema"]


@corpus.needs_corpus
def test_a_document_of_2828_files_is_quick() -> None:
    root = read(str(corpus.FOLDER / "digitalocean__openapi/specification/DigitalOcean-public.v2.yaml"))
    started = time.process_time()
    references = References(root)
    references.problems()
    for operation in operations(references):
        operation.parameters()
        operation.response("409")
    assert len(references.documents) == 2828
    assert time.process_time() - started < 5


@corpus.needs_corpus
@pytest.mark.parametrize("entry", corpus.entries(), ids=lambda entry: entry.path.name)
def test_numbers_of_the_catalogue(entry: corpus.Entry) -> None:
    references = References(read(str(entry.path)))
    found = [operation for operation in operations(references) if operation.method in {"post", "patch"}]
    required = [op for op in found if (header := op.header("Idempotency-Key")) is not None and header.required]
    conflict = [response for op in found if (response := op.response("409")) is not None]
    assert (len(found), len(required), len(conflict)) == (entry.operations, entry.key_required, entry.conflict)
