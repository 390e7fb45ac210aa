"""What a mock with a fault answers, word by word; that it answers everything else rightly is in test_faults.py."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from uuid import uuid4

import pytest
from faulty_mock import Mock, fresh_key, profile

from idemlint.mock.messages import Request

BODY = {"amount": 5, "note": "tea"}
OTHER = {"amount": 6, "note": "tea"}
DIGIT = "8e03978e-40d5-43e8-bc93-6894a57f9324"
LETTER = "ce03978e-40d5-43e8-bc93-6894a57f9324"


def race(mock: Mock, number: int = 2, **more: str) -> list[int]:
    """Statuses of identical requests at the same time, the lowest first."""
    key = fresh_key()
    return sorted(one.status_code for one in mock.together(*[{"key": key, "body": BODY, **more}] * number))


# --- claims ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["toctou", "overwrite-reservation", "no-reread"])
def test_a_race_is_lost_by_nobody(fault: str) -> None:
    with Mock(fault) as mock:
        assert race(mock, 3) == [201, 201, 201]
        assert mock.count("POST /payments") == 3
        assert len(mock.request("GET", "/payments").json()) == 3


@pytest.mark.parametrize(("window", "ran"), [("toctou=30", 2), ("toctou=5", 1)])
def test_a_window_is_as_long_as_it_is_said_to_be(window: str, ran: int) -> None:
    with Mock(window) as mock:
        request = {"key": fresh_key(), "body": BODY}
        mock.together(request, {**request, "after": 0.02})
        assert mock.count() == ran


def test_toctou_sees_nobody_at_work() -> None:
    with Mock("toctou") as mock:
        slow = {"key": fresh_key(), "body": BODY, "prefer": "delay=1000"}
        answers = mock.together(slow, {**slow, "after": 0.5})
        assert [answer.status_code for answer in answers] == [201, 201]
        last = answers[1].headers["location"]
        assert mock.post(key=slow["key"], body=BODY).headers["location"] == last, "the later SET wins"


def test_overwrite_reservation_sees_a_reservation_that_is_older_than_the_race() -> None:
    with Mock("overwrite-reservation") as mock:
        slow = {"key": fresh_key(), "body": BODY, "prefer": "delay=1000"}
        assert [one.status_code for one in mock.together(slow, {**slow, "after": 0.5})] == [201, 409]
        key = fresh_key()
        both = mock.together({"key": key, "body": BODY}, {"key": key, "body": OTHER})
        assert [one.status_code for one in both] == [201, 201]


def test_race_503() -> None:
    with Mock("race-503") as mock:
        assert race(mock, 3) == [201, 503, 503]
        slow = {"key": fresh_key(), "body": BODY, "prefer": "delay=1000"}
        assert [one.status_code for one in mock.together(slow, {**slow, "after": 0.5})] == [201, 409]
        assert mock.count() == 2


def test_409_before_422() -> None:
    with Mock("409-before-422") as mock:
        key = fresh_key()
        slow = {"key": key, "body": BODY, "prefer": "delay=1000"}
        assert [one.status_code for one in mock.together(slow, {"key": key, "body": OTHER, "after": 0.5})] == [201, 409]
        assert mock.post(key=key, body=OTHER).status_code == 422


def test_409_before_422_where_duplicates_wait() -> None:
    """There is no 409 to come first; and nobody waits for ever."""
    kept = profile()
    waiting = replace(kept, in_flight=replace(kept.in_flight, model="block"))
    with Mock("409-before-422", profile=waiting) as mock:
        key = fresh_key()
        slow = {"key": key, "body": BODY, "prefer": "delay=1000"}
        answers = mock.together(
            slow, {"key": key, "body": OTHER, "after": 0.5}, {"key": key, "body": BODY, "after": 0.5}
        )
        assert [one.status_code for one in answers] == [201, 422, 201]


def test_no_reread_waits_and_repeats_the_work() -> None:
    with Mock("no-reread") as mock:
        slow = {"key": fresh_key(), "body": BODY, "prefer": "delay=1000"}
        answers = mock.together(slow, {**slow, "after": 0.5})
        assert [one.status_code for one in answers] == [201, 201]
        assert answers[0].headers["location"] != answers[1].headers["location"]
        assert mock.post(key=slow["key"], body=BODY).headers["location"] == answers[1].headers["location"]
        assert mock.count() == 2


@pytest.mark.parametrize(("lock", "statuses", "ran"), [("0.3", [201, 201], 2), ("0.8", [201, 409], 1)])
def test_lock_ttl(lock: str, statuses: list[int], ran: int) -> None:
    with Mock(f"lock-ttl={lock}") as mock:
        slow = {"key": fresh_key(), "body": BODY, "prefer": "delay=1000"}
        assert [one.status_code for one in mock.together(slow, {**slow, "after": 0.5})] == statuses
        assert mock.count() == ran


@pytest.mark.parametrize(("fault", "third", "ran"), [("lock-ttl", 409, 2), ("foreign-unlock", 201, 3)])
def test_foreign_unlock_opens_the_door_for_a_third(fault: str, third: int, ran: int) -> None:
    with Mock(f"{fault}=1") as mock:
        slow = {"key": fresh_key(), "body": BODY, "prefer": "delay=2000"}
        answers = mock.together(slow, {**slow, "after": 1.5}, {**slow, "after": 2.2})
        assert [one.status_code for one in answers] == [201, 201, third]
        assert mock.count() == ran


def test_sweep_race_reports_an_expired_key_as_in_progress() -> None:
    with Mock("sweep-race") as mock:
        key = fresh_key()
        mock.post(key=key, body=BODY)
        mock.clock.move(86_401)
        statuses = []
        for seconds in (0, 60, 3_600):
            mock.clock.move(seconds)
            statuses.append(mock.post(key=key, body=BODY).status_code)
        assert statuses == [409, 409, 409]
        assert mock.count() == 1


# --- releases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["orphan-lock", "wrong-unlock-key", "no-release-on-error"])
def test_a_key_is_stuck_after_a_failure(fault: str) -> None:
    with Mock(fault) as mock:
        key = fresh_key()
        statuses = [mock.post(key=key, body=BODY, prefer="fail=before-effect").status_code]
        for seconds in (0, 31, 3_600, 86_400):
            mock.clock.move(seconds)
            statuses.append(mock.post(key=key, body=BODY).status_code)
        assert statuses == [500, 409, 409, 409, 201]


@pytest.mark.parametrize(("fault", "again"), [("orphan-lock", 404), ("no-release-on-error", 409)])
def test_what_a_client_error_leaves_behind(fault: str, again: int) -> None:
    with Mock(fault) as mock:
        key = fresh_key()
        statuses = [mock.request("PATCH", "/payments/none", key=key, body=BODY).status_code for _ in range(2)]
        assert statuses == [404, again]


def test_orphan_lock_outlives_the_process() -> None:
    """The reservation of a run that never came back: free after the lease, or not."""
    for faults, status in ((), 201), (("orphan-lock",), 409):
        with Mock(*faults) as mock:
            key = fresh_key()
            lines = {"idempotency-key": key, "authorization": "Bearer alice", "prefer": "delay=1000"}
            lines["content-type"] = "application/json"
            request = Request("POST", "/payments", headers=lines.items(), body=json.dumps(BODY).encode())
            task = mock.loop.create_task(mock.app.handling.handle(request))
            mock.pass_time(0.1)
            task.cancel()
            mock.pass_time(31)
            assert mock.post(key=key, body=BODY).status_code == status


def test_release_after_effect() -> None:
    with Mock("release-after-effect") as mock:
        key = fresh_key()
        failed, again = (mock.post(key=key, body=BODY, prefer=prefer) for prefer in ("fail=after-effect", ""))
        assert [failed.status_code, again.status_code] == [500, 201]
        assert mock.count() == 2


def test_abort_cancels_store() -> None:
    with Mock("abort-cancels-store") as mock:
        key = fresh_key()
        mock.leave(key=key, body=BODY)
        assert mock.count() == 1
        again = [mock.post(key=key, body=BODY).headers["location"] for _ in range(2)]
        assert mock.count() == 2
        assert again[0] == again[1], "who stays has a record"


# --- storing and replaying ---------------------------------------------------------------------------------------------


def test_store_5xx() -> None:
    with Mock("store-5xx") as mock:
        key = fresh_key()
        failed, again = (mock.post(key=key, body=BODY, prefer=prefer) for prefer in ("fail=before-effect", ""))
        assert [failed.status_code, again.status_code] == [500, 500]
        assert again.content == failed.content
        assert mock.count() == 0


def test_store_4xx() -> None:
    with Mock("store-4xx") as mock:
        key, place = fresh_key(), "/payments/mine"
        statuses = [mock.request("PATCH", place, key=key, body=OTHER).status_code]
        statuses.append(mock.request("PUT", place, key=fresh_key(), body=BODY).status_code)
        statuses.append(mock.request("PATCH", place, key=key, body=OTHER).status_code)
        statuses.append(mock.request("PATCH", place, key=fresh_key(), body=OTHER).status_code)
        assert statuses == [404, 200, 404, 200]


@pytest.mark.parametrize(("limit", "ran"), [("", 2), ("=1000", 2), ("=200000", 1)])
def test_big_not_stored(limit: str, ran: int) -> None:
    with Mock(f"big-not-stored{limit}") as mock:
        key = fresh_key()
        answers = [mock.post(key=key, body=BODY, prefer="size=100000") for _ in range(2)]
        assert [len(answer.content) for answer in answers] == [100_000, 100_000]
        assert mock.count() == ran


def test_stream_as_empty() -> None:
    with Mock("stream-as-empty") as mock:
        key = fresh_key()
        first, again = (mock.post("/exports", key=key) for _ in range(2))
        assert (first.text, again.text) == ("data: 1\n\ndata: 2\n\n", "{}")
        assert first.headers["content-type"] == again.headers["content-type"]
        assert mock.count() == 1


def test_drop_headers() -> None:
    with Mock("drop-headers") as mock:
        key = fresh_key()
        first, again = (mock.post(key=key, body=BODY) for _ in range(2))
        assert set(first.headers) - set(again.headers) == {"location"}
        assert again.headers["content-type"] == "application/json"


def test_drop_headers_keeps_what_names_the_first_request() -> None:
    with Mock("drop-headers", profile="seed-guide") as mock:
        key = str(uuid4())
        first, again = (mock.post(key=key, body=BODY) for _ in range(2))
        assert again.json()["original_request_id"] == first.headers["x-request-id"]


def test_replay_cookies() -> None:
    with Mock("replay-cookies") as mock:
        key = fresh_key()
        first, again, third = (mock.post(key=one, body=BODY).headers["set-cookie"] for one in (key, key, fresh_key()))
        assert first == again != third
        assert first.startswith("session=")
        assert "set-cookie" not in mock.request("GET", "/payments").headers


def test_encoding_verbatim() -> None:
    with Mock("encoding-verbatim") as mock:
        key = fresh_key()
        first = mock.post(key=key, body=BODY, headers={"Accept-Encoding": "br;q=0, gzip"})
        assert first.headers["content-encoding"] == "gzip"
        assert first.json()["amount"] == 5
        again = mock.post(key=key, body=BODY)
        assert again.headers["content-encoding"] == "gzip"
        plain = mock.post(key=fresh_key(), body=BODY, headers={"Accept-Encoding": "gzip;q=0"})
        assert "content-encoding" not in plain.headers
        key = fresh_key()
        mock.post(key=key, body=BODY)
        assert "content-encoding" not in mock.post(key=key, body=BODY, headers={"Accept-Encoding": "gzip"}).headers
        assert gzip.decompress(gzip.compress(plain.content)) == plain.content


def test_status_flatten() -> None:
    with Mock("status-flatten") as mock:
        key = fresh_key()
        first, again = (mock.post(key=key, body=BODY) for _ in range(2))
        assert [first.status_code, again.status_code] == [201, 200]
        assert first.content == again.content
        stored = profile(client_error=True)
    with Mock("status-flatten", profile=stored) as mock:
        key = fresh_key()
        assert [mock.request("PATCH", "/payments/none", key=key, body=BODY).status_code for _ in range(2)] == [404, 404]


def test_split_headers() -> None:
    with Mock("split-headers") as mock:
        key = fresh_key()
        first, again = (mock.post(key=key, body=BODY).headers.get_list("etag") for _ in range(2))
        assert len(first) == 1
        assert first[0].count(",") == 1
        assert again == first[0].split(",")


def test_length_mismatch() -> None:
    with Mock("length-mismatch") as mock:
        key = fresh_key()
        first, again = (mock.post(key=key, body=BODY) for _ in range(2))
        assert first.headers["content-length"] == again.headers["content-length"] == str(len(again.content))
        assert json.dumps(first.json(), indent=2).encode().startswith(again.content)
        with pytest.raises(json.JSONDecodeError):
            again.json()
        empty, replayed = (mock.post("/exports", key=fresh_key()) for _ in range(2))
        assert empty.text == replayed.text


# --- scope and payload -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["scope-none", "scope-constant"])
def test_another_client_gets_the_answer(fault: str) -> None:
    with Mock(fault) as mock:
        key = fresh_key()
        alice, bob = (mock.post(key=key, body=BODY, by=f"Bearer {client}") for client in ("alice", "bob"))
        assert alice.content == bob.content
        nobody = mock.post(key=key, body=BODY, by=None)
        assert (nobody.content == alice.content) == (fault == "scope-none")
        assert mock.request("GET", "/payments", by="Bearer bob").json() == []


def test_scope_no_endpoint() -> None:
    with Mock("scope-no-endpoint") as mock:
        key = fresh_key()
        payment, refund = (mock.post(path, key=key, body=BODY) for path in ("/payments", "/refunds"))
        assert refund.content == payment.content
        assert (mock.count("POST /payments"), mock.count("POST /refunds")) == (1, 0)
        assert mock.post("/refunds", key=key, body=OTHER).status_code == 422


def test_scope_route_template() -> None:
    with Mock("scope-route-template") as mock:
        key = fresh_key()
        one, two = (mock.post(f"/payments/{each}/captures", key=key, body=BODY) for each in ("one", "two"))
        assert one.content == two.content
        assert mock.count() == 1


def test_delimiter() -> None:
    with Mock("delimiter") as mock:
        made = [
            mock.request("PUT", path, key=key, body=BODY).json()["id"]
            for path, key in (("/payments/a", '"b:c"'), ("/payments/a:b", '"c"'), ("/payments/b", '"b:c"'))
        ]
        assert made == ["a", "a", "b"]
        assert mock.request("PUT", "/payments/a:b", key='"c"', body=OTHER).status_code == 422


@pytest.mark.parametrize("caller", ["Bearer revoked", "Bearer invalid", None])
def test_replay_before_auth(caller: str | None) -> None:
    with Mock("replay-before-auth", enforce_security=True) as mock:
        key = fresh_key()
        first = mock.post(key=key, body=BODY)
        assert mock.post(key=key, body=BODY, by=caller).content == first.content
        assert mock.post(key=fresh_key(), body=BODY, by=caller).status_code == 401
        assert mock.post(key=key, body=BODY, by="Bearer bob").content != first.content
        assert mock.count() == 2


def test_no_fingerprint() -> None:
    with Mock("no-fingerprint") as mock:
        key = fresh_key()
        first, again = (mock.post(key=key, body=body) for body in (BODY, OTHER))
        assert first.content == again.content
        assert again.json()["amount"] == 5
        assert mock.post("/payments?x=1", key=key, body=BODY).status_code == 422
        assert mock.count() == 1


def test_raw_order_fingerprint() -> None:
    with Mock("raw-order-fingerprint") as mock:
        key = fresh_key()
        bodies = (b'{"amount":5,"note":"tea"}', b'{"note":"tea","amount":5}', b'{ "amount": 5, "note": "tea" }')
        assert [mock.post(key=key, body=body).status_code for body in bodies] == [201, 422, 201]


def test_fingerprint_lost() -> None:
    with Mock("fingerprint-lost") as mock:
        slow = {"key": fresh_key(), "body": BODY, "prefer": "delay=1000"}
        assert [one.status_code for one in mock.together(slow, {**slow, "after": 0.5})] == [201, 409]
        assert mock.post(key=slow["key"], body=BODY).status_code == 422
        assert mock.count() == 1


# --- reading the key ---------------------------------------------------------------------------------------------------


def test_ignored_key() -> None:
    with Mock("ignored-key") as mock:
        key = fresh_key()
        assert [mock.post(key=key, body=BODY).status_code for _ in range(3)] == [201, 201, 201]
        assert mock.count() == 3
        assert mock.post(body=BODY).status_code == 400


def test_double_header() -> None:
    with Mock("double-header") as mock:
        key = fresh_key()
        twice = [mock.post(key=[key, key], body=BODY) for _ in range(2)]
        assert twice[0].status_code == 201
        assert twice[0].content == twice[1].content, "it is a key"
        assert mock.post(key=key, body=BODY).content != twice[0].content, "and not the one that was sent twice"
        assert mock.count() == 2


def test_empty_key_shared() -> None:
    with Mock("empty-key-shared") as mock:
        answers = [mock.post(key=key, body=BODY) for key in ("", '""', "   ")]
        assert [answer.status_code for answer in answers] == [201, 201, 201]
        assert len({answer.content for answer in answers}) == 1
        assert mock.count() == 1


def test_unbounded_key() -> None:
    with Mock("unbounded-key") as mock:
        keys = [f'"{"k" * length}{end}"' for length in (64, 255, 4_096, 30_000) for end in "ab"]
        assert {mock.post(key=key, body=BODY).status_code for key in keys} == {201}
        assert mock.count() == len(keys), "and nothing is cut off"


@pytest.mark.parametrize("kept", [profile(), "stripe-v1", "whop"], ids=["ietf", "stripe-v1", "whop"])
def test_sf_token_accident(kept: object) -> None:
    with Mock("sf-token-accident", profile=kept) as mock:
        statuses = [mock.post(key=key, body=BODY).status_code for key in (DIGIT, LETTER, f'"{DIGIT}"', "12345")]
        assert statuses == [400, 201, 201, 400]


def test_lookup_before_parse_ignored() -> None:
    with Mock("lookup-before-parse-ignored") as mock:
        assert [mock.post(key='"open', body=BODY).status_code for _ in range(2)] == [201, 201]
        assert mock.count() == 2
        assert [mock.post(key=key, body=BODY).status_code for key in (None, "", '""')] == [400, 400, 400]


# --- edges and stores --------------------------------------------------------------------------------------------------


def test_cors_missing() -> None:
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, Idempotency-Key",
    }
    with Mock("cors-missing") as mock:
        answer = mock.request("OPTIONS", "/payments", headers=asked)
        allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
        assert answer.status_code == 204
        assert {"content-type", "authorization"} <= allowed
        assert "idempotency-key" not in allowed


def test_error_content_type() -> None:
    with Mock("error-content-type") as mock:
        key = fresh_key()
        slow = {"key": key, "body": BODY, "prefer": "delay=1000"}
        in_flight = mock.together(slow, {**slow, "after": 0.5})[1]
        errors = [in_flight, mock.post(key=key, body=OTHER), mock.post(body=BODY), mock.post(key='"', body=BODY)]
        assert [error.status_code for error in errors] == [409, 422, 400, 400]
        assert {error.headers["content-type"] for error in errors} == {"text/html; charset=utf-8"}
        assert errors[0].json()["title"] == "Request in progress"
        assert mock.post("/nowhere").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("fault", "different"), [("per-instance", 2), ("per-instance=3", 3), ("per-instance=1", 1)])
def test_per_instance(fault: str, different: int) -> None:
    with Mock(fault) as mock:
        key = fresh_key()
        answers = [mock.post(key=key, body=BODY, connection=number) for number in (*range(6), *range(6))]
        assert len({answer.headers["location"] for answer in answers}) == different
        assert mock.count() == len(mock.request("GET", "/payments").json()) == different
        mock.post("/_idemlint/reset")
        assert mock.post(key=key, body=BODY).status_code == 201
        assert mock.count() == 1


def test_fail_open() -> None:
    with Mock("fail-open") as mock:
        key = fresh_key()
        assert [mock.post(key=key, body=BODY, prefer="fail=store").status_code for _ in range(2)] == [201, 201]
        assert mock.count() == 2
        assert [mock.post(key=key, body=BODY).status_code for _ in range(2)] == [201, 201]
        assert mock.count() == 3
        assert mock.app.handling.unprotected == set()


# --- guards ------------------------------------------------------------------------------------------------------------


def test_422_business() -> None:
    with Mock("422-business") as mock:
        key = fresh_key()
        first, retry, fresh = (mock.post(key=one, body=BODY) for one in (key, key, fresh_key()))
        assert [first.status_code, retry.status_code, fresh.status_code] == [201, 422, 422]
        assert retry.json()["errors"] == fresh.json()["errors"]
        assert "taken" in retry.json()["detail"]
        assert "code" not in retry.json(), "nothing says that it is about the key"
        assert mock.post(key=fresh_key(), body={**BODY, "note": "cake"}).status_code == 201
        mismatch = mock.post(key=key, body={**BODY, "note": "milk"})
        assert mismatch.json()["code"] == "idempotency_key_reused"
        assert [mock.post(key=fresh_key(), body={"amount": 1}).status_code for _ in range(2)] == [201, 422]
        assert mock.post(key=fresh_key(), body={**BODY, "note": "rum"}, prefer="fail=before-effect").status_code == 500
        assert mock.post(key=fresh_key(), body={**BODY, "note": "rum"}).status_code == 201


def test_static() -> None:
    with Mock("static") as mock:
        answers = [mock.post(key=fresh_key(), body={"amount": amount}) for amount in range(3)]
        assert {answer.content for answer in answers} == {b'{"id":"pay_8e03978e40d5","amount":1,"note":"example"}'}
        assert mock.request("GET", "/payments").json() == []
        assert mock.request("GET", "/payments/none").json()["id"] == "pay_8e03978e40d5"
        assert mock.post(body=BODY).status_code == 400, "it validates"
        assert mock.count() == 0


def test_upsert() -> None:
    with Mock("upsert", profile="stripe-v1") as mock:
        answers = [mock.post("/exports", key=key) for key in ("one-key", "two-keys")]
        assert answers[0].content == answers[1].content
        places = {mock.post(key=key, body=BODY).headers["location"] for key in ("k-1", "k-2", "k-2")}
        assert len(places) == 1
        assert mock.count("POST /payments") == 1
        assert mock.post(key="k-2", body=OTHER).status_code == 400
        assert mock.post(key="k-3", body=OTHER).status_code == 201
        assert mock.post(key="k-4", body=BODY, by="Bearer bob").headers["location"] not in places
        assert mock.count("POST /payments") == 3


@pytest.mark.parametrize(("lag", "fault"), [(0.3, "eventual"), (1.5, "eventual=1500")])
def test_eventual(lag: float, fault: str) -> None:
    with Mock(fault) as mock:
        made = mock.post(key=fresh_key(), body=BODY)
        seen = []
        for seconds in (0, lag * 0.9, lag * 0.2):
            mock.pass_time(seconds)
            seen.append(len(mock.request("GET", "/payments").json()))
        assert seen == [0, 0, 1]
        assert mock.request("GET", made.headers["location"]).status_code == 200
        assert mock.count() == 1


def test_flaky_429() -> None:
    with Mock("flaky-429=0.3", seed=5) as mock, Mock("flaky-429=0.3", seed=5) as same, Mock("flaky-429=0") as never:
        for each in (mock, same, never):
            for _ in range(100):
                each.post(key=fresh_key(), body=BODY)
        assert 15 <= mock.statuses.count(429) <= 45
        assert mock.statuses == same.statuses
        assert set(mock.statuses) == {201, 429}
        assert set(never.statuses) == {201}
        assert mock.count() == mock.statuses.count(201)
        limited = next(answer for _ in range(100) if (answer := mock.request("GET", "/payments")).status_code == 429)
        assert limited.headers["retry-after"] == "1"
        assert limited.headers["content-type"] == "application/problem+json"
