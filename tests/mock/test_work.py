"""What operations do and answer: collections and items, identifiers, examples, preferences."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import pytest
from handled import ask, handling, value
from hypothesis import given
from hypothesis import strategies as st

from idemlint.mock.identifiers import fresh_ids, typed
from idemlint.mock.media_types import negotiate
from idemlint.mock.patches import PatchError, json_patch, merge_patch
from idemlint.mock.places import identifier_name
from idemlint.mock.preferences import Preferences, parse_preferences
from idemlint.mock.resources import roles
from idemlint.openapi.operations import operations
from idemlint.openapi.validation import validator_for

if TYPE_CHECKING:
    from idemlint.mock.handling import Handling
    from idemlint.mock.messages import Answer

GOOD = {"amount": 5, "currency": "EUR"}
ANN = {"Authorization": "Bearer ann"}
BOB = {"Authorization": "Bearer bob"}


def counts(handled: Handling) -> dict[str, int]:
    return asyncio.run(handled.store.counts())


def api(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": paths, **more}


def json_response(schema: Any = None, **media: Any) -> dict[str, Any]:
    content: dict[str, Any] = {**media}
    if schema is not None:
        content["schema"] = schema
    return {"description": "", "content": {"application/json": content}}


def one(responses: dict[str, Any], method: str = "post", path: str = "/things") -> dict[str, Any]:
    return api({path: {method: {"responses": responses}}})


def reply(responses: dict[str, Any], body: Any = None, method: str = "post", **more: Any) -> Answer:
    return ask(handling(one(responses, method)), f"{method.upper()} /things", body, **more)


# --- a collection and its items ---------------------------------------------------------------------------------------


def test_the_life_of_a_resource() -> None:
    handled = handling("payments")
    made = ask(handled, "POST /payments", {**GOOD, "description": "ü", "notify": "https://a.example"}, key="1")
    assert made.status == 201
    payment = value(made)
    assert (payment["amount"], payment["currency"], payment["description"]) == (5, "EUR", "ü")
    assert payment["status"] == "pending"
    assert "notify" not in payment, "the schema of a payment does not know it"
    location = made.header("location")
    assert location == f"/payments/{payment['id']}"
    assert payment["links"] == {"self": location}

    assert value(ask(handled, f"GET {location}")) == payment
    listed = value(ask(handled, "GET /payments"))
    assert listed == {"data": [payment], "total": 1, "has_more": False}

    change = {"description": None, "metadata": {"a": "1"}, "id": "other", "amount": "x"}
    changed = ask(handled, f"PATCH {location}", change, key="2")
    assert changed.status == 200
    payment = {**payment, "metadata": {"a": "1"}}
    del payment["description"]
    assert value(changed) == value(ask(handled, f"GET {location}")) == payment
    ask(handled, f"PATCH {location}", {"metadata": {"a": None, "b": "2"}}, key="3")
    assert value(ask(handled, f"GET {location}"))["metadata"] == {"b": "2"}

    assert ask(handled, f"DELETE {location}").status == 204
    for method in ("GET", "DELETE"):
        assert ask(handled, f"{method} {location}").status == 404
    assert value(ask(handled, "GET /payments"))["data"] == []
    assert counts(handled) == {
        "POST /payments": 1,
        "PATCH /payments/{payment_id}": 2,
        "DELETE /payments/{payment_id}": 1,
    }


def test_principals_see_their_own() -> None:
    handled = handling("payments")
    made = ask(handled, "POST /payments", GOOD, key="1", headers=ANN)
    location = made.header("location")
    assert ask(handled, f"GET {location}", headers=ANN).status == 200
    for method, body in (("GET", None), ("PATCH", {"description": "x"}), ("DELETE", None)):
        assert ask(handled, f"{method} {location}", body, key="2", headers=BOB).status == 404
    assert value(ask(handled, "GET /payments", headers=BOB))["total"] == 0
    assert value(ask(handled, "GET /payments", headers=ANN))["total"] == 1


def test_items_of_items_are_kept_apart() -> None:
    handled = handling("payments")
    refund = value(ask(handled, "POST /payments/a%2Fb/refunds", {"amount": 3}, key="1"))
    assert refund["data"]["amount"] == 3
    assert refund["data"]["payment_id"] == "a/b"
    assert UUID(refund["data"]["id"]).version == 4
    assert value(ask(handled, "GET /payments/a%2Fb/refunds")) == [refund["data"]]
    assert value(ask(handled, "GET /payments/a/refunds")) == []
    assert value(ask(handled, "GET /payments/a%252Fb/refunds")) == []


def test_an_action_shows_its_item() -> None:
    handled = handling("payments")
    payment = value(ask(handled, "POST /payments", GOOD, key="1"))
    captured = ask(handled, f"POST /payments/{payment['id']}/capture", key="2")
    assert (captured.status, value(captured)) == (200, payment)
    assert value(ask(handled, "POST /payments/pay_other/capture", key="3"))["id"] == "pay_other"
    assert counts(handled)["POST /payments/{payment_id}/capture"] == 2


def test_each_post_makes_another() -> None:
    handled = handling("payments", "stripe-v1")
    made = {value(ask(handled, "POST /payments", GOOD, key=str(number)))["id"] for number in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"pay_[0-9a-f]{24}", identifier) for identifier in made)
    assert value(ask(handled, "GET /payments"))["total"] == 50


def test_what_a_duplicate_gets_where_the_current_state_is_shown() -> None:
    handled = handling("payments", "paypal")
    headers = [("paypal-request-id", "k"), ("idempotency-key", "unused")]
    first = ask(handled, "POST /payments", GOOD, headers=headers)
    ask(handled, f"PATCH {first.header('location')}", {"description": "changed"}, key="x")
    again = ask(handled, "POST /payments", GOOD, headers=headers)
    assert again.status == first.status
    assert value(again) == {**value(first), "description": "changed"}
    ask(handled, f"DELETE {first.header('location')}")
    assert value(ask(handled, "POST /payments", GOOD, headers=headers)) == value(first)


def test_a_key_in_the_body_is_in_no_resource() -> None:
    paths = {
        "/things": {"post": {"responses": {"200": json_response()}}, "get": {"responses": {"200": json_response()}}}
    }
    made = value(ask(handling(api(paths), "square"), "POST /things", {"idempotency_key": "k", "n": 1}))
    assert made["n"] == 1
    assert "idempotency_key" not in made


# --- other forms of collections ---------------------------------------------------------------------------------------

_THING = {
    "type": "object",
    "required": ["thing_id"],
    "properties": {"thing_id": {"type": "integer", "format": "int64"}, "n": {"type": "integer"}},
}


def collection(create: Any, read: Any, listed: Any, item: str = "/things/{thing_id}") -> dict[str, Any]:
    return api(
        {
            "/things": {
                "post": {"responses": {"200": json_response(create)}},
                "get": {"responses": {"200": json_response(listed)}},
            },
            item: {
                "get": {"responses": {"200": json_response(read)}},
                "put": {"responses": {"200": json_response(read)}},
                "post": {"responses": {"200": json_response(read)}},
                "delete": {"responses": {"200": json_response(read)}},
            },
        }
    )


@pytest.mark.parametrize(
    ("wrap", "place"),
    [
        (lambda thing: thing, ()),
        (lambda thing: {"type": "object", "required": ["data"], "properties": {"data": thing}}, ("data",)),
        (lambda thing: {"type": "object", "required": ["thing"], "properties": {"thing": thing}}, ("thing",)),
        (
            lambda thing: {
                "type": "object",
                "required": ["Things"],
                "properties": {"Things": {"type": "array", "minItems": 1, "items": thing}},
            },
            ("Things", 0),
        ),
    ],
)
@pytest.mark.parametrize("list_name", ["data", "things", "list", None])
def test_envelopes(wrap: Any, place: tuple[str | int, ...], list_name: str | None) -> None:
    array = {"type": "array", "items": _THING}
    listed = (
        array if list_name is None else {"type": "object", "required": [list_name], "properties": {list_name: array}}
    )
    handled = handling(collection(wrap(_THING), wrap(_THING), listed))

    def shown(answer: Answer) -> Any:
        found = value(answer)
        for step in place:
            found = found[step]
        return found

    thing = shown(ask(handled, "POST /things", {"n": 1}))
    assert thing["n"] == 1
    assert isinstance(thing["thing_id"], int)
    path = f"/things/{thing['thing_id']}"
    assert shown(ask(handled, f"GET {path}")) == thing
    found = value(ask(handled, "GET /things"))
    assert (found if list_name is None else found[list_name]) == [thing]
    assert shown(ask(handled, f"POST {path}", {"n": 2})) == {**thing, "n": 2}
    assert shown(ask(handled, f"PUT {path}", {"n": 3})) == {**thing, "n": 3}
    assert shown(ask(handled, f"DELETE {path}")) == {**thing, "n": 3}
    assert ask(handled, f"GET {path}").status == 404


def test_operations_that_show_less() -> None:
    short = {
        "type": "object",
        "additionalProperties": False,
        "required": ["id"],
        "properties": {"id": {"type": "string"}},
    }
    full = {
        "type": "object",
        "required": ["id", "n", "kind"],
        "properties": {"id": {"type": "string"}, "n": {"type": "integer"}, "kind": {"const": "thing"}},
    }
    handled = handling(collection(full, short, {"type": "array", "items": short}, "/things/{id}"))
    made = value(ask(handled, "POST /things", {"n": 7, "kind": "other"}))
    assert (made["n"], made["kind"]) == (7, "thing")
    assert value(ask(handled, f"GET /things/{made['id']}")) == {"id": made["id"]}
    assert value(ask(handled, "GET /things")) == [{"id": made["id"]}]


def test_a_file_suffix_and_a_trailing_slash() -> None:
    for path, item in (("/a/things.json", "/a/things/{sid}.json"), ("/b/things/", "/b/things/{sid}/")):
        schema = {
            "type": "object",
            "required": ["sid"],
            "properties": {"sid": {"type": "string", "pattern": "^TH[0-9a-f]{32}$"}},
        }
        document = api(
            {
                path: {"post": {"responses": {"201": json_response(schema)}}},
                item: {"get": {"responses": {"200": json_response(schema)}}},
            }
        )
        handled = handling(document)
        made = ask(handled, f"POST {path}")
        sid = value(made)["sid"]
        assert re.fullmatch("TH[0-9a-f]{32}", sid)
        assert made.header("location") == item.replace("{sid}", sid)
        assert value(ask(handled, f"GET {made.header('location')}"))["sid"] == sid


def test_put_makes_what_is_not_there_unless_that_is_not_found() -> None:
    handled = handling("payments")
    assert value(ask(handled, "PUT /webhooks/abc", {"url": "https://a.example"})) == {
        "name": "abc",
        "url": "https://a.example",
    }
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    for declared, status in ({"200"}, 200), ({"200", "404"}, 404), ({"200", "201", "404"}, 201):
        put = {"responses": {name: json_response(thing) for name in sorted(declared)}}
        paths = {
            "/things": {"post": {"responses": {"201": json_response(thing)}}},
            "/things/{id}": {"put": put, "get": {"responses": {"200": json_response(thing)}}},
        }
        handled = handling(api(paths))
        assert ask(handled, "PUT /things/mine", {}).status == status
        assert ask(handled, "GET /things/mine").status == (404 if status == 404 else 200)


def test_an_item_that_nothing_makes_is_an_example() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    handled = handling(api({"/things/{id}": {"get": {"responses": {"200": json_response(schema)}}}}))
    assert ask(handled, "GET /things/x").status == 200


def test_identifiers_that_are_addresses() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uri"}}}
    example = {"id": "https://a.example/things/8e03978e-40d5-43e8-bc93-6894a57f9324"}
    document = api(
        {
            "/things": {"post": {"responses": {"201": json_response(schema, example=example)}}},
            "/things/{id}": {"get": {"responses": {"200": json_response(schema)}}},
        }
    )
    handled = handling(document, "paypal")
    made = ask(handled, "POST /things", {}, headers={"PayPal-Request-Id": "k"})
    identifier = value(made)["id"]
    assert identifier.startswith("https://a.example/things/")
    assert identifier != example["id"]
    assert made.header("location") == f"/things/{identifier.rpartition('/')[2]}"
    assert value(ask(handled, f"GET {made.header('location')}")) == {"id": identifier}
    assert value(ask(handled, "POST /things", {}, headers={"PayPal-Request-Id": "k"})) == {"id": identifier}


def test_a_name_is_the_clients_to_choose() -> None:
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    document = api(
        {
            "/domains": {"post": {"responses": {"201": json_response(schema)}}},
            "/domains/{domain_name}": {"get": {"responses": {"200": json_response(schema)}}},
        }
    )
    handled = handling(document)
    made = ask(handled, "POST /domains", {"name": "a b/c"})
    assert made.header("location") == "/domains/a%20b%2Fc"
    assert value(ask(handled, "GET /domains/a%20b%2Fc")) == {"name": "a b/c"}


def test_forms_make_resources_too() -> None:
    made = ask(
        handling("payments"),
        "POST /payments",
        b"amount=7&currency=EUR&metadata[a]=b",
        key="1",
        content_type="application/x-www-form-urlencoded",
    )
    assert (value(made)["amount"], value(made)["metadata"]) == (7, {"a": "b"})


def test_a_long_list() -> None:
    handled = handling("payments")
    for number in range(300):
        ask(handled, "POST /payments", {**GOOD, "amount": number + 1}, key=str(number))
    listed = value(ask(handled, "GET /payments"))
    assert [payment["amount"] for payment in listed["data"]] == list(range(1, 301))
    assert listed["total"] == 300


@pytest.mark.parametrize(
    ("names", "parameter", "noun", "found"),
    [
        (["id", "customer"], "customer", "customers", "id"),
        (["id", "number"], "issue_number", "issues", "number"),
        (["paymentId", "id"], "paymentId", "payments", "paymentId"),
        (["payment_id", "amount"], "id", "payments", "payment_id"),
        (["InvoiceID", "Name"], "InvoiceID", "Invoices", "InvoiceID"),
        (["sid", "account_sid"], "Sid", "Messages", "sid"),
        (["category_id"], "id", "categories", "category_id"),
        (["uuid", "name"], "user", "users", "uuid"),
        (["ip", "region"], "floating_ip", "floating_ips", "ip"),
        (["amount"], "id", "payments", None),
    ],
)
def test_which_member_is_the_identifier(names: list[str], parameter: str, noun: str, found: str | None) -> None:
    assert identifier_name(names, parameter, noun) == found


# --- operations of their own ------------------------------------------------------------------------------------------


def test_a_post_alone_gives_a_fresh_identifier_and_what_was_sent() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "n": {"type": "integer"}}}
    handled = handling(one({"200": json_response(schema)}))
    first, second = (value(ask(handled, "POST /things", {"n": number})) for number in (1, 2))
    assert (first["n"], second["n"]) == (1, 2)
    assert first["id"] != second["id"]
    assert counts(handled) == {"POST /things": 2}


def test_reading_counts_as_nothing() -> None:
    handled = handling("payments")
    answer = ask(handled, "GET /reports")
    assert answer.body == b"day,amount\n2026-01-31,1250\n"
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    assert counts(handled) == {}


@pytest.mark.parametrize(
    ("responses", "status", "body"),
    [
        ({"201": json_response(example={"a": 1}), "200": json_response(example={"b": 1})}, 200, {"b": 1}),
        ({"404": json_response(example=1), "2XX": json_response(example=[1])}, 200, [1]),
        ({"default": json_response(example="x")}, 200, "x"),
        ({"202": {"description": ""}}, 202, None),
        ({"204": json_response(example=1)}, 204, None),
        ({"302": {"description": "", "headers": {"Location": {"example": "/x"}}}}, 302, None),
        ({"400": {"description": ""}}, 200, None),
        ({"200": json_response(examples={"a": {"value": 1}, "b": {"value": 2}})}, 200, 1),
        ({"200": json_response({"type": "object"}, example='{"a": 1}')}, 200, {"a": 1}),
        ({"200": json_response({"type": "string"}, example='{"a": 1}')}, 200, '{"a": 1}'),
        ({"200": json_response({"type": "integer"}, example="no")}, 200, int),
        (
            {
                "200": json_response(
                    {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
                    example={"a": "x", "b": "y"},
                )
            },
            200,
            lambda found: found["b"] == "y" and isinstance(found.get("a", 0), int),
        ),
        ({"200": json_response({"const": 5})}, 200, 5),
        ({"200": json_response(False)}, 200, None),
    ],
)
def test_which_response_is_given(responses: dict[str, Any], status: int, body: Any) -> None:
    answer = reply(responses, method="get")
    assert answer.status == status
    if body is None:
        assert answer.body in (b"", b"null")
    elif body is int:
        assert isinstance(value(answer), int)
    elif callable(body):
        assert body(value(answer))
    else:
        assert value(answer) == body


@pytest.mark.parametrize(
    ("media_type", "media", "body"),
    [
        ("text/plain", {"example": "héllo"}, "héllo".encode()),
        (
            "application/xml",
            {"example": {"a": 1, "b": ["<", True, None]}},
            b"<response><a>1</a><b>&lt;</b><b>true</b><b></b></response>",
        ),
        ("application/x-www-form-urlencoded", {"example": {"a": 1, "b": "c d"}}, b"a=1&b=c+d"),
        ("text/event-stream", {"example": {"a": 1}}, b'data: {"a":1}\n\n'),
        ("application/x-ndjson", {"example": [1, {"a": 2}]}, b'1\n{"a":2}\n'),
        ("application/octet-stream", {"schema": {"type": "string", "format": "binary"}, "example": "bytes"}, b"bytes"),
        ("application/vnd.api+json", {"example": {"a": 1}}, b'{"a":1}'),
    ],
)
def test_media_types_of_answers(media_type: str, media: dict[str, Any], body: bytes) -> None:
    answer = reply({"200": {"description": "", "content": {media_type: media}}}, method="get")
    assert answer.body.endswith(body)
    assert (answer.header("content-type") or "").startswith(media_type)


@pytest.mark.parametrize(
    ("accept", "offered", "chosen"),
    [
        ("application/xml", ("application/json", "application/xml"), "application/xml"),
        ("application/xml;q=0.1, */*", ("application/json", "application/xml"), "application/json"),
        ("application/json", ("application/problem+json",), "application/problem+json"),
        ("text/*", ("application/json", "text/csv"), "text/csv"),
        ("application/json;q=0, */*", ("application/json", "text/csv"), "text/csv"),
        ("application/json", ("*/*",), "*/*"),
        ("image/png", ("application/json",), None),
        ("", ("a/b",), "a/b"),
        ("a/b;q=x", ("a/b",), "a/b"),
    ],
)
def test_negotiation(accept: str, offered: tuple[str, ...], chosen: str | None) -> None:
    assert negotiate(accept, offered) == chosen


def test_declared_headers_are_sent() -> None:
    headers = {
        "X-Rate": {"schema": {"type": "integer"}, "example": 9},
        "X-Tags": {"schema": {"type": "array"}, "example": ["a", "b"]},
        "X-Evil": {"schema": {"type": "string"}, "example": "a\r\nSet-Cookie: b"},
        "X-Old": {"type": "boolean", "example": True},
        "bad name": {"example": "x"},
        "Idempotent-Replayed": {"schema": {"type": "string"}, "example": "true"},
        "Content-Length": {"schema": {"type": "integer"}, "example": 3},
        "Access-Control-Allow-Origin": {"schema": {"type": "string"}, "example": "*"},
        "Retry-After": {"schema": {"type": "integer"}, "example": 3},
    }
    answer = reply({"200": {"description": "", "headers": headers}})
    assert dict(answer.headers) == {"x-rate": "9", "x-tags": "a,b", "x-evil": "a??Set-Cookie: b", "x-old": "true"}


# --- preferences ------------------------------------------------------------------------------------------------------


def prefer(text: str) -> dict[str, str]:
    return {"Prefer": text}


def test_prefer_a_failure_means_no_work() -> None:
    handled = handling("payments")
    for text, status in (("code=409", 409), ("code=500", 500), ("fail=before-effect", 500), ("code=599", 599)):
        answer = ask(handled, "POST /payments", GOOD, key=text, headers=prefer(text))
        assert answer.status == status
        assert value(answer)["status"] == status
    assert counts(handled) == {}


def test_prefer_an_example() -> None:
    handled = handling("payments")
    answer = ask(handled, "POST /payments", GOOD, key="1", headers=prefer("example=transfer"))
    assert (answer.status, value(answer)["id"]) == (201, "pay_transfer")
    assert counts(handled) == {"POST /payments": 1}
    assert value(ask(handled, "POST /payments", GOOD, key="2", headers=prefer("example=none")))["status"] == "pending"


def test_what_clients_ask_for_is_not_remembered_without_end() -> None:
    handled = handling("payments")
    known = set()
    for number in range(300):
        headers = {"Accept": f"application/json;q=0.{number}" + "x" * 2000, "Prefer": f"example={number}"}
        assert ask(handled, "GET /payments", headers=headers).status == 200
        known.add(len(handled.work.responses._prepared))
    assert max(known) <= 2


def test_prefer_a_failure_behind_the_effect() -> None:
    handled = handling("payments")
    asked = {"headers": prefer("fail=after-effect"), "key": "k"}
    assert ask(handled, "POST /payments", GOOD, **asked).status == 500
    assert counts(handled) == {"POST /payments": 1}
    assert ask(handled, "POST /payments", GOOD, key="k").status == 201
    assert counts(handled) == {"POST /payments": 1}


def test_prefer_a_size() -> None:
    handled = handling("payments")
    answer = ask(handled, "POST /payments", GOOD, key="1", headers=prefer("size=100000"))
    assert len(answer.body) == 100_000
    assert value(answer)["amount"] == 5


def test_preferences_for_tests_may_be_off() -> None:
    handled = handling("payments", testing=False)
    for text in ("fail=before-effect", "fail=after-effect", "size=100000"):
        answer = ask(handled, "POST /payments", GOOD, key=text, headers=prefer(text))
        assert answer.status == 201
        assert len(answer.body) < 1000
    assert ask(handled, "POST /payments", GOOD, key="c", headers=prefer("code=409")).status == 409


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("code=404", Preferences(code=404)),
        ('code="404", example=a', Preferences(code=404, example="a")),
        ("Code=404; example=a", Preferences(code=404, example="a")),
        ("code=404, code=500", Preferences(code=404)),
        ("code=99, delay=250, size=9", Preferences(delay=0.25, size=9)),
        ("code=x, delay=-1, fail=never, return=minimal, respond-async", Preferences()),
        ("delay=99999999", Preferences(delay=60.0)),
        ("size=9" + "9" * 50, Preferences()),
        ("\x00=,;;=,", Preferences()),
    ],
)
def test_reading_preferences(text: str, found: Preferences) -> None:
    assert parse_preferences(text, testing=True) == found


# --- errors in the document's form ------------------------------------------------------------------------------------


def test_an_error_takes_the_form_that_the_document_declares() -> None:
    stripe = {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["message", "code"],
                "properties": {"message": {"type": "string"}, "code": {"type": "string"}},
            }
        },
    }
    plain = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
    }
    for schema, pick in ((stripe, lambda body: body["error"]), (plain, lambda body: body)):
        answer = reply({"200": {"description": ""}, "409": json_response(schema)}, headers=prefer("code=409"))
        assert answer.header("content-type") == "application/json"
        assert "asked for this status" in pick(value(answer))["message"]
    assert value(answer)["code"] == 409
    given_example = reply(
        {"409": json_response(plain, example={"code": 1, "message": "mine"})}, headers=prefer("code=409")
    )
    assert value(given_example) == {"code": 1, "message": "mine"}


# --- identifiers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "pattern"),
    [
        ("pay_8fA2kQ7v", r"pay_[0-9a-f]{24}"),
        (
            "8e03978e-40d5-43e8-bc93-6894a57f9324",
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        ),
        ("8E03978E-40D5-43E8-BC93-6894A57F9324", r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", r"0[0-9A-HJKMNP-TV-Z]{25}"),
        ("12345", r"[1-9]{18}"),
        ("507f1f77bcf86cd799439011", r"[0-9a-f]{24}"),
        (42, r"[0-9]{16}"),
        (None, r"[0-9a-f-]{36}"),
        ("x", r"[0-9a-f-]{36}"),
    ],
)
def test_fresh_identifiers_look_like_the_example(example: Any, pattern: str) -> None:
    fresh = fresh_ids(example, lambda _: True)
    made = [fresh() for _ in range(200)]
    assert all(re.fullmatch(pattern, str(identifier)) for identifier in made), made[0]
    assert len(set(made)) == 200
    assert type(made[0]) is (int if isinstance(example, int) else str)


def test_two_processes_make_no_identifier_twice() -> None:
    for example in (None, "pay_8fA2kQ7v", "8e03978e-40d5-43e8-bc93-6894a57f9324", "01ARZ3NDEKTSV4RRFFQ69G5FAV", 7):
        one, two = fresh_ids(example, lambda _: True), fresh_ids(example, lambda _: True)
        assert not {one() for _ in range(2000)} & {two() for _ in range(2000)}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"type": "integer", "format": "int32"},
        {"type": "integer", "minimum": 1000, "maximum": 9_999_999},
        {"type": "string", "format": "uuid"},
        {"type": "string", "maxLength": 20},
        {"type": "string", "minLength": 40},
        {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{9}$"},
        {"type": "string", "pattern": "^ord_[0-9a-f]{26}$", "example": "ord_0"},
        {"type": "string", "pattern": "^[0-9]+$"},
        {"type": ["string", "null"]},
        {"type": "number"},
    ],
)
def test_fresh_identifiers_fit_their_schema(schema: dict[str, Any]) -> None:
    thing = {"type": "object", "required": ["id"], "properties": {"id": schema}}
    document = api(
        {
            "/things": {"post": {"responses": {"201": json_response(thing)}}},
            "/things/{id}": {"get": {"responses": {"200": json_response(thing)}}},
        }
    )
    handled = handling(document)
    references = handled.work.responses.references
    response = next(operation for operation in operations(references) if operation.method == "post").response("201")
    assert response is not None
    media = references.child(response, "content")
    assert media is not None
    inner = references.child(media, "application/json")
    assert inner is not None
    node = references.child(inner, "schema")
    assert node is not None
    validator = validator_for(references, node, direction="response")
    seen = set()
    for _ in range(60):
        made = ask(handled, "POST /things")
        assert validator.is_valid(value(made)), value(made)
        seen.add(value(made)["id"])
        assert ask(handled, f"GET {made.header('location')}").status == 200
    assert len(seen) == 60


@given(st.text(max_size=40), st.integers() | st.text(max_size=20) | st.none())
def test_an_identifier_from_a_path_is_one_type_or_the_other(text: str, example: Any) -> None:
    found = typed(text, lambda identifier: isinstance(identifier, int), example)
    assert found == text or str(found).lstrip("-").isdigit()


# --- merge patch ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch(target: Any, patch: Any, merged: Any) -> None:
    """The table of RFC 7396, appendix A."""
    assert merge_patch(target, patch) == merged


@pytest.mark.parametrize(
    ("target", "patch", "patched"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["a", "b"]}, [{"op": "add", "path": "/foo/1", "value": "c"}], {"foo": ["a", "c", "b"]}),
        ({"foo": ["a"]}, [{"op": "add", "path": "/foo/-", "value": ["c"]}], {"foo": ["a", ["c"]]}),
        ({"baz": 1, "foo": 2}, [{"op": "remove", "path": "/baz"}], {"foo": 2}),
        ({"foo": ["a", "b", "c"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["a", "c"]}),
        ({"baz": 1}, [{"op": "replace", "path": "/baz", "value": 2}], {"baz": 2}),
        ({"foo": ["a", "b"]}, [{"op": "replace", "path": "/foo/0", "value": "c"}], {"foo": ["c", "b"]}),
        ({"a": {"b": 1}, "c": {}}, [{"op": "move", "from": "/a/b", "path": "/c/d"}], {"a": {}, "c": {"d": 1}}),
        ({"f": [1, 2, 3, 4]}, [{"op": "move", "from": "/f/1", "path": "/f/3"}], {"f": [1, 3, 4, 2]}),
        ({"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
        ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 1.0}], {"a": 1}),
        ({"a": 1}, [{"op": "add", "path": "", "value": 2}], 2),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": True}], PatchError),
        ({"a": 1}, [{"op": "test", "path": "/b", "value": 1}], PatchError),
        ({"a": 1}, [{"op": "remove", "path": "/b"}], PatchError),
        ({"a": 1}, [{"op": "replace", "path": "/b", "value": 1}], PatchError),
        ({"a": 1}, [{"op": "add", "path": "/b/c", "value": 1}], PatchError),
        ({"a": [1]}, [{"op": "add", "path": "/a/2", "value": 1}], PatchError),
        ({"a": [1]}, [{"op": "add", "path": "/a/01", "value": 1}], PatchError),
        ({"a": [1]}, [{"op": "replace", "path": "/a/-", "value": 1}], PatchError),
        ({"a": {}}, [{"op": "move", "from": "/a", "path": "/a/b"}], PatchError),
        ({"a": 1}, [{"op": "add", "path": "a", "value": 1}], PatchError),
        ({"a": 1}, [{"op": "add", "path": "/a"}], PatchError),
        ({"a": 1}, [{"op": "copy", "path": "/a"}], PatchError),
        ({"a": 1}, [{"op": "spam", "path": "/a"}], PatchError),
    ],
)
def test_json_patch(target: Any, patch: list[dict[str, Any]], patched: Any) -> None:
    """Cases of RFC 6902, appendix A, and its errors."""
    before = json.dumps(target)
    if patched is PatchError:
        with pytest.raises(PatchError):
            json_patch(target, patch)
    else:
        assert json_patch(target, patch) == patched
    assert json.dumps(target) == before


def test_a_json_patch_changes_a_resource() -> None:
    thing = {
        "type": "object",
        "required": ["id", "n"],
        "properties": {"id": {"type": "string"}, "n": {"type": "integer"}, "tags": {"type": "array"}},
    }
    document = api(
        {
            "/things": {"post": {"responses": {"201": json_response(thing)}}},
            "/things/{id}": {"patch": {"responses": {"200": json_response(thing)}}},
        }
    )
    handled = handling(document)
    made = ask(handled, "POST /things", {"n": 1, "tags": []})
    path = f"PATCH {made.header('location')}"

    def patched(*operations: dict[str, Any]) -> Answer:
        return ask(handled, path, list(operations), content_type="application/json-patch+json")

    assert value(patched({"op": "replace", "path": "/n", "value": 2})) == {**value(made), "n": 2}
    assert value(patched({"op": "add", "path": "/tags/-", "value": "a"})) == {**value(made), "n": 2, "tags": ["a"]}
    left = value(patched({"op": "remove", "path": "/n"}, {"op": "replace", "path": "/id", "value": "x"}))
    assert left == {**value(made), "n": 2, "tags": ["a"]}, "what is required stays, and so does the identifier"
    assert patched({"op": "test", "path": "/n", "value": 7}).status == 422
    assert counts(handled)["PATCH /things/{id}"] == 3


def test_members_that_break_the_whole_are_left_out() -> None:
    schema = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "a": {"type": "integer"}, "b": {"type": "integer"}},
        "not": {"required": ["a", "b"]},
    }
    handled = handling(one({"200": json_response(schema, example={"id": "thing_1"})}))
    assert value(ask(handled, "POST /things", {"a": 1, "b": 2})).keys() == {"id", "a"}


def test_the_client_names_no_resource() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    handled = handling(one({"200": json_response(schema)}))
    assert value(ask(handled, "POST /things", {"id": "mine"}))["id"] != "mine"


def test_what_is_read_only_is_the_servers_to_set() -> None:
    thing = {
        "type": "object",
        "required": ["id", "state"],
        "properties": {
            "id": {"type": "string"},
            "state": {"type": "string", "readOnly": True},
            "n": {"type": "integer"},
        },
    }
    document = collection(thing, thing, {"type": "array", "items": thing}, "/things/{id}")
    document["paths"]["/things"]["post"]["responses"]["200"] = json_response(thing, example={"id": "a", "state": "new"})
    handled = handling(document)
    made = value(ask(handled, "POST /things", {"n": 1, "state": "done"}))
    assert made == {"id": made["id"], "state": "new", "n": 1}
    for method in ("POST", "PUT"):
        assert value(ask(handled, f"{method} /things/{made['id']}", {"n": 2, "state": "done"})) == {**made, "n": 2}


# --- hostile documents ------------------------------------------------------------------------------------------------


def test_a_schema_that_holds_itself() -> None:
    node = {
        "type": "object",
        "required": ["id", "child"],
        "properties": {"id": {"type": "string"}, "child": {"$ref": "#/components/schemas/N"}, "n": {"type": "integer"}},
    }
    reference = {"$ref": "#/components/schemas/N"}
    document = api(
        {
            "/things": {
                "post": {"responses": {"201": json_response(reference)}},
                "get": {"responses": {"200": json_response({"type": "array", "items": reference})}},
            },
            "/things/{id}": {"get": {"responses": {"200": json_response(reference)}}},
        },
        components={"schemas": {"N": node, "O": {"allOf": [{"$ref": "#/components/schemas/O"}]}}},
    )
    handled = handling(document)
    assert ask(handled, "POST /things", {"n": 1}).status == 201
    assert ask(handled, "GET /things").status == 200


def test_paths_that_look_alike_have_collections_of_their_own() -> None:
    document = api(
        {
            "/a/{x}/b": {
                "post": {"responses": {"201": json_response()}},
                "get": {"responses": {"200": json_response({"type": "array"}, example=[])}},
            },
        }
    )
    handled = handling(document)
    ask(handled, f"POST /a/{quote('1/b', safe='')}/b", {"n": 1})
    assert value(ask(handled, "GET /a/1/b")) == []
    assert len(value(ask(handled, f"GET /a/{quote('1/b', safe='')}/b"))) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_whatever_is_sent_the_answer_fits_its_schema(body: Any) -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "a"],
        "properties": {
            "id": {"type": "string"},
            "a": {"type": "integer"},
            "b": {"type": "object", "required": ["c"], "properties": {"c": {"type": "string"}}},
        },
    }
    handled = handling(one({"200": json_response(schema)}))
    sent = {"a": body, "b": {"c": body}, "id": body, "d": body, **(body if isinstance(body, dict) else {})}
    answer = ask(handled, "POST /things", json.dumps(sent).encode())
    assert answer.status == 200
    found = value(answer)
    assert set(found) <= {"id", "a", "b"}
    assert isinstance(found["a"], int)
    assert isinstance(found["id"], str)
    assert "b" not in found or isinstance(found["b"]["c"], str)


def test_roles() -> None:
    handled = handling("payments")
    found = roles(operations(handled.work.responses.references))
    assert {label: role.action for label, role in found.items()} == {
        "POST /payments": "create",
        "GET /payments": "list",
        "GET /payments/{payment_id}": "read",
        "PATCH /payments/{payment_id}": "merge",
        "DELETE /payments/{payment_id}": "remove",
        "POST /payments/{payment_id}/refunds": "create",
        "GET /payments/{payment_id}/refunds": "list",
        "POST /payments/{payment_id}/capture": "other",
        "PUT /webhooks/{name}": "other",
        "GET /reports": "other",
    }
