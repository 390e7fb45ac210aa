from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from idemlint.contract.contract import DEFAULT, SETTINGS, Contract
from idemlint.contract.loading import load_profile, profile_names
from idemlint.errors import ConfigError


def test_the_default() -> None:
    assert DEFAULT.header == "Idempotency-Key"
    assert DEFAULT.methods == {"post", "patch"}
    assert DEFAULT.key_format == "uuid"
    assert DEFAULT.required
    assert DEFAULT.conflict_statuses == ("409",)
    assert Contract.from_settings({}) is DEFAULT


def test_settings_win_over_the_profile() -> None:
    profile = load_profile("dwolla")
    assert Contract.from_profile(profile).unknown == ("key-format",)
    contract = Contract.from_profile(
        profile, {"methods": ["PUT"], "key-format": "ulid", "conflict-statuses": [409, "425"]}
    )
    assert contract.profile == "dwolla"
    assert contract.methods == {"put"}
    assert contract.key_format == "ulid"
    assert contract.conflict_statuses == ("409", "425")
    assert contract.unknown == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "ietf-07",
            {"methods": {"post", "patch"}, "key_format": "any", "required": False, "conflict_statuses": ("409",)},
        ),
        ("seed-guide", {"key_format": "uuid", "required": True, "min_length": None, "conflict_statuses": ("409",)}),
        ("stripe-v1", {"methods": {"post"}, "key_format": "any", "max_length": 255, "required": False}),
        ("paypal", {"header": "PayPal-Request-Id", "max_length": 108, "conflict_statuses": ()}),
        ("adyen", {"conflict_statuses": ("409", "422"), "max_length": 64}),
        ("square", {"carrier": "body", "field": "/idempotency_key", "header": "", "conflict_statuses": ()}),
        ("aws-ec2", {"carrier": "parameter", "field": "ClientToken"}),
        ("payroc", {"key_format": "uuid4", "required": True, "conflict_statuses": ("409",)}),
        ("mangopay", {"key_format": "pattern", "min_length": 16, "conflict_statuses": ("409",)}),
        ("increase", {"conflict_statuses": ("409",)}),
        ("telnyx", {"pattern": "^[A-Za-z0-9_:-]{1,255}$", "conflict_statuses": ()}),
        ("azure-repeatability", {"header": "Repeatability-Request-ID", "key_format": "uuid"}),
    ],
)
def test_what_a_profile_asks_of_a_document(name: str, expected: dict[str, Any]) -> None:
    contract = Contract.from_profile(load_profile(name))
    assert {field: getattr(contract, field) for field in expected} == expected


def test_an_unknown_is_not_filled_from_what_everyone_does() -> None:
    contract = Contract.from_profile(load_profile("moov"))
    assert "required" in contract.unknown
    assert not contract.required
    assert contract.key_format == "any"
    with pytest.raises(ConfigError, match="does not know the name of its header"):
        Contract.from_profile(load_profile("worldline-direct"))
    assert Contract.from_profile(load_profile("worldline-direct"), {"header": "X-Key"}).header == "X-Key"


def test_a_header_of_the_settings_moves_the_key_out_of_the_body() -> None:
    contract = Contract.from_profile(load_profile("square"), {"header": "X-Key"})
    assert (contract.carrier, contract.header, contract.field) == ("header", "X-Key", "")


def test_all_other_profiles_make_a_contract() -> None:
    for name in set(profile_names()) - {"worldline-direct"}:
        contract = Contract.from_profile(load_profile(name))
        assert contract.carrier_name
        assert set(contract.unknown) <= set(SETTINGS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"heder": "X"}, "did you mean 'header'"),
        ({"key_format": "uuid"}, "did you mean 'key-format'"),
        ({"header": ""}, "name of a header"),
        ({"header": "two words"}, "name of a header"),
        ({"header": 3}, "name of a header"),
        ({"methods": "POST"}, "list of HTTP methods"),
        ({"methods": []}, "list of HTTP methods"),
        ({"methods": ["PSOT"]}, "did you mean 'POST'"),
        ({"methods": ["NO METHOD"]}, "is no HTTP method"),
        ({"key-format": "uid"}, "did you mean 'uuid'"),
        ({"key-format": "pattern"}, "needs a pattern"),
        ({"key-format": "uuid", "pattern": "^a$"}, "says nothing beside"),
        ({"pattern": "("}, "no regular expression"),
        ({"pattern": 1}, "must be a regular expression"),
        ({"max-length": 0}, "whole number from 1"),
        ({"max-length": True}, "whole number from 1"),
        ({"min-length": 10, "max-length": 5}, "no key could be valid"),
        ({"required": "yes"}, "true or false"),
        ({"conflict-statuses": []}, "list of HTTP status codes"),
        ({"conflict-statuses": ["4XX"]}, "list of HTTP status codes"),
        ({"conflict-statuses": [True]}, "list of HTTP status codes"),
        ({"conflict-statuses": 409}, "list of HTTP status codes"),
    ],
)
def test_wrong_settings_say_what_and_how_to_mend(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Contract.from_settings(settings, source="pyproject.toml")
    assert message in str(caught.value)
    assert caught.value.source == "pyproject.toml"
    assert caught.value.hint


def test_methods_of_your_own_are_allowed() -> None:
    assert Contract.from_settings({"methods": ["COPY", "Post"]}).methods == {"copy", "post"}


def test_the_default_costs_no_profile_and_no_yaml() -> None:
    code = (
        "import sys; import idemlint.contract.contract;"
        "heavy = {'yaml', 'dataclasses', 'pathlib', 'idemlint.contract.profile', 're'} & set(sys.modules);"
        "assert not heavy - {'re'}, heavy"
    )
    subprocess.run([sys.executable, "-S", "-c", code], check=True, timeout=60)
