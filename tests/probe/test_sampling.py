"""Requests that the document allows, tagged, with one that differs and others for a server that refuses the first."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from corpus import entries, needs_corpus
from hypothesis import strategies as st

from idemlint.contract.loading import load_profile
from idemlint.errors import ConfigError
from idemlint.openapi.document import parse, read
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References
from idemlint.openapi.validation import validator_for
from idemlint.probe.exchange import Exchange
from idemlint.probe.expectations import expectations_of
from idemlint.probe.last_resort import searched
from idemlint.probe.samples import NO_BODY, RequestSample, put
from idemlint.probe.sampling import Made, SampleMaker
from idemlint.probe.tags import tagged
from idemlint.probe.uniqueness import for_key, renewed, unique_members

if TYPE_CHECKING:
    from idemlint.openapi.references import Node
    from idemlint.probe.exchange import Call

TAG = "idemlint-0123456789"
PROFILE = load_profile("ietf-07")


class Silence:
    """A client to whom nobody answers."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def send(self, call: Call) -> Exchange:
        self.calls.append(call)
        return Exchange(len(self.calls), call, error="connection refused")


def making(document: dict[str, Any] | References, **settings: Any) -> SampleMaker:
    if isinstance(document, dict):
        document = References(parse(json.dumps(document), "api.json"))
    return SampleMaker(
        document,
        client=Silence(),
        base_url="http://127.0.0.1:1",
        expectations=lambda each: expectations_of(each, PROFILE),
        **{"settings": {}, "hooks": None, "tag": TAG, "seed": 1, **settings},
    )


def make(operation: dict[str, Any], *, path: str = "/things", method: str = "post", **more: Any) -> Made:
    """What is made for one operation; `more` are members of the document, but for `settings` and `seed`."""
    settings = {key: more.pop(key) for key in ("settings", "seed") if key in more}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {path: {method: {"responses": {"201": {"description": "made"}}, **operation}}},
        **more,
    }
    maker = making(document, **settings)
    (found,) = operations(maker.references)
    return asyncio.run(maker.make(found))


def body(schema: dict[str, Any], media_type: str = "application/json", **more: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema, **more}}}}


PAYMENT = {
    "type": "object",
    "required": ["amount"],
    "additionalProperties": False,
    "properties": {
        "amount": {"type": "integer", "minimum": 1},
        "currency": {"enum": ["EUR", "USD"]},
        "description": {"type": "string", "maxLength": 60},
    },
}


def test_the_documents_example_comes_first_with_the_tag_in_it() -> None:
    made = make(body(PAYMENT, example={"amount": 5, "description": "two chairs"}))
    assert made.sample.value == {"amount": 5, "description": f"two chairs {TAG}"}
    assert made.sample.tag == "/description"
    assert made.sample.origin == "example"


def test_the_other_payload_differs_in_the_amount_alone() -> None:
    made = make(body(PAYMENT, example={"amount": 5, "currency": "EUR"}))
    assert made.other.difference == "/amount"
    assert made.other.value == {**made.sample.value, "amount": made.other.value["amount"]}
    assert made.other.value["amount"] != 5
    assert made.other.is_valid(made.other.value)


def test_alternatives_are_few_valid_and_all_different() -> None:
    examples = {"a": {"value": {"amount": 1, "currency": "EUR"}}, "b": {"value": {"amount": 2}}}
    made = make(body(PAYMENT, examples=examples))
    values = [made.sample.value, *(each.value for each in made.alternatives)]
    assert 3 <= len(values) <= 5
    assert len({json.dumps(each, sort_keys=True) for each in values}) == len(values)
    assert all(made.sample.is_valid(each) for each in values)
    assert any("currency" not in each for each in values)
    assert any(each["amount"] == 2 for each in values)


def test_an_optional_body_is_left_out_last() -> None:
    operation = body(PAYMENT)
    operation["requestBody"]["required"] = False
    made = make(operation)
    assert made.sample.value is not NO_BODY
    assert made.alternatives[-1].value is NO_BODY
    assert made.alternatives[-1].media_type is None


def test_an_operation_without_a_body_is_sent_without_one() -> None:
    made = make({})
    assert made.sample.value is NO_BODY
    assert made.sample.encode(made.sample.value) == b""
    assert made.other is None


def test_a_patch_changes_something() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string", "readOnly": True}, "color": {"type": "string"}}}
    made = make(body(schema, "application/merge-patch+json", example={}), method="patch")
    assert made.sample.value
    assert made.other.value != made.sample.value


def test_parameters_that_are_required_are_there_and_no_others() -> None:
    parameters = [
        {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string"}},
        {"name": "Authorization", "in": "header", "required": True, "schema": {"type": "string"}},
        {"name": "Content-Type", "in": "header", "required": True, "schema": {"type": "string"}},
        {"name": "X-Api-Key", "in": "header", "required": True, "schema": {"type": "string"}},
        {"name": "X-Version", "in": "header", "required": True, "schema": {"enum": ["2024-01-01"]}},
        {"name": "X-Maybe", "in": "header", "schema": {"type": "string"}},
        {"name": "tenant", "in": "query", "required": True, "schema": {"type": "integer"}, "example": 7},
        {
            "name": "tags",
            "in": "query",
            "required": True,
            "schema": {"type": "array", "minItems": 2},
            "example": ["a b", "c"],
        },
        {"name": "session", "in": "cookie", "required": True, "schema": {"const": "s1"}},
    ]
    security = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}}
    made = make({"parameters": parameters}, components=security)
    assert made.sample.headers == (("X-Version", "2024-01-01"), ("Cookie", "session=s1"))
    assert made.sample.query == (("tenant", "7"), ("tags", "a b"), ("tags", "c"))
    assert made.sample.target() == "/things?tenant=7&tags=a+b&tags=c"


def test_a_path_parameter_of_few_words_names_no_resource() -> None:
    parameter = {"name": "kind", "in": "path", "required": True, "schema": {"enum": ["card", "bank"]}}
    made = make({"parameters": [parameter]}, path="/methods/{kind}")
    assert made.sample.target() == "/methods/card"
    assert "must exist" not in made.hint


def test_hostile_header_values_stay_on_their_line() -> None:
    parameter = {
        "name": "X-A",
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
        "example": "a\r\nX-B: c\u20ac",
    }
    made = make({"parameters": [parameter]})
    assert made.sample.headers == (("X-A", "a  X-B: c"),)


def test_forms_are_written_as_most_servers_read_them() -> None:
    schema = {
        "type": "object",
        "required": ["amount"],
        "properties": {
            "amount": {"type": "integer"},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    made = make(body(schema, "application/x-www-form-urlencoded", example={"amount": 3}))
    assert made.sample.tag == "/metadata/idemlint"
    assert made.sample.encode(made.sample.value) == b"amount=3&metadata%5Bidemlint%5D=" + TAG.encode()


def test_forms_of_several_parts() -> None:
    schema = {"type": "object", "properties": {"note": {"type": "string"}}}
    made = make(body(schema, "multipart/form-data", example={"note": "hi"}))
    boundary = made.sample.media_type.partition("boundary=")[2]
    text = made.sample.encode(made.sample.value).decode()
    expected = f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi {TAG}\r\n--{boundary}--\r\n'
    assert text == expected


def test_objects_in_forms_of_several_parts_are_json() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object"}, "b": {"type": "array"}}}
    made = make(body(schema, "multipart/form-data", example={"a": {"x": 1}, "b": [1, "two"]}))
    text = made.sample.encode(made.sample.value).decode()
    assert 'name="a"\r\nContent-Type: application/json\r\n\r\n{"x":1}\r\n' in text
    assert text.count('name="b"') == 2


def test_a_form_shows_what_its_schema_requires() -> None:
    schema = {
        "type": "object",
        "required": ["card"],
        "properties": {"card": {"type": "object", "properties": {"number": {"type": "string"}}}},
    }
    made = make(body(schema, "application/x-www-form-urlencoded", example={"card": {}}))
    assert made.sample.encode(made.sample.value).startswith(b"card%5Bnumber%5D=")


def test_swagger_bodies() -> None:
    document = {
        "swagger": "2.0",
        "info": {"title": "x", "version": "1"},
        "consumes": ["application/json"],
        "paths": {
            "/things": {
                "post": {
                    "parameters": [{"name": "thing", "in": "body", "required": True, "schema": PAYMENT}],
                    "responses": {"201": {"description": "made"}},
                }
            },
            "/forms": {
                "post": {
                    "consumes": ["application/x-www-form-urlencoded"],
                    "parameters": [{"name": "note", "in": "formData", "type": "string", "required": True}],
                    "responses": {"201": {"description": "made"}},
                }
            },
        },
    }
    maker = making(document)
    things, forms = (asyncio.run(maker.make(each)) for each in operations(maker.references))
    assert things.sample.tag == "/description"
    assert things.other.difference == "/amount"
    assert b"note=" in forms.sample.encode(forms.sample.value)
    assert TAG in forms.sample.value["note"]


def test_the_same_seed_makes_the_same_request_and_another_seed_another() -> None:
    def payload(seed: int) -> Any:
        return make(
            body({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}), seed=seed
        ).sample.value

    assert payload(1) == payload(1)
    assert len({payload(seed)["a"] for seed in range(8)}) > 1


def test_a_body_that_cannot_be_made_is_told_with_a_way_out() -> None:
    made = make(body({"type": "object", "required": ["a"], "properties": {"a": False}}))
    assert made.sample is None
    assert made.blocked.startswith("no valid request could be made: ")
    assert '[tool.idemlint.probe.operations."POST /things"] replace-body' in made.blocked


def test_configuration_is_merged_or_stands_in_the_place_of_the_body() -> None:
    operation = body(PAYMENT, example={"amount": 5})
    entry = {"query": {"mode": "test"}, "headers": {"X-Team": "red"}, "body": {"currency": "USD"}}
    made = make(operation, settings={"POST /things": entry})
    assert made.sample.value == {"amount": 5, "currency": "USD", "description": TAG}
    assert made.sample.query == (("mode", "test"),)
    assert made.sample.headers == (("X-Team", "red"),)
    replaced = make(operation, settings={"POST /things": {"replace-body": {"anything": [1]}}})
    assert replaced.sample.value == {"anything": [1]}
    assert replaced.sample.origin == "configured"


def test_configuration_reaches_nested_members_by_dots_and_tables() -> None:
    schema = {
        "type": "object",
        "properties": {"card": {"type": "object", "properties": {"holder": {"type": "object"}}}},
    }
    for entry in ({"card.holder.code": 7}, {"card": {"holder": {"code": 7}}}):
        made = make(body(schema, example={"card": {"kind": "x"}}), settings={"POST /things": {"body": entry}})
        assert made.sample.value["card"] == {"kind": "x", "holder": {"code": 7}}


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"POST /thing": {}}, "no such operation", "POST /things"),
        ({"POST /things": {"bdy": {}}}, "'bdy' means nothing here", "body"),
        ({"POST /things": {"path": "x"}}, "path must be a table", "path.NAME"),
        ({"POST /things": 5}, "must be a table", "replace-body"),
    ],
)
def test_wrong_configuration_is_told(settings: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make({}, settings=settings)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "[tool.idemlint.probe.operations." in caught.value.message


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["note", "metadata", "id", "a/b", "c~d"]), inner)
    ),
    max_leaves=10,
)


@hypothesis.given(ANYTHING)
def test_a_tag_is_where_its_pointer_says_and_nothing_else_changes(value: Any) -> None:
    from idemlint.openapi.pointers import at
    from idemlint.probe.masks import leaves

    found = tagged(value, TAG, is_valid=lambda _: True)
    if found is None:
        return
    new, pointer = found
    assert TAG in at(new, pointer)
    before, after = leaves(value), leaves(new)
    parent = pointer.rpartition("/")[0]
    assert {each for each in before if before[each] != after.get(each)} <= {pointer, parent}
    assert {each for each in after if each not in before} <= {pointer}


def test_a_tag_goes_where_the_schema_leaves_room() -> None:
    def tag(value: Any, *, longest: int = 100) -> Any:
        def is_valid(candidate: Any) -> bool:
            return all(len(str(each)) <= longest for each in candidate.values())

        return tagged(value, TAG, is_valid=is_valid)

    assert tag({"name": "n", "note": "x"})[1] == "/note"
    assert tag({"note": "x" * 90})[0] == {"note": TAG}
    assert tag({"note": "x"}, longest=10) is None
    assert tag({"amount": 3}) is None
    assert tagged([1], TAG, is_valid=lambda _: True) is None


@pytest.mark.parametrize(
    ("declared", "place"),
    [
        (["currency", "purpose"], "/purpose"),
        (["reference", "reason"], "/reason"),
        (["external_reference"], "/external_reference"),
        (["reason", "comment"], "/comment"),
        (["metadata", "reason"], "/metadata/idemlint"),
        (["name", "product_name", "currency"], None),
    ],
)
def test_a_text_that_the_request_would_do_without_bears_the_tag(declared: list[str], place: str | None) -> None:
    found = tagged({"amount": 3}, TAG, is_valid=lambda _: True, declared=declared)
    assert (None if found is None else found[1]) == place


@hypothesis.given(ANYTHING, st.text(max_size=5))
def test_put_makes_what_its_pointer_leads_to(member: Any, name: str) -> None:
    from idemlint.openapi.pointers import at

    pointer = "/a/" + name.replace("~", "~0").replace("/", "~1")
    value = {"a": {}, "b": [1, 2]}
    assert at(put(value, pointer, member), pointer) == member
    assert put(value, "/b/1", member) == {"a": {}, "b": [1, member]}
    assert value == {"a": {}, "b": [1, 2]}
    assert put(value, "/b/9", member) == value


UNIQUE = {"email": "ada@example.com", "order_number": "A-100", "amount": 5, "first_name": "Ada", "note": "x"}


def test_what_looks_unique_is_found_and_renewed_for_each_key_alike() -> None:
    sample = RequestSample("/x", {}, media_type="application/json", value=UNIQUE)
    pointers = unique_members(UNIQUE, is_valid=None)
    assert pointers == ("/email", "/order_number")
    sample = RequestSample("/x", {}, media_type="application/json", value=UNIQUE, unique=pointers)
    one, again, quoted, two = (for_key(sample, None, key)[0].value for key in ("k1", "k1", '"K1"', "k2"))
    assert one == again == quoted
    assert one["email"] != two["email"]
    assert one["order_number"] != two["order_number"]
    assert {key: one[key] for key in ("amount", "first_name", "note")} == {
        "amount": 5,
        "first_name": "Ada",
        "note": "x",
    }
    assert unique_members(UNIQUE, fixed=("/email",), is_valid=None) == ("/order_number",)


def test_bytes_made_of_the_value_get_the_same_new_values() -> None:
    sample = RequestSample("/x", {}, media_type="application/json", value=UNIQUE, unique=("/email", "/order_number"))
    turned = json.dumps(dict(reversed(UNIQUE.items())), indent=2).encode()
    new, text = for_key(sample, turned, "k1")
    assert json.loads(text) == new.value
    assert list(json.loads(text)) == list(reversed(UNIQUE))


@hypothesis.given(st.integers(), st.sampled_from(["^[A-Z]{3}-\\d{4}$", "^\\d{6}$", "^[a-z]+$"]))
def test_new_values_keep_to_the_schema(seed: int, pattern: str) -> None:
    import re

    old = {"^[A-Z]{3}-\\d{4}$": "ABC-1234", "^\\d{6}$": "123456", "^[a-z]+$": "abc"}[pattern]

    def is_valid(value: Any) -> bool:
        return re.fullmatch(pattern, value["code"], re.ASCII) is not None

    new = renewed({"code": old}, ("/code",), Random(seed), is_valid)
    assert is_valid(new)


def test_the_last_resort_finds_what_our_sampler_does_not() -> None:
    pytest.importorskip("schemathesis")
    schema = {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"a": {"type": "integer", "minimum": 3}, "b": {"not": {"type": ["null", "string", "object"]}}},
    }
    references = References(parse(json.dumps({"openapi": "3.1.0", "components": {"schemas": {"S": schema}}}), "x.json"))
    node = _schema(references)
    (value,) = searched(references, node, seed=4)
    assert validator_for(references, node).is_valid(value)
    assert searched(references, node, seed=4) == (value,)


def test_the_last_resort_gives_up_on_what_nothing_fits() -> None:
    pytest.importorskip("schemathesis")
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"allOf": [{"type": "string"}, {"type": "integer"}]}},
    }
    references = References(parse(json.dumps({"openapi": "3.1.0", "components": {"schemas": {"S": schema}}}), "x.json"))
    assert searched(references, _schema(references), seed=4) is None


def _schema(references: References) -> Node:
    from idemlint.openapi.references import Node

    node = Node(references.root, (), references.root.data)
    for step in ("components", "schemas", "S"):
        node = references.child(node, step)
    return node


@needs_corpus
def test_nearly_every_real_operation_gets_a_valid_request() -> None:
    """Without sending anything: over 99 % of POST and PATCH in the public documents (the share was 99.7 % when written)."""
    wanted, good = 0, 0
    for entry in entries():
        if not 0 < entry.operations <= 12 or entry.path.stat().st_size > 300_000:
            continue
        maker = making(References(read(str(entry.path))))
        for operation in operations(maker.references):
            if operation.method not in ("post", "patch"):
                continue
            wanted += 1
            sample = asyncio.run(maker.make(operation)).sample
            fits = sample is not None and (
                sample.value is NO_BODY or sample.is_valid is None or sample.is_valid(sample.value)
            )
            good += fits and "{" not in sample.target().partition("?")[0]
    assert wanted > 40
    assert good / wanted > 0.99
