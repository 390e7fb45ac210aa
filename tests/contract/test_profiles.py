from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from idemlint.contract.loading import load_profile, profile_names
from idemlint.contract.profile import UNKNOWN, Code, NameValue
from idemlint.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [
    "adyen",
    "aip-155",
    "amazon-pay",
    "aws-ec2",
    "azure-repeatability",
    "cash-app-pay",
    "checkout-com",
    "dwolla",
    "gocardless",
    "hyperline",
    "ietf-07",
    "increase",
    "mangopay",
    "modern-treasury",
    "moov",
    "paypal",
    "payroc",
    "plaid-bank-transfer",
    "qonto",
    "razorpay-payouts",
    "seed-guide",
    "square",
    "stripe-v1",
    "stripe-v2",
    "telnyx",
    "whop",
    "worldline-direct",
    "zuora",
]


def test_the_profiles_that_come_along() -> None:
    assert list(profile_names()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_is_complete_and_has_sources(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert profile.summary
    assert len(profile.summary) <= 120
    assert profile.methods
    assert profile.sources
    assert all(source.url.startswith("https://") for source in profile.sources)
    assert any(source.grade == "primary" for source in profile.sources)


def test_every_field_of_stripe() -> None:
    stripe = load_profile("stripe-v1")
    assert (stripe.carrier.location, stripe.carrier.name, stripe.carrier.pointer) == (
        "header",
        "Idempotency-Key",
        UNKNOWN,
    )
    assert (stripe.key.min, stripe.key.max, stripe.key.pattern, stripe.key.quoted) == (1, 255, "any", UNKNOWN)
    assert stripe.key.required is False
    assert (stripe.missing.model, stripe.missing.inferred) == ("execute", True)
    assert stripe.malformed.status is UNKNOWN
    assert stripe.mismatch.status == (400, 409, 422)
    assert stripe.mismatch.code == Code(("idempotency_error",), "/error/type")
    assert stripe.in_flight.code == Code(("idempotency_key_in_use",), "/error/code")
    assert stripe.replay.marker == NameValue("Idempotent-Replayed", "true")
    assert stripe.stored.never == (401, 429, "validation", "conflict")
    assert (stripe.scope.endpoint, stripe.scope.principal) == ("mismatch", UNKNOWN)
    assert (stripe.ttl.kind, stripe.ttl.seconds) == ("at_least", (86400,))


def test_what_only_some_have() -> None:
    assert load_profile("ietf-07").replay.marker is None, "the draft names none, which is not unknown"
    assert load_profile("ietf-07").key.required == "per-operation"
    assert load_profile("ietf-07").stored.server_error == "contested"
    assert load_profile("ietf-07").errors.media == "application/problem+json"
    assert load_profile("seed-guide").replay.or_refuse_status == (409,)
    assert load_profile("seed-guide").replay.body_field == "original_request_id"
    assert load_profile("seed-guide").cors.allow_headers == ("Idempotency-Key",)
    assert load_profile("adyen").in_flight.header == NameValue("transient-error", "true")
    assert load_profile("adyen").replay.echo_header == "idempotency-key"
    assert load_profile("azure-repeatability").carrier.companion == "Repeatability-First-Sent"
    assert load_profile("azure-repeatability").ttl.outside_status == (412,)
    assert load_profile("checkout-com").in_flight.formerly == (429,)
    assert load_profile("gocardless").replay.resource_pointer == "/error/errors/0/links/conflicting_resource_id"
    assert load_profile("whop").key.max_bytes == 255
    assert load_profile("whop").replay.identity == "bytes"
    assert load_profile("zuora").replay.headers is True
    assert load_profile("aip-155").replay.transparent_preferred
    assert load_profile("aws-ec2").key.case_sensitive is True
    assert load_profile("square").carrier.pointer == "/idempotency_key"
    assert load_profile("worldline-direct").carrier.name is UNKNOWN
    assert load_profile("paypal").ttl.seconds == (10800, 21600, 259200, 3888000)


def test_unknown_has_no_truth() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(load_profile("moov").key.required)


def write(folder: Path, text: str, name: str = "ours.yaml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_a_profile_of_your_own_extends_another(tmp_path: Path) -> None:
    write(tmp_path, "extends: stripe-v1\nsummary: Base\nkey: {max: 64}\n", "base.yaml")
    own = write(
        tmp_path, "extends: ./base.yaml\ncarrier: {name: X-Key}\nmethods: [post, put]\nmismatch: {status: [409]}\n"
    )
    profile = load_profile(own)
    assert profile.name == "ours"
    assert profile.summary == "Base"
    assert (profile.carrier.location, profile.carrier.name) == ("header", "X-Key")
    assert (profile.key.max, profile.key.min) == (64, 1)
    assert profile.methods == ("POST", "PUT")
    assert profile.mismatch.status == (409,)
    assert profile.mismatch.code == Code(("idempotency_error",), "/error/type")
    assert load_profile("ours.yaml", folder=str(tmp_path)) == profile


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "mapping"),
        ("extends: strip-v1\n", "did you mean 'stripe-v1'"),
        ("extends: ours.yaml\n", "leads back to itself"),
        ("extends: 3\n", "name or path"),
        ("extends: stripe-v1\nkye: {max: 3}\n", "did you mean 'key'"),
        ("extends: stripe-v1\nkey: {maxx: 3}\n", "did you mean 'max'"),
        ("extends: stripe-v1\nkey: {max: many}\n", "key: max must be a whole number or unknown"),
        ("extends: stripe-v1\nkey: {pattern: uid}\n", "did you mean 'uuid'"),
        ("extends: stripe-v1\nkey: {pattern: '^('}\n", "no regular expression"),
        ("extends: stripe-v1\nkey: 3\n", "must be a mapping"),
        ("extends: stripe-v1\nreplay: {model: transparant}\n", "did you mean 'transparent'"),
        ("extends: stripe-v1\nin_flight: {status: 409}\n", "list of HTTP statuses"),
        ("extends: stripe-v1\nin_flight: {status: [4090]}\n", "no HTTP status"),
        ("extends: stripe-v1\nmethods: []\n", "at least one HTTP method"),
        ("extends: stripe-v1\ncarrier: {in: body}\n", "needs a JSON pointer"),
        ("extends: stripe-v1\nsources: [{url: https://example.com}]\n", "needs url and grade"),
        ("methods: [POST]\n", "where the key travels"),
        ("a: [\n", ""),
    ],
)
def test_a_wrong_profile_says_where_and_how_to_mend(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_profile(write(tmp_path, text))
    assert message in str(caught.value)
    assert str(tmp_path / "ours.yaml") in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("stripe", "'stripe-v1' or 'stripe-v2'"),
        ("payrok", "did you mean 'payroc'"),
        ("", "lists the names"),
        ("./no.yaml", "lists"),
    ],
)
def test_an_unknown_name(name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_profile(name)
    assert hint in caught.value.hint
