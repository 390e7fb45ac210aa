"""The `curl` commands of a report, read by a real shell: what they would send, key by key."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idemlint.probe.curl import Sending, commands
from idemlint.probe.exchange import Call, Exchange
from idemlint.probe.fresh_keys import another
from idemlint.probe.masking import Masking

KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
OTHER = "0b2f0c5c-9f0e-4c3a-8f3e-2d1a5b6c7d8e"
SHELL = """PATH=; curl() { printf '%s\\0' "$#" "$@"; }; """
"""No other program than curl."""
MASKING = Masking(["Bearer s3cret", "Bearer other"])


def exchange(key: str, body: bytes = b'{"amount":1}', number: int = 1, **more: Any) -> Exchange:
    headers = (("Idempotency-Key", key), ("Content-Type", "application/json"), ("Authorization", "Bearer s3cret"))
    call = Call("first", "POST", "http://127.0.0.1:1/payments?q=1", headers, body)
    return replace(Exchange(number, call, 201, started=float(number), ended=number + 0.5), **more)


def sending(made: Exchange, *keys: str) -> Sending:
    body = made.call.body if made.body_sent is None else made.call.body[: made.body_sent]
    return Sending(made, body, {key: another(key, 7) for key in keys})


def told(*sendings: Sending) -> str:
    return commands(sendings, MASKING)


def arguments(text: str) -> list[list[str]]:
    done = subprocess.run(["/bin/bash", "-c", SHELL + text], capture_output=True, check=True)
    words = iter(done.stdout.decode().split("\0")[:-1])
    return [[next(words) for _ in range(int(count))] for count in words]


def key_line(sent: list[str]) -> str:
    return sent[sent.index("-H") + 1]


def test_a_key_of_the_run_becomes_one_that_the_server_has_not_seen_for_all_that_share_it() -> None:
    made = [sending(exchange(key, number=number), key) for number, key in enumerate((KEY, KEY, OTHER), 1)]
    first, second, third = arguments(told(*made))
    assert first == second
    assert key_line(first) == f"Idempotency-Key: {another(KEY, 7)}"
    assert key_line(third) == f"Idempotency-Key: {another(OTHER, 7)}"
    assert "$(" not in told(*made)
    assert told(*made).startswith("# the key is new to the server just once")
    assert told(*made) == told(*made)


def test_the_rest_is_as_it_was_sent_and_secrets_are_not() -> None:
    [sent] = arguments(told(sending(exchange(KEY), KEY)))
    assert sent[5:] == [
        *("-H", "Content-Type: application/json"),
        *("-H", "Authorization: Bearer ***"),
        *("--data-raw", '{"amount":1}', "http://127.0.0.1:1/payments?q=1"),
    ]


@pytest.mark.parametrize(
    ("principal", "shown"), [("A", "Bearer ***"), ("B", "Bearer *** (account B)"), ("bad", "Bearer *** (not valid)")]
)
def test_masked_accounts_are_told_apart(principal: str, shown: str) -> None:
    made = exchange(KEY)
    [sent] = arguments(told(sending(replace(made, call=replace(made.call, principal=principal)), KEY)))
    assert f"Authorization: {shown}" in sent


@pytest.mark.parametrize("key", ["", "short", "x" * 300, "pay_$(id)", KEY + "-0"])
def test_a_key_that_is_the_point_of_a_check_stays(key: str) -> None:
    text = told(sending(exchange(key), *([key] if key else [])))
    [sent] = arguments(text)
    assert key_line(sent) == (f"Idempotency-Key: {key}" if key else "Idempotency-Key;")
    assert "#" not in text


def test_a_key_in_quotes_keeps_them() -> None:
    [sent] = arguments(told(sending(exchange(f'"{KEY}"'), KEY)))
    assert key_line(sent) == f'Idempotency-Key: "{another(KEY, 7)}"'


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30))
@example("\n")
@example("'$(id)' `id` \"!!\" \\\n\t\x1b[31m")
def test_a_body_with_the_key_in_it_reaches_the_server_as_it_was(text: str) -> None:
    command = told(sending(exchange(KEY, f"{text}{KEY}{text}".encode()), KEY))
    [sent] = arguments(command)
    assert sent[-2] == f"{text}{another(KEY, 7)}{text}"
    assert len(command.split("\n")) == 2
    assert "\x1b" not in command


@given(st.binary(min_size=1, max_size=60))
@example(b"\x1f\x8b\x00'%s\\\xff\r\n")
def test_a_body_that_is_no_text_arrives_byte_by_byte(body: bytes) -> None:
    command = told(sending(exchange("", b"\xff" + body)))
    before, pipe, _ = command.rpartition(" | curl ")
    assert pipe
    done = subprocess.run(["/bin/bash", "-c", f"PATH=; {before}"], capture_output=True, check=True)
    assert done.stdout == b"\xff" + body


def test_requests_that_were_at_work_at_once_are_sent_at_once() -> None:
    one = exchange(KEY, number=1, released=1.0, first_byte=1.4)
    two = exchange(KEY, number=2, released=1.25, first_byte=1.3)
    later = exchange(KEY, number=3)
    text = told(*(sending(each, KEY) for each in (later, two, one)))
    kinds = [line.split(" ")[0] + (" &" if line.endswith(" &") else "") for line in text.split("\n")]
    assert kinds == ["#", "curl &", "sleep", "curl &", "wait", "curl"]
    assert "sleep 0.25" in text
    assert len(arguments(text.replace("sleep", "#").replace(" &", ""))) == 3


def test_a_body_that_was_cut_off_says_so_and_is() -> None:
    text = told(sending(exchange(KEY, body_sent=6), KEY))
    assert "# the body was cut off after 6 of 12 bytes" in text
    [sent] = arguments(text)
    assert sent[sent.index("--data-raw") + 1] == '{"amou'
    assert "Content-Length: 12" in sent
    assert "--max-time" in sent


def test_a_body_that_is_too_long_says_so() -> None:
    text = told(sending(exchange(KEY, b"x" * 20_000), KEY))
    assert "# of the body's 20000 bytes just the first 16384 stand here" in text
    [sent] = arguments(text)
    assert sent[sent.index("--data-raw") + 1] == "x" * 16_384


def test_a_client_that_left_leaves_again() -> None:
    [sent] = arguments(told(sending(exchange(KEY, left_after=0.05), KEY)))
    assert sent[sent.index("--max-time") + 1] == "0.050"


def test_white_space_as_a_key_is_told_since_curl_cannot_send_it() -> None:
    text = told(sending(exchange("   ")))
    assert "white space was the value" in text
    assert key_line(arguments(text)[0]) == "Idempotency-Key;"


@given(st.uuids(version=4), st.integers(0, 10_000))
def test_another_key_is_of_the_same_kind(key: UUID, seed: int) -> None:
    made = another(str(key), seed)
    assert made != str(key)
    assert made == another(str(key), seed)
    assert UUID(made).version == 4
    assert UUID(made).variant == key.variant
    assert made[0] == str(key)[0]
    assert another(str(key).upper(), seed) == made.upper()
    assert another(key.hex, seed) != key.hex


def test_another_key_keeps_the_moment_of_a_version_7_and_a_common_beginning() -> None:
    seven = "01890a5d-ac96-774b-bcce-b302099a8057"
    assert another(seven, 1)[:20] == seven[:20]
    assert another(seven, 1) != seven
    one, two = another("kTq8Zr31Wd9mP0xa1", 1), another("kTq8Zr31Wd9mP0xa2", 1)
    assert one[:-1] == two[:-1]
    assert one != two
