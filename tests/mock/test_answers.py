"""Errors as problems with the profile's codes in their places, and the marks on replays."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from handled import ask, handling, value
from hypothesis import given
from hypothesis import strategies as st

from idemlint.contract.loading import load_profile, profile_names
from idemlint.contract.profile import UNKNOWN
from idemlint.mock.answers import Answers, made_by
from idemlint.mock.messages import Answer, Request
from idemlint.mock.policy import policy_of
from idemlint.mock.problems import put

STORED = Answer(201, (("content-type", "application/json"), ("location", "/payments/pay_1")), b'{"id":"pay_1"}')


def answers(profile: str) -> Answers:
    return Answers(policy_of(load_profile(profile)))


def at(body: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body


def every(made: Answers) -> dict[str, Answer]:
    return {
        "missing": made.missing(),
        "missing header": made.missing("the header X-Key"),
        "malformed": made.malformed("The key is no UUID"),
        "mismatch": made.mismatch(STORED),
        "in flight": made.in_flight(),
        "duplicate": made.duplicate(STORED),
        "window": made.outside_window("First-Sent", 300),
        "store down": made.store_down(),
        "lost": made.lost(),
        "contended": made.contended(),
        "too large": made.too_large(),
        "server error": made.server_error(),
        "invalid": made.invalid(["The body: no", {"detail": "no", "pointer": "#/a"}], 422),
        "not found": made.not_found(),
        "method": made.method_not_allowed(["GET", "POST"]),
        "unauthorized": made.unauthorized("Bearer"),
        "media type": made.unsupported_media_type(["application/json"]),
        "accept": made.not_acceptable(["application/json"]),
        "payload": made.payload_too_large(16_777_216),
        "header": made.header_too_large(),
        "timeout": made.timeout(),
        "any": made.problem(418, "No coffee."),
    }


@pytest.mark.parametrize("profile", profile_names())
def test_every_error_is_a_problem(profile: str) -> None:
    """RFC 9457, section 3.1, and section 2.7 of the draft: a link to documentation."""
    made = answers(profile)
    for name, answer in every(made).items():
        body = value(answer)
        assert answer.header("content-type") == (
            "application/problem+json" if made.policy.problem else "application/json"
        )
        assert body["status"] == answer.status >= 400, name
        assert body["title"], name
        assert body["detail"].endswith((".", "errors)", "no")), name
        link = answer.header("link")
        assert link is not None
        assert link.endswith('; rel="describedby"')
        assert urlsplit(link[1:].partition(">")[0]).scheme == "https", name
        if profile != "increase":  # whose own code stands in `type`
            assert urlsplit(body["type"]).scheme == "https", name
            assert body["type"] in link


@pytest.mark.parametrize("profile", profile_names())
def test_refusals_have_the_profiles_status_and_code(profile: str) -> None:
    made = answers(profile)
    policy = made.policy
    for refusal, answer in (
        (policy.on_missing, made.missing()),
        (policy.on_malformed, made.malformed("No")),
        (policy.on_mismatch, made.mismatch()),
        (policy.on_in_flight, made.in_flight()),
        (policy.on_duplicate, made.duplicate(STORED)),
    ):
        body = value(answer)
        assert answer.status == refusal.status
        if refusal.code is None:
            assert body["code"].startswith(("idempotency_", "outside_"))
        else:
            pointer = "/code" if refusal.code.pointer is UNKNOWN else refusal.code.pointer
            assert at(body, pointer) in refusal.code.values
        if refusal.resource_pointer is not None and answer.status != policy.on_mismatch.status:
            assert at(body, refusal.resource_pointer) == "pay_1"


def test_vendors_own_forms() -> None:
    stripe = value(answers("stripe-v1").in_flight())
    assert stripe["error"]["code"] == "idempotency_key_in_use"
    assert stripe["error"]["message"] == stripe["detail"]
    assert value(answers("stripe-v1").mismatch())["error"]["type"] == "idempotency_error"
    assert value(answers("adyen").in_flight())["errorCode"] == "704"
    assert answers("adyen").in_flight().header("transient-error") == "true"
    gocardless = value(answers("gocardless").duplicate(STORED))["error"]["errors"]
    assert gocardless == [
        {"reason": "idempotent_creation_conflict", "links": {"conflicting_resource_id": "pay_1"}},
    ]
    increase = value(answers("increase").mismatch(STORED))
    assert (increase["type"], increase["resource_id"]) == ("idempotency_key_already_used_error", "pay_1")
    assert "resource_id" not in value(answers("increase").mismatch())
    assert answers("azure-repeatability").mismatch().header("repeatability-result") == "rejected"


def test_in_flight_says_when_to_come_back() -> None:
    for profile in profile_names():
        assert answers(profile).in_flight().header("retry-after") == "1"


@pytest.mark.parametrize("profile", profile_names())
def test_marks(profile: str) -> None:
    made = answers(profile)
    policy = made.policy
    request = Request("POST", "/payments")
    request.key = "key-\u00fc"
    first, again = made.marked(STORED, request, replayed=False), made.marked(STORED, request, replayed=True)
    if policy.marker is not None:
        assert first.header(policy.marker.name.lower()) is None
        assert again.header(policy.marker.name.lower()) == policy.marker.value
    else:
        assert again == first
    for answer in (first, again):
        assert answer.status == 201
        assert answer.header("location") == "/payments/pay_1"
        if policy.echo_header is not None:
            assert answer.header(policy.echo_header.lower()) == "key-?"
        if policy.result_header is not None:
            assert answer.header(policy.result_header.name.lower()) == policy.result_header.value
    assert first.body == STORED.body


def test_the_seed_guides_replays_name_the_first_request() -> None:
    handled = handling("payments", "seed-guide")
    key = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    body = {"amount": 5, "currency": "EUR"}
    first = ask(handled, "POST /payments", body, key=key)
    again = ask(handled, "POST /payments", body, key=key)
    assert "original_request_id" not in value(first)
    assert value(again) == {**value(first), "original_request_id": first.header("x-request-id")}
    assert first.header("x-request-id")
    assert again.header("x-request-id") is None
    for answer in (first, again):
        assert answer.header("x-original-request-id") is None
    assert again.header("x-idempotency-replayed") == "true"


@pytest.mark.parametrize(
    ("answer", "identifier"),
    [
        (STORED, "pay_1"),
        (Answer(201, (), b'{"id":7}'), 7),
        (Answer(201, (), b'{"data":{"id":"x"}}'), "x"),
        (Answer(201, (("location", "https://a.example/v1/things/a%2Fb/"),), b""), "a/b"),
        (Answer(201, (), b'{"name":"x"}'), None),
        (Answer(201, (), b"\xff"), None),
        (Answer(201, (), b"[" * 100_000), None),
    ],
)
def test_what_a_request_made(answer: Answer, identifier: str | int | None) -> None:
    assert made_by(answer) == identifier


@given(
    st.lists(
        st.text(min_size=1).filter(lambda step: not step.isdigit()) | st.integers(0, 9).map(str), min_size=1, max_size=5
    )
)
def test_a_value_is_found_where_it_was_put(steps: list[str]) -> None:
    """RFC 6901; an array grows by one item at most."""
    steps = [steps[0] if not steps[0].isdigit() else "a", *steps[1:]]
    body: dict[str, Any] = {"a": 1}
    put(body, "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps), "found")
    place: Any = body
    for step in steps:
        place = place[min(int(step), len(place) - 1)] if isinstance(place, list) else place[step]
    assert place == "found"


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_of_a_request_breaks_an_answer(detail: str, name: str) -> None:
    made = answers("ietf-07")
    answer = made.invalid([{"detail": detail, "parameter": name}])
    assert json.loads(answer.body)["errors"] == [{"detail": detail, "parameter": name}]
    assert all(" " <= letter <= "~" for _, line in made.unsupported_media_type([name]).headers for letter in line)
