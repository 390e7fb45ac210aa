"""Requests held to the document: parameters, media types, bodies."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from handled import ask, handling, value

GOOD = {"amount": 5, "currency": "EUR"}
FORM = "application/x-www-form-urlencoded"


def api(**operation: Any) -> dict[str, Any]:
    """A document with one operation, POST /things."""
    return {
        "openapi": "3.1.0",
        "paths": {"/things": {"post": {"responses": {"200": {"description": ""}}, **operation}}},
    }


def taken(document: dict[str, Any], target: str = "POST /things", body: Any = None, **more: Any) -> int:
    return ask(handling(document), target, body, **more).status


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (GOOD, 201, None),
        ({**GOOD, "more": 1}, 201, None),
        ({"amount": 5}, 422, "#"),
        ({**GOOD, "amount": "5"}, 422, "#/amount"),
        ({**GOOD, "amount": 0}, 422, "#/amount"),
        ({**GOOD, "metadata": {"a/b": 1}}, 422, "#/metadata/a~1b"),
        ([], 422, "#"),
        (b"{", 400, None),
        (b"", 400, None),
        (b"\xff", 400, None),
        (b'{"amount": NaN, "currency": "EUR"}', 400, None),
        (b"[" * 100_000, 400, None),
        (b"[" * 500 + b"]" * 500, 400, None),
    ],
)
def test_a_json_body(body: Any, status: int, pointer: str | None) -> None:
    handled = handling("payments")
    answer = ask(handled, "POST /payments", body, key="k")
    assert answer.status == status
    if status != 201:
        errors = value(answer)["errors"]
        assert pointer is None or pointer in [error["pointer"] for error in errors]
        assert asyncio.run(handled.store.counts()) == {}


def test_an_invalid_request_leaves_its_key_free() -> None:
    handled = handling("payments", "ietf-07")
    assert ask(handled, "POST /payments", {"amount": 5}, key='"k"').status == 422
    assert ask(handled, "POST /payments", GOOD, key='"k"').status == 201


def test_a_schema_that_is_broken_is_answered_with_400_where_422_is_not_declared() -> None:
    body = {"content": {"application/json": {"schema": {"type": "integer"}}}}
    assert taken(api(requestBody=body), body="x") == 400
    responses = {"200": {"description": ""}, "422": {"description": ""}}
    assert taken(api(requestBody=body, responses=responses), body="x") == 422


@pytest.mark.parametrize(
    ("declared", "sent", "status"),
    [
        ("application/json", "application/json", 200),
        ("application/json", "Application/JSON; charset=utf-8", 200),
        ("application/json", "text/plain", 415),
        ("application/json", "", 200),
        ("application/*", "application/vnd.a+json", 200),
        ("*/*", "application/json", 200),
        ("application/merge-patch+json", "application/json", 415),
        ("text/plain", "text/plain", 200),
        ("application/octet-stream", "application/octet-stream", 200),
    ],
)
def test_media_types(declared: str, sent: str, status: int) -> None:
    document = api(requestBody={"content": {declared: {"schema": {}}}})
    answer = ask(handling(document), "POST /things", b"1", content_type=sent)
    assert answer.status == status
    if status == 415:
        assert answer.header("accept") == declared


def test_a_compressed_body_is_refused() -> None:
    document = api(requestBody={"content": {"application/json": {}}})
    answer = ask(handling(document), "POST /things", b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.header("accept-encoding")) == (415, "identity")


def test_a_body_may_be_left_out_unless_it_is_required() -> None:
    content = {"application/json": {"schema": {"type": "object"}}}
    assert taken(api(requestBody={"content": content})) == 200
    assert taken(api(requestBody={"content": content, "required": True})) == 400
    assert taken(api(), body={"any": "thing"}) == 200


@pytest.mark.parametrize("levels", [100, 128, 129, 500, 5000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_a_deep_body_is_refused_whatever_is_declared(levels: int, brackets: tuple[str, str]) -> None:
    thing = {"description": "", "content": {"application/json": {}}}
    document = {
        "openapi": "3.1.0",
        "paths": {
            "/things": {"post": {"responses": {"200": thing}}},
            "/things/{id}": {"patch": {"responses": {"200": thing}}, "put": {"responses": {"200": thing}}},
        },
    }
    handled = handling(document)
    body = (brackets[0] * levels + "1" + brackets[1] * levels).encode()
    for number, target in enumerate(("PUT /things/x", "PATCH /things/x", "POST /things")):
        assert ask(handled, target, body, key=str(number)).status == (200 if levels <= 128 or levels > 999 else 400)


# --- forms ------------------------------------------------------------------------------------------------------------

_NESTED = {
    "type": "object",
    "required": ["amount"],
    "properties": {
        "amount": {"type": "integer"},
        "live": {"type": "boolean"},
        "card": {"type": "object", "properties": {"number": {"type": "string"}, "year": {"type": "integer"}}},
        "items": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
    },
}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (b"amount=5", 200),
        (b"amount=five", 400),
        (b"live=true", 400),
        (b"amount=5&live=true&card[number]=4242&card[year]=2030", 200),
        (b"amount=5&card[year]=soon", 400),
        (b"amount=5&items[0][n]=1&items[1][n]=2", 200),
        (b"amount=5&items[0][n]=x", 400),
        (b"amount=5&tags[]=a&tags[]=b", 200),
        (b"amount=5&tags[0]=a&tags[1]=b", 200),
        (b"amount=5&tags=a&tags=b", 200),
        (b"amount=5&tags[]=a", 400),
        (b"amount=5&card=x", 400),
        (b"amount=5&" + b"[a]" * 5_000 + b"=1", 200),
        (b"amount=5&a" + b"[a]" * 5_000 + b"=1", 200),
        (b"&".join(b"a=1" for _ in range(20_000)), 400),
    ],
)
def test_forms_are_typed_by_the_schema(form: bytes, status: int) -> None:
    document = api(requestBody={"content": {FORM: {"schema": _NESTED}}})
    assert taken(document, body=form, content_type=FORM) == status


def test_a_multipart_form() -> None:
    document = api(requestBody={"content": {"multipart/form-data": {"schema": _NESTED}}})
    parts = b'--x\r\nContent-Disposition: form-data; name="amount"\r\n\r\n5\r\n--x--\r\n'
    assert taken(document, body=parts, content_type="multipart/form-data; boundary=x") == 200
    assert taken(document, body=parts.replace(b"5", b"x"), content_type="multipart/form-data; boundary=x") == 400
    assert taken(document, body=parts, content_type="multipart/form-data") == 400
    assert taken(document, body=b"", content_type="multipart/form-data; boundary=x") == 200


def test_swagger_2_bodies_and_forms() -> None:
    document: dict[str, Any] = {
        "swagger": "2.0",
        "consumes": ["application/json"],
        "paths": {
            "/a": {
                "post": {
                    "parameters": [{"in": "body", "name": "b", "required": True, "schema": {"type": "integer"}}],
                    "responses": {"200": {"description": ""}},
                }
            },
            "/b": {
                "post": {
                    "consumes": [FORM],
                    "parameters": [
                        {"in": "formData", "name": "n", "required": True, "type": "integer"},
                        {
                            "in": "formData",
                            "name": "l",
                            "type": "array",
                            "items": {"type": "integer"},
                            "collectionFormat": "csv",
                        },
                    ],
                    "responses": {"200": {"description": ""}},
                }
            },
        },
    }
    assert taken(document, "POST /a", 5) == 200
    assert taken(document, "POST /a", "x") == 400
    assert taken(document, "POST /a") == 400
    assert taken(document, "POST /b", b"n=1&l=1,2", content_type=FORM) == 200
    assert taken(document, "POST /b", b"n=x", content_type=FORM) == 400
    assert taken(document, "POST /b", b"l=1", content_type=FORM) == 400
    assert taken(document, "POST /b") == 400


# --- parameters -------------------------------------------------------------------------------------------------------


def parameter(name: str, where: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, **more}


_QUERY = [
    parameter("n", "query", required=True, schema={"type": "integer", "minimum": 1}),
    parameter("ids", "query", schema={"type": "array", "items": {"type": "integer"}}),
    parameter("csv", "query", explode=False, schema={"type": "array", "items": {"type": "integer"}}),
    parameter("f", "query", style="deepObject", schema={"type": "object", "properties": {"a": {"type": "integer"}}}),
    parameter("e", "query", allowEmptyValue=True, schema={"type": "integer"}),
]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("n=1", 200),
        ("", 400),
        ("n=0", 400),
        ("n=x", 400),
        ("n=1&ids=1&ids=2", 200),
        ("n=1&ids=1&ids=x", 400),
        ("n=1&csv=1,2", 200),
        ("n=1&csv=1,x", 400),
        ("n=1&f[a]=1", 200),
        ("n=1&f%5Ba%5D=x", 400),
        ("n=1&e=", 200),
        ("n=1&e=x", 400),
        ("n=1&unknown=1", 200),
        ("n=%ff", 400),
    ],
)
def test_query_parameters(query: str, status: int) -> None:
    answer = ask(handling(api(parameters=_QUERY)), f"POST /things?{query}")
    assert answer.status == status
    if status == 400:
        assert value(answer)["errors"][0]["parameter"] in query or query == ""


def test_headers_cookies_and_paths() -> None:
    document: dict[str, Any] = api()
    document["paths"] = {
        "/things/{id}": {
            "post": {
                "parameters": [
                    parameter("id", "path", required=True, schema={"type": "integer"}),
                    parameter("X-N", "header", required=True, schema={"type": "integer"}),
                    parameter("c", "cookie", schema={"type": "integer"}),
                    parameter("Accept", "header", required=True, schema={"type": "string"}),
                ],
                "responses": {"200": {"description": ""}},
            }
        }
    }
    handled = handling(document)
    assert ask(handled, "POST /things/7", headers={"X-N": "1"}).status == 200
    assert ask(handled, "POST /things/x", headers={"X-N": "1"}).status == 400
    assert ask(handled, "POST /things/7").status == 400
    assert ask(handled, "POST /things/7", headers={"X-N": "x"}).status == 400
    assert ask(handled, "POST /things/7", headers={"X-N": "1", "Cookie": "a=b; c=x"}).status == 400
    assert ask(handled, "POST /things/7", headers={"X-N": "1", "Cookie": "a=b; c=1"}).status == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/*;q=0.5, text/html", 200),
        ("text/plain", 200),
        ("image/png", 406),
        ("application/json;q=0, text/*;q=0", 406),
        ("garbage", 406),
        ("", 200),
    ],
)
def test_accept(accept: str, status: int) -> None:
    handled = handling("payments")
    made = ask(handled, "POST /payments", GOOD, key="k")
    answer = ask(handled, f"GET {made.header('location')}", headers={"Accept": accept})
    assert answer.status == status
    if accept == "text/plain":
        assert answer.header("content-type") == "text/plain; charset=utf-8"


def test_all_that_is_wrong_is_told_at_once() -> None:
    answer = ask(
        handling("payments"), "POST /payments", {"amount": 0, "currency": "euro", "metadata": {"a": 1}}, key="k"
    )
    assert {error["pointer"] for error in json.loads(answer.body)["errors"]} == {
        "#/amount",
        "#/currency",
        "#/metadata/a",
    }
