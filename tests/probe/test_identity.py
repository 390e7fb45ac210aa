"""What tells one resource from another in answers, and which answers tell nothing since they are made up."""

from __future__ import annotations

import json

import pytest

from idemlint.probe.exchange import Call, Exchange
from idemlint.probe.invented import contradicted, read_otherwise
from idemlint.probe.masks import Masks, learn


def answer(body: object, *, sent: object = None, location: str | None = None) -> Exchange:
    headers = (("Content-Type", "application/json"), *((("Location", location),) if location else ()))
    call = Call("first", "POST", "http://localhost/payments", body=json.dumps(sent).encode())
    return Exchange(1, call, 201, headers, json.dumps(body).encode())


def test_a_replay_without_its_location_tells_of_the_same_resource() -> None:
    first = answer({"id": "p1", "amount": 5}, location="/payments/p1")
    replay = answer({"id": "p1", "amount": 5})
    assert Masks().identity_of(first) == Masks().identity_of(replay) != ()


def test_location_tells_where_the_body_names_nothing() -> None:
    assert Masks().identity_of(answer({}, location="/payments/p1")) == ("/payments/p1",)


@pytest.mark.parametrize("name", ["request_id", "requestId", "x_correlation_id", "trace_id", "idempotency_key", "etag"])
def test_ids_of_the_exchange_tell_no_resource(name: str) -> None:
    one, two = answer({"id": "p1", name: "a"}), answer({"id": "p1", name: "b"})
    masks = learn(answer({"id": "p8", name: "c"}), answer({"id": "p9", name: "d"}))
    assert masks.identity_of(one) == masks.identity_of(two) == ("/id=p1",)


def test_members_that_come_back_changed_each_time_are_made_up() -> None:
    sent = {"amount": 3, "currency": "EUR"}
    one = answer({"id": "lorem", "amount": 666, "currency": "EUR"}, sent=sent)
    two = answer({"id": "ipsum", "amount": 615, "currency": "GBP"}, sent=sent)
    assert contradicted(one, two) == ["/amount", "/currency"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"id": "a", "amount": 3, "currency": "EUR"}, {"id": "b", "amount": 3, "currency": "EUR"}),
        ({"id": "a", "amount": 10, "currency": "EUR"}, {"id": "b", "amount": 13, "currency": "EUR"}),
        ({"id": "a", "status": "new"}, {"id": "b", "status": "old"}),
        ({"id": "a"}, {"id": "b"}),
    ],
    ids=["echoed", "a balance that grows", "not sent", "nothing in common"],
)
def test_answers_of_servers_that_work_are_not_made_up(one: object, two: object) -> None:
    sent = {"amount": 3, "currency": "EUR"}
    assert contradicted(answer(one, sent=sent), answer(two, sent=sent)) == []


def test_an_id_that_is_another_one_when_it_is_read_is_made_up() -> None:
    identity = frozenset({"/id"})
    assert read_otherwise(answer({"id": "a"}), answer({"id": "b"}), identity) == ["/id"]
    assert read_otherwise(answer({"id": "a"}), answer({"id": "a"}), identity) == []
