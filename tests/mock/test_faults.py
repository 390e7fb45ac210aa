"""Each fault breaks what it names, and nothing else.

Every fault is put to the same questions; a mock without faults answers all of them rightly. The table at the end says
which answers a fault gets wrong.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from faulty_mock import Mock, fresh_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx import Response

    Question = Callable[[Mock], bool]

QUESTIONS: dict[str, Question] = {}
PER_EXCHANGE = {"x-request-id", "set-cookie", "content-length"}


def fresh_body() -> dict[str, object]:
    """Like no other that was sent."""
    return {"amount": 5, "note": str(uuid4())}


def two_bodies() -> tuple[dict[str, object], dict[str, object]]:
    body = fresh_body()
    return body, {**body, "note": str(uuid4())}


def made(answer: Response) -> str | None:
    """The identifier of what an answer is about."""
    if not answer.is_success:
        return None
    location = answer.headers.get("location", "").rpartition("/")[2]
    return location or answer.json()["id"]


def question(ask: Question) -> Question:
    QUESTIONS[ask.__name__] = ask
    return ask


# --- replay ------------------------------------------------------------------------------------------------------------


@question
def a_retry_runs_nothing(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    for _ in range(3):
        mock.post(key=key, body=body)
    return mock.count() == before + 1


@question
def a_replay_has_the_first_status(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    return [mock.post(key=key, body=body).status_code for _ in range(2)] == [201, 201]


@question
def a_replay_has_the_first_body(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    first, replay = mock.post(key=key, body=body), mock.post(key=key, body=body)
    return first.content == replay.content and "id" in first.json()


@question
def a_replay_has_the_first_headers(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    first, replay = ([*mock.post(key=key, body=body).headers.multi_items()] for _ in range(2))
    kept = [[line for line in lines if line[0] not in PER_EXCHANGE] for lines in (first, replay)]
    return kept[0] == kept[1]


@question
def a_replay_has_cookies_of_its_own(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    first, replay = (mock.post(key=key, body=body).headers.get("set-cookie") for _ in range(2))
    return first is None or first != replay


@question
def a_big_answer_is_replayed(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    bodies = {mock.post(key=key, body=body, prefer="size=100000").content for _ in range(2)}
    return mock.count() == before + 1 and {len(body) for body in bodies} == {100_000}


@question
def a_stream_is_replayed_whole(mock: Mock) -> bool:
    key = fresh_key()
    first, replay = (mock.post("/exports", key=key) for _ in range(2))
    return first.text == replay.text == "data: 1\n\ndata: 2\n\n"


@question
def a_replay_is_in_a_coding_that_the_client_takes(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    first = mock.post(key=key, body=body, headers={"Accept-Encoding": "gzip"})
    replay = mock.post(key=key, body=body)
    return "id" in first.json() and replay.headers.get("content-encoding", "identity") == "identity"


@question
def a_retry_on_another_connection_runs_nothing(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    for connection in range(5, 9):
        mock.post(key=key, body=body, connection=connection)
    return mock.count() == before + 1


@question
def a_key_is_new_again_after_its_expiry(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    first = mock.post(key=key, body=body)
    mock.clock.move(86_401)
    mock.loop.run_until_complete(mock.app.handling.store.sweep(now=mock.clock.now()))
    again = [mock.post(key=key, body=body) for _ in range(2)]
    return mock.count() == before + 2 and made(first) != made(again[0]) == made(again[1])


# --- payloads ----------------------------------------------------------------------------------------------------------


@question
def another_payload_is_a_mismatch(mock: Mock) -> bool:
    body, other = two_bodies()
    key, before = fresh_key(), mock.count()
    mock.post(key=key, body=body)
    return mock.post(key=key, body=other).status_code == 422 and mock.count() == before + 1


@question
def a_mismatch_does_not_poison(mock: Mock) -> bool:
    body, other = two_bodies()
    key = fresh_key()
    first = mock.post(key=key, body=body)
    mock.post(key=key, body=other)
    return made(mock.post(key=key, body=body)) == made(first)


@question
def another_payload_is_a_mismatch_while_the_first_is_in_flight(mock: Mock) -> bool:
    body, other = two_bodies()
    key = fresh_key()
    answers = mock.together(
        {"key": key, "body": body, "prefer": "delay=300"}, {"key": key, "body": other, "after": 0.1}
    )
    return [answer.status_code for answer in answers] == [201, 422]


@question
def the_order_of_members_means_nothing(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    first = mock.post(key=key, body=body)
    again = mock.post(key=key, body=json.dumps(dict(reversed(body.items()))).encode())
    return made(first) == made(again)


# --- reading the key ---------------------------------------------------------------------------------------------------


@question
def a_missing_key_is_refused(mock: Mock) -> bool:
    body = fresh_body()
    before = mock.count()
    return mock.post(body=body).status_code == 400 and mock.count() == before


@question
def an_empty_key_is_refused(mock: Mock) -> bool:
    body = fresh_body()
    before = mock.count()
    statuses = {mock.post(key=key, body=body).status_code for key in ("", '""', "  ")}
    return statuses == {400} and mock.count() == before


@question
def a_malformed_key_is_refused(mock: Mock) -> bool:
    body = fresh_body()
    before = mock.count()
    statuses = {mock.post(key=key, body=body).status_code for key in ('"open', '"a" b', '"\\n"')}
    return statuses == {400} and mock.count() == before


@question
def an_overlong_key_is_refused(mock: Mock) -> bool:
    body = fresh_body()
    before = mock.count()
    statuses = {mock.post(key=f'"{"k" * length}"', body=body).status_code for length in (65, 4_096)}
    return statuses == {400} and mock.count() == before


@question
def a_key_of_two_lines_is_refused(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    return mock.post(key=[key, key], body=body).status_code == 400 and mock.count() == before


@question
def bare_keys_fare_alike(mock: Mock) -> bool:
    body = fresh_body()
    tail = "e03978e-40d5-43e8-bc93-6894a57f9324"
    digit, letter = (mock.post(key=first + tail, body=body).status_code for first in "8c")
    return digit == letter


# --- scope -------------------------------------------------------------------------------------------------------------


@question
def clients_do_not_meet(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    answers = [mock.post(key=key, body=body, by=f"Bearer {client}") for client in ("alice", "bob")]
    return mock.count() == before + 2 and len({*map(made, answers)}) == 2


@question
def anonymous_and_known_clients_do_not_meet(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    for client in ("Bearer carol", None):
        mock.post(key=key, body=body, by=client)
    return mock.count() == before + 2


@question
def visitors_do_not_meet(mock: Mock) -> bool:
    """Nobody asked for their names, but they have sessions."""
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    for session in ("one", "two"):
        mock.post(key=key, body=body, by=None, headers={"Cookie": f"session={session}"})
    return mock.count() == before + 2


@question
def endpoints_do_not_meet(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    statuses = [mock.post(path, key=key, body=body).status_code for path in ("/payments", "/refunds")]
    return statuses == [201, 201] and mock.count() == before + 2


@question
def methods_do_not_meet(mock: Mock) -> bool:
    body, other = two_bodies()
    place = f"/payments/{made(mock.post(key=fresh_key(), body=body))}"
    key, before = fresh_key(), mock.count()
    for method in ("PUT", "PATCH"):
        mock.request(method, place, key=key, body=other)
    return mock.count() == before + 2


@question
def resources_do_not_meet(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    for resource in ("one", "two"):
        mock.post(f"/payments/{resource}/captures", key=key, body=body)
    return mock.count() == before + 2


@question
def parts_of_a_key_do_not_run_together(mock: Mock) -> bool:
    body = fresh_body()
    unique = fresh_key().strip('"')
    first = mock.request("PUT", f"/payments/{unique}", key='"b:c"', body=body)
    second = mock.request("PUT", f"/payments/{unique}:b", key='"c"', body=body)
    return [made(first), made(second)] == [unique, f"{unique}:b"]


@question
def a_refused_caller_gets_nothing(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    mock.post(key=key, body=body)
    answer = mock.post(key=key, body=body, by="Bearer revoked")
    return answer.status_code == 401 and "location" not in answer.headers


# --- errors ------------------------------------------------------------------------------------------------------------


@question
def a_server_error_gives_the_key_free(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    failed = mock.post(key=key, body=body, prefer="fail=before-effect")
    again = mock.post(key=key, body=body)
    return [failed.status_code, again.status_code] == [500, 201] and mock.count() == before + 1


@question
def a_client_error_gives_the_key_free(mock: Mock) -> bool:
    body, other = two_bodies()
    key, place = fresh_key(), f"/payments/{fresh_key()[1:-1]}"
    absent = mock.request("PATCH", place, key=key, body=other)
    mock.request("PUT", place, key=fresh_key(), body=body)
    again = mock.request("PATCH", place, key=key, body=other)
    return [absent.status_code, again.status_code] == [404, 200]


@question
def a_failure_behind_the_effect_keeps_it(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    failed = mock.post(key=key, body=body, prefer="fail=after-effect")
    again = mock.post(key=key, body=body)
    return failed.status_code == 500 and again.is_success and mock.count() == before + 1


@question
def a_client_that_left_finds_its_result(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    mock.leave(key=key, body=body, prefer="delay=100")
    again = mock.post(key=key, body=body)
    return again.is_success and mock.count() == before + 1


@question
def without_its_store_it_does_nothing(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    down = mock.post(key=key, body=body, prefer="fail=store")
    return down.status_code == 503 and "retry-after" in down.headers and mock.count() == before


# --- concurrency -------------------------------------------------------------------------------------------------------


@question
def a_race_has_one_winner(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    mock.together(*[{"key": key, "body": body}] * 5)
    return mock.count() == before + 1


@question
def losers_are_told_so(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    answers = mock.together(*[{"key": key, "body": body, "prefer": "delay=50"}] * 3)
    return sorted(answer.status_code for answer in answers) == [201, 409, 409]


@question
def a_race_of_payloads_has_one_winner(mock: Mock) -> bool:
    body, other = two_bodies()
    key, before = fresh_key(), mock.count()
    mock.together({"key": key, "body": body}, {"key": key, "body": other})
    return mock.count() == before + 1


@question
def losers_get_the_replay_later(mock: Mock) -> bool:
    body = fresh_body()
    key = fresh_key()
    answers = mock.together(*[{"key": key, "body": body, "prefer": "delay=50"}] * 3)
    return made(mock.post(key=key, body=body)) in {*map(made, answers)} - {None}


@question
def a_duplicate_of_slow_work_runs_nothing(mock: Mock) -> bool:
    body = fresh_body()
    key, before = fresh_key(), mock.count()
    slow = {"key": key, "body": body, "prefer": "delay=2000"}
    mock.together(slow, {**slow, "after": 1.5})
    return mock.count() == before + 1


@question
def a_third_finds_the_lock_of_the_second(mock: Mock) -> bool:
    """Where the second took the first one's lock over, that is; else it finds the first one's."""
    body = fresh_body()
    key = fresh_key()
    slow = {"key": key, "body": body, "prefer": "delay=2000"}
    answers = mock.together(slow, {**slow, "after": 1.5}, {"key": key, "body": body, "after": 2.2})
    return made(answers[2]) in (None, made(answers[0]))


# --- edges -------------------------------------------------------------------------------------------------------------


@question
def browsers_may_send_the_key(mock: Mock) -> bool:
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    allowed = mock.request("OPTIONS", "/payments", headers=asked).headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed
    return "idempotency-key" in allowed


@question
def errors_about_keys_are_problem_documents(mock: Mock) -> bool:
    body, other = two_bodies()
    key = fresh_key()
    mock.post(key=key, body=body)
    errors = [mock.post(body=body), mock.post(key=key, body=other), mock.post(key="bare", body=body)]
    types = {answer.headers["content-type"] for answer in errors if answer.status_code >= 400}
    return types == {"application/problem+json"}


@question
def other_errors_are_problem_documents(mock: Mock) -> bool:
    answer = mock.post(key=fresh_key(), body=b"{")
    return answer.status_code == 400 and answer.headers["content-type"] == "application/problem+json"


# --- controls ----------------------------------------------------------------------------------------------------------


@question
def two_keys_are_two_things(mock: Mock) -> bool:
    body = fresh_body()
    before = mock.count()
    things = {made(mock.post(key=fresh_key(), body=body)) for _ in range(2)}
    return mock.count() == before + 2 and len(things) == 2


@question
def answers_show_what_was_sent(mock: Mock) -> bool:
    body = fresh_body()
    return mock.post(key=fresh_key(), body=body).json().get("note") == body["note"]


@question
def lists_show_what_was_made(mock: Mock) -> bool:
    body = fresh_body()
    identifier = made(mock.post(key=fresh_key(), body=body))
    return identifier in [one["id"] for one in mock.request("GET", "/payments").json()]


REPLAYS = {
    a_big_answer_is_replayed,
    a_client_that_left_finds_its_result,
    a_key_is_new_again_after_its_expiry,
    a_mismatch_does_not_poison,
    a_replay_has_the_first_body,
    a_replay_has_the_first_headers,
    losers_get_the_replay_later,
    the_order_of_members_means_nothing,
}
RACES = {a_race_has_one_winner, a_race_of_payloads_has_one_winner, losers_are_told_so}
SLOW = {a_duplicate_of_slow_work_runs_nothing, a_third_finds_the_lock_of_the_second}
MISMATCHES = {another_payload_is_a_mismatch, another_payload_is_a_mismatch_while_the_first_is_in_flight}

CAUGHT: dict[str, set[Question]] = {
    "toctou": {
        *RACES,
        a_duplicate_of_slow_work_runs_nothing,
        another_payload_is_a_mismatch_while_the_first_is_in_flight,
    },
    "overwrite-reservation": RACES,
    "race-503": {losers_are_told_so},
    "409-before-422": {another_payload_is_a_mismatch_while_the_first_is_in_flight},
    "orphan-lock": {a_server_error_gives_the_key_free},
    "wrong-unlock-key": {a_server_error_gives_the_key_free, a_client_error_gives_the_key_free},
    "no-release-on-error": {a_server_error_gives_the_key_free, a_client_error_gives_the_key_free},
    "release-after-effect": {a_failure_behind_the_effect_keeps_it},
    "lock-ttl": {a_duplicate_of_slow_work_runs_nothing},
    "foreign-unlock": SLOW,
    "no-reread": {*RACES, *SLOW},
    "sweep-race": {a_key_is_new_again_after_its_expiry},
    "store-5xx": {a_server_error_gives_the_key_free},
    "store-4xx": {a_client_error_gives_the_key_free},
    "scope-none": {clients_do_not_meet, anonymous_and_known_clients_do_not_meet, visitors_do_not_meet},
    "scope-constant": {clients_do_not_meet, visitors_do_not_meet},
    "scope-no-endpoint": {endpoints_do_not_meet, methods_do_not_meet, resources_do_not_meet},
    "scope-route-template": {resources_do_not_meet},
    "delimiter": {parts_of_a_key_do_not_run_together},
    "replay-before-auth": {a_refused_caller_gets_nothing},
    "no-fingerprint": MISMATCHES,
    "raw-order-fingerprint": {the_order_of_members_means_nothing},
    "fingerprint-lost": {
        *REPLAYS,
        a_replay_has_the_first_status,
        a_stream_is_replayed_whole,
        a_failure_behind_the_effect_keeps_it,
    },
    "ignored-key": {
        *(REPLAYS | RACES | SLOW | MISMATCHES),
        a_retry_runs_nothing,
        a_retry_on_another_connection_runs_nothing,
        a_failure_behind_the_effect_keeps_it,
        without_its_store_it_does_nothing,
    },
    "double-header": {a_key_of_two_lines_is_refused},
    "empty-key-shared": {an_empty_key_is_refused},
    "abort-cancels-store": {a_client_that_left_finds_its_result},
    "status-flatten": {a_replay_has_the_first_status},
    "drop-headers": {a_replay_has_the_first_headers},
    "replay-cookies": {a_replay_has_cookies_of_its_own},
    "split-headers": {a_replay_has_the_first_headers},
    "big-not-stored": {a_big_answer_is_replayed},
    "stream-as-empty": {a_stream_is_replayed_whole},
    "length-mismatch": {a_replay_has_the_first_body, a_big_answer_is_replayed},
    "encoding-verbatim": {a_replay_is_in_a_coding_that_the_client_takes},
    "per-instance": {a_retry_on_another_connection_runs_nothing},
    "cors-missing": {browsers_may_send_the_key},
    "error-content-type": {errors_about_keys_are_problem_documents},
    "header-case": set(),  # no spelling gets as far as an application: see test_faults_served.py
    "unbounded-key": {an_overlong_key_is_refused},
    "fail-open": {without_its_store_it_does_nothing},
    "sf-token-accident": {bare_keys_fare_alike},
    "lookup-before-parse-ignored": {
        a_malformed_key_is_refused,
        an_overlong_key_is_refused,
        a_key_of_two_lines_is_refused,
    },
    "upsert": {two_keys_are_two_things, a_key_is_new_again_after_its_expiry},
    "eventual": {lists_show_what_was_made},
}
"""By fault, the questions that it must get wrong; it gets all the others right."""


def failures(*faults: str) -> set[str]:
    with Mock(*faults) as mock:
        return {name for name, ask in QUESTIONS.items() if not ask(mock)}


def test_without_faults_every_answer_is_right() -> None:
    assert failures() == set()


@pytest.mark.parametrize("name", CAUGHT)
def test_a_fault_breaks_what_it_names_and_nothing_else(name: str) -> None:
    assert failures(name) == {ask.__name__ for ask in CAUGHT[name]}


def test_every_question_finds_a_fault() -> None:
    """But for those that are here to show what must not break."""
    found = {ask.__name__ for asks in CAUGHT.values() for ask in asks}
    assert set(QUESTIONS) - found == {
        "a_missing_key_is_refused",
        "answers_show_what_was_sent",
        "other_errors_are_problem_documents",
    }


@pytest.mark.parametrize(
    ("faults", "broken"),
    [
        (("status-flatten", "drop-headers"), {a_replay_has_the_first_status, a_replay_has_the_first_headers}),
        (("scope-route-template", "scope-none"), {*CAUGHT["scope-none"], *CAUGHT["scope-route-template"]}),
        (("toctou", "no-fingerprint"), {*CAUGHT["toctou"], *CAUGHT["no-fingerprint"]}),
        (("lock-ttl=1.2", "store-5xx"), {*CAUGHT["lock-ttl"], *CAUGHT["store-5xx"]}),
        (
            ("per-instance=3", "eventual", "double-header", "unbounded-key", "cors-missing", "error-content-type"),
            {
                *CAUGHT["per-instance"],
                *CAUGHT["eventual"],
                *CAUGHT["double-header"],
                *CAUGHT["unbounded-key"],
                *CAUGHT["cors-missing"],
                *CAUGHT["error-content-type"],
            },
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else "",
)
def test_faults_add_up(faults: tuple[str, ...], broken: set[Question]) -> None:
    assert failures(*faults) == {ask.__name__ for ask in broken}
