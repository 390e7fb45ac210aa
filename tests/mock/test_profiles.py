"""All 28 profiles through all steps: first request, duplicate, another payload, no key."""

from __future__ import annotations

import asyncio
import json
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from handled import handling, value

from idemlint.contract.loading import profile_names
from idemlint.mock.messages import Answer, Request

if TYPE_CHECKING:
    from idemlint.mock.handling import Handling

_THING = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "n": {"type": "integer"}, "kind": {"type": "string"}},
}
_SHOWN = {"description": "", "content": {"application/json": {"schema": _THING}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/things": {"post": {"responses": {"201": _SHOWN}}},
        "/others": {"post": {"responses": {"201": _SHOWN}}},
        "/things/{id}": {"get": {"responses": {"200": _SHOWN}}, "delete": {"responses": {"204": {"description": ""}}}},
    },
}
pytestmark = pytest.mark.parametrize("profile", profile_names())


class Client:
    """Sends a key as the profile carries it."""

    def __init__(self, profile: str) -> None:
        self.handled: Handling = handling(DOCUMENT, profile)
        self.policy = self.handled.policy

    def key(self) -> str:
        key = str(uuid4())
        return key if self.policy.max_length >= len(key) else key.replace("-", "")

    def post(self, key: str | None, n: int = 1, path: str = "/things", **more: str) -> Answer:
        carrier, body, query = self.policy.carrier, {"n": n, **more}, ""
        headers = [("content-type", "application/json")]
        if key is not None and carrier.location == "header":
            quoted = f'"{key}"' if self.policy.quoted == "required" else key
            headers.append((str(carrier.name).lower(), quoted))
            if carrier.companion is not None:
                headers.append((carrier.companion.lower(), formatdate(self.handled.clock.now(), usegmt=True)))
        elif key is not None and carrier.location == "body":
            body[str(carrier.pointer)[1:]] = key
        elif key is not None:
            query = f"{carrier.name}={key}"
        sent: Any = json.dumps(body).encode()
        return asyncio.run(self.handled.handle(Request("POST", path, query=query, headers=headers, body=sent)))

    def effects(self) -> int:
        return sum(asyncio.run(self.handled.store.counts()).values())


def test_a_duplicate_has_no_effect_of_its_own(profile: str) -> None:
    client = Client(profile)
    key = client.key()
    first = client.post(key)
    assert first.status == 201, first.body
    again = client.post(key)
    assert client.effects() == 1
    if client.policy.replay == "refuse":
        assert again.status == client.policy.on_duplicate.status
        return
    assert again.status == 201
    shown = value(again)
    shown.pop(client.policy.original_request_field, None)
    assert shown == value(first)
    assert again.header("location") == first.header("location")
    if client.policy.marker is not None:
        assert again.header(client.policy.marker.name.lower()) == client.policy.marker.value
        assert first.header(client.policy.marker.name.lower()) is None


def test_another_key_has_an_effect_of_its_own(profile: str) -> None:
    client = Client(profile)
    one, two = client.post(client.key()), client.post(client.key())
    assert one.status == two.status == 201
    assert value(one)["id"] != value(two)["id"]
    assert client.effects() == 2


def test_another_payload(profile: str) -> None:
    client = Client(profile)
    key = client.key()
    first = client.post(key)
    other = client.post(key, n=2)
    model = client.policy.mismatch
    assert client.effects() == (2 if model == "execute" else 1)
    if model == "reject":
        assert other.status == client.policy.on_mismatch.status
        assert value(client.post(key)).get("id", "") in (value(first)["id"], ""), "a mismatch leaves the record alone"
    elif model == "replay":
        assert value(other)["id"] == value(first)["id"]
    else:
        assert value(other)["id"] != value(first)["id"]


def test_the_same_key_elsewhere(profile: str) -> None:
    client = Client(profile)
    key = client.key()
    first = client.post(key)
    elsewhere = client.post(key, path="/others")
    if client.policy.endpoint == "separate":
        assert elsewhere.status == 201
        assert client.effects() == 2
    elif client.policy.endpoint == "mismatch":
        assert elsewhere.status == client.policy.on_mismatch.status
        assert client.effects() == 1
    else:
        assert value(elsewhere)["id"] == value(first)["id"]
        assert client.effects() == 1


def test_no_key(profile: str) -> None:
    client = Client(profile)
    answers = [client.post(None), client.post(None)]
    if client.policy.required is True:
        assert {answer.status for answer in answers} == {client.policy.on_missing.status}
        assert client.effects() == 0
    else:
        assert {answer.status for answer in answers} == {201}
        assert client.effects() == 2


def test_the_key_is_no_part_of_the_resource(profile: str) -> None:
    client = Client(profile)
    key = client.key()
    assert key not in client.post(key).body.decode()


def test_an_expired_key_is_a_new_one(profile: str) -> None:
    client = Client(profile)
    key = client.key()
    first = client.post(key)
    if client.policy.ttl == float("inf"):
        return
    client.handled.clock.move(client.policy.ttl + 1)
    again = client.post(key)
    assert again.status == 201
    assert value(again)["id"] != value(first)["id"]
    assert client.effects() == 2
