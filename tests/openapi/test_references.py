"""References: what they name, how far they are followed, and where a finding behind them stands."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idemlint.openapi.document import Document, parse, read
from idemlint.openapi.pointers import encode_pointer, percent_decode, pointer_steps
from idemlint.openapi.references import Node, Policy, References

if TYPE_CHECKING:
    from pathlib import Path


def load(text: str | dict[str, Any], source: str = "<stdin>", policy: Policy | None = None) -> References:
    return References(parse(text if isinstance(text, str) else json.dumps(text), source), policy)


@pytest.fixture
def write(tmp_path: Path):
    def write(**files: str) -> References:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return References(read(str(tmp_path / "root.yaml")))

    return write


def target(references: References, ref: str, document: Document | None = None) -> Any:
    node = references.target(document or references.root, ref)
    return None if node is None else node.value


def messages(references: References) -> list[tuple[tuple[str | int, ...], str]]:
    return [(problem.path, problem.message) for problem in references.problems()]


# --- pointers ---------------------------------------------------------------------------------------------------------

AWKWARD = {
    "paths": {"/a/{id}": {"get": {"x": 1}}, "/b%7B": {"y": 2}},
    "til~de": {"sl/ash": [10, 20, {"deep": 30}]},
    "": {"": "empty names"},
    "größe": "umlaut",
    "0": "not an index",
}


@pytest.mark.parametrize(
    ("ref", "value"),
    [
        ("#/paths/~1a~1{id}/get/x", 1),
        ("#/paths/~1a~1%7Bid%7D/get/x", 1),
        ("#/paths/%2Fa%2F%7bid%7d/get/x", 1),
        ("#/paths/~1b%257B/y", 2),
        ("#/til~0de/sl~1ash/0", 10),
        ("#/til~0de/sl~1ash/2/deep", 30),
        ("#/til~0de/sl~1ash/3", None),
        ("#/til~0de/sl~1ash/-1", None),
        ("#/til~0de/sl~1ash/01", None),
        ("#/til~0de/sl~1ash/²", None),
        ("#//", "empty names"),
        ("#/", {"": "empty names"}),
        ("#/gr%C3%B6%C3%9Fe", "umlaut"),
        ("#/größe", "umlaut"),
        ("#/0", "not an index"),
        ("#/paths/nothing", None),
        ("#/0/1", None),
        ("#/%", None),
        ("#/%zz", None),
        ("#/" + "a/" * 100_000, None),
    ],
)
def test_pointer(ref: str, value: object) -> None:
    assert target(load(AWKWARD), ref) == value


def test_whole_document() -> None:
    references = load(AWKWARD)
    for ref in ("#", ""):
        node = references.target(references.root, ref)
        assert node is not None
        assert node.value is references.root.data
        assert node.path == ()


@given(st.lists(st.text(), max_size=5))
def test_every_path_has_a_pointer(path: list[str]) -> None:
    assert pointer_steps(encode_pointer(tuple(path)).replace("%", "%25")) == tuple(path)


@given(st.text())
def test_percent_decoding_agrees_with_the_standard_library(text: str) -> None:
    from urllib.parse import quote

    assert percent_decode(quote(text, safe="", errors="surrogatepass")) == text


@given(st.recursive(st.none() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_every_node_is_found_by_its_pointer(data: object) -> None:
    references = load({"root": data})
    waiting: list[tuple[tuple[str | int, ...], Any]] = [(("root",), references.root.data["root"])]
    while waiting:
        path, value = waiting.pop()
        node = references.target(references.root, encode_pointer(path).replace("%", "%25"))
        assert node is not None
        assert node.value is value
        assert node.path == path
        if isinstance(value, dict):
            waiting.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(value))


# --- chains and circles -----------------------------------------------------------------------------------------------


def test_chain_is_followed_to_its_end() -> None:
    references = load({"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}, "c": {"it": 1}})
    root = references.root
    end = references.resolve(Node(root, ("a",), root.data["a"]))
    assert end == Node(root, ("c",), {"it": 1})
    assert references.follow(root, root.data["a"]) == (root, {"it": 1})
    assert references.child(Node(root, (), root.data), "a") == end
    child = references.child(Node(root, ("a",), root.data["a"]), "it")
    assert child == Node(root, ("c", "it"), 1)


@pytest.mark.parametrize(
    "data",
    [
        {"a": {"$ref": "#/a"}},
        {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}},
        {"a": {"$ref": "#/b/x"}, "b": {"$ref": "#/a/y"}},
        {"a": {"$ref": "#/a/b"}},
        {"a": {"b": {"$ref": "#/a"}}},
        {"a": {"$ref": "#"}},
        {"a": {"$ref": "#/missing"}},
    ],
)
def test_circles_and_dead_ends_are_survived(data: dict[str, Any]) -> None:
    references = load(data)
    root = references.root
    assert references.resolve(Node(root, ("a",), root.data["a"])).value is not None
    assert isinstance(references.materialize(root, root.data), dict)
    references.problems()
    references.origin(("a", "b", "b", "b", "x"))
    references.origin(("a",))


def test_pointer_leads_through_a_reference() -> None:
    references = load(
        {"components": {"$ref": "#/elsewhere"}, "elsewhere": {"schemas": {"A": {"$ref": "#/x"}}}, "x": {"k": 7}}
    )
    node = references.target(references.root, "#/components/schemas/A/k")
    assert node is not None
    assert (node.path, node.value) == (("x", "k"), 7)
    assert references.problems() == []


def test_long_chain_is_followed() -> None:
    data = {f"n{number}": {"$ref": f"#/n{number + 1}"} for number in range(3000)}
    references = load({**data, "n3000": "end"})
    assert references.follow(references.root, references.root.data["n0"])[1] == "end"
    assert references.materialize(references.root, references.root.data)["n0"] == "end"


def test_chain_through_pointers_is_bounded() -> None:
    data: dict[str, Any] = {f"n{number}": {"$ref": f"#/n{number + 1}/x"} for number in range(3000)}
    references = load({**data, "n3000": {"x": {}}})
    references.follow(references.root, references.root.data["n0"])
    references.problems()


def test_2500_references_take_a_few_milliseconds() -> None:
    schemas = {f"S{number}": {"type": "object"} for number in range(1000)}
    uses = [{"$ref": f"#/components/schemas/S{number % 1000}"} for number in range(2500)]
    references = load({"components": {"schemas": schemas}, "uses": uses})
    started = time.process_time()
    assert references.problems() == []
    assert time.process_time() - started < 0.05


# --- deep form --------------------------------------------------------------------------------------------------------


def test_deep_form_is_shared_and_keeps_circles() -> None:
    node = {"next": {"$ref": "#/s/Node"}, "leaf": {"$ref": "#/s/Leaf"}}
    references = load(
        {
            "use": {"$ref": "#/s/Node"},
            "again": {"$ref": "#/s/Node"},
            "s": {"Node": node, "Leaf": {"type": "string"}},
            "plain": {},
        }
    )
    root = references.root
    deep = references.materialize(root, root.data)
    assert deep["use"] == {"next": {"$ref": "#/s/Node"}, "leaf": {"type": "string"}}
    assert deep["use"] is deep["again"] is deep["s"]["Node"]
    assert deep["plain"] is root.data["plain"]
    assert deep["s"]["Leaf"] is root.data["s"]["Leaf"]
    assert root.data["use"] == {"$ref": "#/s/Node"}
    assert references.materialize(root, root.data["s"]["Leaf"]) is root.data["s"]["Leaf"]
    assert references.circular(root, root.data["s"]["Node"]["next"])
    assert not references.circular(root, root.data["s"]["Node"]["leaf"])
    assert not references.circular(root, root.data["use"])


def test_reference_to_a_scalar_and_dropped_siblings() -> None:
    references = load(
        {
            "a": {"$ref": "#/text", "description": "dropped"},
            "b": [{"$ref": "#/nothing"}],
            "text": "hello",
            "nothing": None,
        }
    )
    assert references.materialize(references.root, references.root.data) == {
        "a": "hello",
        "b": [None],
        "text": "hello",
        "nothing": None,
    }


def test_deep_form_of_what_is_no_document() -> None:
    references = load({"a": {"b": 1}})
    for _ in range(50):
        assert references.materialize(references.root, {"x": [{"$ref": "#/a"}]}) == {"x": [{"b": 1}]}


def test_exponential_sharing_is_linear() -> None:
    data: dict[str, Any] = {f"n{number}": [{"$ref": f"#/n{number + 1}"}] * 2 for number in range(200)}
    references = load({**data, "n200": {}})
    deep = references.materialize(references.root, references.root.data)
    assert deep["n0"][0] is deep["n0"][1]


names = st.sampled_from("abcdef")
graphs = st.dictionaries(
    names,
    st.recursive(
        st.builds(lambda name: {"$ref": f"#/{name}"}, names) | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=6,
)


def _reaches(data: dict[str, Any], start: Any, aim: dict[str, Any]) -> bool:
    """By brute force: whether `aim` lies below `start`, references followed."""
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        value = waiting.pop()
        if value is aim:
            return True
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict) and isinstance(value.get("$ref"), str):
            if value["$ref"][2:] in data:
                waiting.append(data[value["$ref"][2:]])
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False


@settings(max_examples=300)
@given(graphs)
def test_deep_form_agrees_with_a_naive_one(graph: dict[str, Any]) -> None:
    references = load({**graph, "zzz": 0})
    data = references.root.data

    def naive(value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("$ref"), str):
            name = value["$ref"][2:]
            if name not in data or _reaches(data, data[name], value):
                return value
            return naive(data[name])
        if isinstance(value, dict):
            return {key: naive(item) for key, item in value.items()}
        return [naive(item) for item in value] if isinstance(value, list) else value

    assert references.materialize(references.root, data) == naive(data)


# --- files ------------------------------------------------------------------------------------------------------------


def test_relative_files_are_read_against_the_file_that_names_them(write: Any) -> None:
    references = write(
        root_yaml="a: {$ref: 'sub/one.yaml#/x'}\n",
        sub__one_yaml="x: {$ref: '../two.yaml#/y'}\nback: {$ref: '../root.yaml'}\n",
        two_yaml="y: {$ref: '#/z'}\nz: {found: true}\n",
    )
    root = references.root
    document, value = references.follow(root, root.data["a"])
    assert value == {"found": True}
    assert os.path.basename(document.source) == "two.yaml"
    assert references.problems() == []
    one = next(document for source, document in references.documents.items() if source.endswith("one.yaml"))
    assert references.target(one, "../root.yaml").document is root
    assert references.materialize(root, root.data) == {"a": {"found": True}}


def test_file_is_read_once_whatever_its_spelling(write: Any, tmp_path: Path) -> None:
    references = write(
        root_yaml="a: [{$ref: b.yaml}, {$ref: ./b.yaml}, {$ref: '%62.yaml'}, {$ref: sub/../b.yaml}, {$ref: link.yaml}, "
        f"{{$ref: 'file://{tmp_path}/b.yaml'}}]\n",
        b_yaml="x: 1\n",
        sub__c_yaml="",
    )
    (tmp_path / "link.yaml").symlink_to("b.yaml")
    assert references.problems() == []
    values = [references.follow(references.root, item)[1] for item in references.root.data["a"]]
    assert all(value is values[0] for value in values)
    assert len(references.documents) == 2


def test_files_are_read_only_when_asked_for(write: Any) -> None:
    references = write(root_yaml="a: {$ref: b.yaml}\nc: {$ref: d.yaml}\n", b_yaml="x: 1\n", d_yaml="broken: [\n")
    assert references.follow(references.root, references.root.data["a"])[1] == {"x": 1}
    assert len(references.documents) == 2


def test_file_names_with_escapes(write: Any, tmp_path: Path) -> None:
    references = write(root_yaml="a: {$ref: 'my%20file.yaml'}\nb: {$ref: 'raw%20.yaml'}\nc: {$ref: 'sub\\d.yaml'}\n")
    (tmp_path / "my file.yaml").write_text("x: 1\n")
    (tmp_path / "raw%20.yaml").write_text("x: 2\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.yaml").write_text("x: 3\n")
    assert references.problems() == []
    assert references.materialize(references.root, references.root.data) == {
        "a": {"x": 1},
        "b": {"x": 2},
        "c": {"x": 3},
    }


def test_other_files_are_text_and_need_only_exist(write: Any, tmp_path: Path) -> None:
    references = write(root_yaml="a: {$ref: code.rb}\nb: {$ref: notes.md}\nc: {$ref: missing.rb}\n")
    (tmp_path / "code.rb").write_bytes(b"puts {[\xff: \t\n")
    (tmp_path / "notes.md").write_text("# Title: *no yaml\n")
    assert [problem.path for problem in references.problems()] == [("c", "$ref")]
    assert target(references, "notes.md") == "# Title: *no yaml\n"
    node = references.target(references.root, "code.rb")
    assert node is not None
    assert node.document.locate(()).range.start == (0, 0)


def test_scalar_and_list_files_can_be_referred_to(write: Any) -> None:
    references = write(
        root_yaml="a: {$ref: 'b.yaml#/intro'}\nc: {$ref: d.yaml}\n", b_yaml="intro: hello\n", d_yaml="[1, 2]\n"
    )
    assert references.materialize(references.root, references.root.data) == {"a": "hello", "c": [1, 2]}
    assert references.problems() == []


def test_stdin_is_read_against_the_working_folder_or_the_path_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.yaml").write_text("x: here\n")
    (tmp_path / "sub" / "b.yaml").write_text("x: sub\n")
    monkeypatch.chdir(tmp_path)
    assert target(load("a: {$ref: b.yaml}"), "b.yaml#/x") == "here"
    policy = Policy(stdin_path="sub/root.yaml")
    assert target(load("a: {$ref: b.yaml}", policy=policy), "b.yaml#/x") == "sub"


# --- names ------------------------------------------------------------------------------------------------------------


def test_anchor_identifier_and_self() -> None:
    references = load(
        {
            "openapi": "3.2.0",
            "$self": "https://example.com/api.yaml",
            "use": [
                {"$ref": "#money"},
                {"$ref": "https://example.com/schemas/pet"},
                {"$ref": "https://example.com/schemas/pet#/properties/name"},
                {"$ref": "pet"},
                {"$ref": "https://example.com/api.yaml#/components"},
                {"$ref": "#unknown"},
                {"$ref": "https://example.com/schemas/other"},
            ],
            "components": {
                "schemas": {
                    "Money": {"$anchor": "money", "type": "integer"},
                    "Pet": {"$id": "https://example.com/schemas/pet", "properties": {"name": {"type": "string"}}},
                    "Rel": {"$id": "pet"},
                }
            },
        }
    )
    assert [path for path, _ in messages(references)] == [("use", 5, "$ref"), ("use", 6, "$ref")]
    assert target(references, "#money") == {"$anchor": "money", "type": "integer"}
    assert target(references, "https://example.com/schemas/pet#/properties/name") == {"type": "string"}
    assert target(references, "https://example.com/api.yaml") is references.root.data


# --- problems ---------------------------------------------------------------------------------------------------------


def test_problems_say_where_and_why(write: Any) -> None:
    references = write(
        root_yaml="a: {$ref: '#/nowhere'}\n"
        "b: {$ref: missing.yaml}\n"
        "c: {$ref: broken.yaml}\n"
        "d: {$ref: 'good.yaml#/absent'}\n"
        "e: {$ref: good.yaml}\n"
        "f: {$ref: 'https://example.com/x.yaml'}\n"
        "g: {$ref: 'urn:isbn:123'}\n"
        "h: {$ref: sub}\n",
        broken_yaml="a: [1\nb: }\n",
        good_yaml="inner: [{$ref: '#/lost'}]\n",
        sub__x_yaml="",
    )
    problems = {(os.path.basename(p.document.source), p.path): p.message for p in references.problems()}
    assert problems.pop(("root.yaml", ("a", "$ref"))) == "'#/nowhere' does not exist"
    assert "'missing.yaml' does not exist" in problems.pop(("root.yaml", ("b", "$ref")))
    broken = problems.pop(("root.yaml", ("c", "$ref")))
    assert broken.startswith("'broken.yaml:2:")
    assert "'#/absent' does not exist @ '" in problems.pop(("root.yaml", ("d", "$ref")))
    assert problems.pop(("good.yaml", ("inner", 0, "$ref"))) == "'#/lost' does not exist"
    assert "--allow-remote-refs" in problems.pop(("root.yaml", ("f", "$ref")))
    assert "only files, http and https" in problems.pop(("root.yaml", ("g", "$ref")))
    assert "a folder" in problems.pop(("root.yaml", ("h", "$ref")))
    assert not problems


def test_look_alikes_are_no_problems() -> None:
    lost = {"$ref": "#/lost"}
    references = load(
        {
            "openapi": "3.1.0",
            "paths": {
                "/a": {
                    "post": {
                        "parameters": [{"name": "p", "in": "query", "example": lost, "schema": {"default": lost}}],
                        "requestBody": {
                            "content": {
                                "application/json": {
                                    "examples": {"one": {"value": {"deep": [lost]}}},
                                    "schema": {
                                        "enum": [lost],
                                        "const": lost,
                                        "examples": [lost],
                                        "properties": {
                                            "$ref": {"type": "string"},
                                            "x": {"properties": {"$ref": "odd"}},
                                        },
                                    },
                                }
                            }
                        },
                    }
                }
            },
        }
    )
    assert references.problems() == []


def test_names_that_look_like_data_hide_nothing() -> None:
    lost = {"$ref": "#/lost"}
    references = load(
        {
            "openapi": "3.1.0",
            "paths": {"/a": {"get": {"responses": {"default": lost}, "parameters": [lost]}}},
            "components": {
                "schemas": {"example": lost, "S": {"properties": {"default": lost, "enum": lost}, "items": lost}},
                "examples": {"value": lost, "const": lost},
                "parameters": {"example": lost},
            },
        }
    )
    assert len(references.problems()) == 9


def test_swagger_examples_are_data() -> None:
    references = load({"swagger": "2.0", "responses": {"R": {"examples": {"application/json": {"$ref": "#/lost"}}}}})
    assert references.problems() == []


def test_only_what_is_reached_is_checked(write: Any) -> None:
    references = write(
        root_yaml="a: {$ref: 'b.yaml#/used'}\n",
        b_yaml="used: {x: [{$ref: '#/local'}]}\nlocal: {$ref: '#/gone'}\nunused: {$ref: 'not-there.yaml'}\n",
    )
    assert [path for path, _ in messages(references)] == [("local", "$ref")]


def test_examples_are_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    from idemlint.openapi import remote

    asked: list[str] = []
    monkeypatch.setattr(remote.Fetcher, "fetch", lambda self, url: asked.append(url) or b"x: 1")
    references = load(
        {"example": {"$ref": "http://example.com/no"}, "schema": {"$ref": "http://example.com/yes"}},
        policy=Policy(allow_remote=True),
    )
    assert references.problems() == []
    assert asked == ["http://example.com/yes"]


# --- origins ----------------------------------------------------------------------------------------------------------

ROOT = """\
paths:
  /a:
    parameters:
      - $ref: '#/components/parameters/P'
    post:
      parameters:
        - $ref: '#/components/parameters/Q'
        - $ref: './common.yaml#/parameters/R'
      responses:
        '200': {$ref: '#/components/responses/Ok'}
        '404': {$ref: '#/components/responses/Missing'}
        '409': {$ref: 'nowhere.yaml#/x'}
        '500':
          $ref: '#/components/responses/Ok'
          description: mine
          extra: {a: 1}
  /b: {$ref: './path.yaml'}
  /c: {$ref: './common.yaml#/items/c'}
components:
  parameters:
    P: {name: p, in: header}
    Q: {$ref: '#/components/parameters/Q2'}
    Q2: {name: q, in: header, schema: {$ref: '#/components/schemas/S'}}
  schemas:
    S: {type: string}
    Node: {properties: {next: {$ref: '#/components/schemas/Node'}, leaf: {$ref: '#/components/schemas/S'}}}
  responses:
    Ok: {description: ok, schema: {$ref: '#/components/schemas/Node'}}
"""
COMMON = """\
parameters:
  R: {name: r, in: query, schema: {$ref: '#/s'}}
items:
  c: {get: {responses: {'200': {$ref: '#/s'}}}}
s: {type: integer}
"""

# What Spectral 6.16.3 says (`documentInventory.findAssociatedItemForPath`), recorded.
SPECTRAL = [
    ("paths /a post", "root.yaml", "paths /a post", ""),
    ("paths /a post requestBody schema", "root.yaml", "paths /a post", "requestBody schema"),
    ("paths /a parameters 0", "root.yaml", "components parameters P", ""),
    ("paths /a parameters 0 name", "root.yaml", "components parameters P name", ""),
    ("paths /a parameters 0 schema type", "root.yaml", "components parameters P", ""),
    ("paths /a post parameters 0", "root.yaml", "components parameters Q2", ""),
    ("paths /a post parameters 0 schema type", "root.yaml", "components schemas S type", ""),
    ("paths /a post parameters 0 schema format", "root.yaml", "components schemas S", "format"),
    ("paths /a post parameters 1 schema type", "common.yaml", "s type", ""),
    ("paths /a post parameters 1 required", "common.yaml", "parameters R", ""),
    ("paths /a post responses 200", "root.yaml", "components responses Ok", ""),
    ("paths /a post responses 200 headers", "root.yaml", "components responses Ok", ""),
    ("paths /a post responses 200 schema properties next", "root.yaml", "components schemas Node properties next", ""),
    ("paths /a post responses 200 schema properties leaf type", "root.yaml", "components schemas S type", ""),
    ("paths /a post responses 200 description x", "root.yaml", "components responses Ok description", "x"),
    ("paths /a post responses 404", "root.yaml", "components responses", ""),
    ("paths /a post responses 409", "root.yaml", "paths /a post responses 409", ""),
    ("paths /a post responses 500", "root.yaml", "paths /a post responses 500", ""),
    ("paths /a post responses 500 description", "root.yaml", "paths /a post responses 500 description", ""),
    ("paths /a post responses 500 extra a", "root.yaml", "paths /a post responses 500 extra a", ""),
    ("paths /a post responses 500 schema", "root.yaml", "components schemas Node", ""),
    ("paths /b", "path.yaml", "", ""),
    ("paths /b get responses", "path.yaml", "get responses", ""),
    ("paths /b post", "path.yaml", "", ""),
    ("paths /c get responses 200 type", "common.yaml", "s type", ""),
    ("paths /c get summary", "common.yaml", "items c get", "summary"),
]


@pytest.mark.parametrize(("logical", "source", "path", "missing"), SPECTRAL)
def test_origin_is_the_one_that_spectral_finds(write: Any, logical: str, source: str, path: str, missing: str) -> None:
    references = write(root_yaml=ROOT, common_yaml=COMMON, path_yaml="get: {responses: {}}\n")
    origin = references.origin(tuple(logical.split()))
    assert os.path.basename(origin.document.source) == source
    assert (" ".join(map(str, origin.path)), " ".join(map(str, origin.missing))) == (path, missing)


def test_origin_of_the_unresolved_document(write: Any) -> None:
    references = write(root_yaml=ROOT, common_yaml=COMMON)
    origin = references.origin(("paths", "/a", "parameters", "0", "name"), resolved=False)
    assert (origin.document, origin.path, origin.missing) == (
        references.root,
        ("paths", "/a", "parameters", 0),
        ("name",),
    )


@settings(max_examples=200)
@given(graphs, st.lists(names, max_size=6))
def test_origin_of_anything_is_a_place_that_exists(graph: dict[str, Any], path: list[str]) -> None:
    references = load({**graph, "zzz": 0})
    origin = references.origin(tuple(path))
    assert origin.document is references.root
    references.root.locate(origin.path)
