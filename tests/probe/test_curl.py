"""The `curl` commands of a report, read by a real shell: what they would send, key by key."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idemlint.probe.curl import curl
from idemlint.probe.exchange import Call, Exchange
from idemlint.probe.masking import Masking

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
OTHER = "0b2f0c5c-9f0e-4c3a-8f3e-2d1a5b6c7d8e"
FRESH = "made-anew"
SHELL = f"""curl() {{ printf '%s\\0' "$@"; }}; uuidgen() {{ echo {FRESH}-$RANDOM$RANDOM; }}; """


def exchange(key: str, body: str = '{"amount":1}') -> Exchange:
    headers = (("Idempotency-Key", key), ("Content-Type", "application/json"), ("Authorization", "Bearer s3cret"))
    return Exchange(1, Call("first", "POST", "http://127.0.0.1:1/payments?q=1", headers, body.encode()))


def command(key: str, body: str = '{"amount":1}', literal: str | None = None) -> str:
    return curl(exchange(literal or key, body), body, key, Masking(["Bearer s3cret"]))


def arguments(*commands: str) -> list[list[str]]:
    done = subprocess.run(["bash", "-c", SHELL + "; echo; ".join(commands)], capture_output=True, check=True)
    return [line.rstrip("\0").split("\0") for line in done.stdout.decode().split("\n")]


def test_a_key_of_the_run_is_made_anew_once_and_then_shared() -> None:
    first, second, third = arguments(command(KEY), command(KEY), command(OTHER))
    assert first == second
    key = first[first.index("-H") + 1]
    assert key.startswith(f"Idempotency-Key: {FRESH}")
    assert third != first
    assert third[third.index("-H") + 1].startswith(f"Idempotency-Key: {FRESH}")


def test_the_rest_is_as_it_was_sent_and_secrets_are_not() -> None:
    assert arguments(command(KEY))[0][5:] == [
        *("-H", "Content-Type: application/json"),
        *("-H", "Authorization: Bearer ***"),
        *("--data-raw", '{"amount":1}', "http://127.0.0.1:1/payments?q=1"),
    ]


@pytest.mark.parametrize("key", ["", "short", "x" * 300, "pay_$(id)", KEY + "0"])
def test_a_key_that_is_the_point_of_a_check_stays(key: str) -> None:
    assert arguments(command(key))[0][4] == (f"Idempotency-Key: {key}" if key else "Idempotency-Key;")


def test_a_key_in_quotes_keeps_them() -> None:
    shown = arguments(command(KEY, literal=f'"{KEY}"'))[0][4]
    assert shown.startswith(f'Idempotency-Key: "{FRESH}')
    assert shown.endswith('"')


@given(st.text(st.characters(exclude_characters="\0\n", exclude_categories=("Cs",)), max_size=30))
@example("'$(id)' `id` \"!!\" \\")
def test_a_body_with_the_key_in_it_reaches_the_server_as_it_was(text: str) -> None:
    sent = arguments(command(KEY, body=f"{text}{KEY}{text}"))[0]
    fresh = sent[4].removeprefix("Idempotency-Key: ")
    assert sent[-2] == f"{text}{fresh}{text}"
