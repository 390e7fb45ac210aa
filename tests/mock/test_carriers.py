"""Keys as they travel: quotes, lists, formats, bodies, and the 28 profiles' own ways."""

from __future__ import annotations

import asyncio
import json
from email.utils import formatdate
from typing import Any
from uuid import UUID, uuid4

import pytest
from handled import ask, handling, value
from hypothesis import example, given
from hypothesis import strategies as st

from idemlint.contract.loading import load_profile, profile_names
from idemlint.mock.answers import Answers
from idemlint.mock.carriers import Carriers
from idemlint.mock.identity import canonical
from idemlint.mock.messages import Answer, Request
from idemlint.mock.policy import policy_of
from idemlint.mock.routing import Route
from idemlint.mock.structured_field import parse_string, serialize_string
from idemlint.openapi.document import parse
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References

UUID4 = "8e03978e-40d5-43e8-bc93-6894a57f9324"
UUID7 = "018f6b1c-7a2b-7c3d-9e4f-0123456789ab"
UUID1 = "c232ab00-9414-11ec-b3c8-9f6bdeced846"
LETTER = "ce03978e-40d5-43e8-bc93-6894a57f9324"
NOW = 1_700_000_000.0
_PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))


def route(method: str = "post", *parameters: dict[str, Any]) -> Route:
    document = {"openapi": "3.1.0", "paths": {"/orders": {method: {"parameters": list(parameters), "responses": {}}}}}
    operation = operations(References(parse(json.dumps(document), source="orders.json")))[0]
    return Route(operation, operation.label, operation.template, {})


def carriers(profile: str, now: float = NOW) -> Carriers:
    policy = policy_of(load_profile(profile))
    return Carriers(policy, Answers(policy), lambda: now)


def read(
    profile: str,
    *headers: tuple[str, str],
    body: bytes = b"",
    query: str = "",
    at: Route | None = None,
    now: float = NOW,
) -> str | int | None:
    """The key, the status of the refusal, or None."""
    at = at or route()
    method = at.label.partition(" ")[0]
    found = carriers(profile, now).key(Request(method, "/orders", query=query, headers=headers, body=body), at)
    return found.status if isinstance(found, Answer) else found


def header(profile: str, text: str, **more: Any) -> str | int | None:
    name = str(policy_of(load_profile(profile)).carrier.name).lower()
    return read(profile, (name, text), **more)


# --- quotes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "ietf", "stripe", "telnyx"),
    [
        (f'"{UUID4}"', UUID4, UUID4, 400),
        (UUID4, 400, UUID4, UUID4),
        (LETTER, 400, LETTER, LETTER),
        ("12345", 400, "12345", "12345"),
        (f'"{UUID4}";v=1', UUID4, UUID4, 400),
        (f'"{UUID4}" ; v', 400, 400, 400),
        ('"a", "b"', 400, 400, 400),
        ("a, b", 400, 400, 400),
        ("a,b", 400, 400, 400),
        ('"a, b"', "a, b", "a, b", 400),
        ('""', 400, 400, 400),
        ('"  "', 400, 400, 400),
        ('"a', 400, 400, 400),
        ('"a\\"b"', 'a"b', 'a"b', 400),
        ('"a\\nb"', 400, 400, 400),
        ('"\u00fc"', 400, 400, 400),
        ("k\u00fc", 400, "k\u00fc", 400),
        ("a\x00b", 400, 400, 400),
        ("?1", 400, "?1", 400),
    ],
)
def test_one_header_value_read_strictly_leniently_and_bare(
    sent: str, ietf: str | int, stripe: str | int, telnyx: str | int
) -> None:
    assert header("ietf-07", sent) == ietf
    assert header("stripe-v1", sent) == stripe
    assert header("telnyx", sent) == telnyx


@given(_PRINTABLE)
def test_quoting_goes_round(text: str) -> None:
    """RFC 9651, sections 4.1.6 and 4.2.5."""
    assert parse_string(serialize_string(text)) == text
    assert parse_string(f' {serialize_string(text)};a=1; b=?0;c;d="x" ') == text


@given(st.text().filter(lambda text: any(not " " <= letter <= "~" for letter in text)))
def test_a_string_holds_printable_ascii_alone(text: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        serialize_string(text)
    assert parse_string(f'"{text}"') is None


@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).filter(lambda t: t.strip('"')[:1] != '"')
)
def test_what_is_no_string_is_not_taken_for_one(text: str) -> None:
    if not text.strip(" ").startswith('"'):
        assert parse_string(text) is None


@pytest.mark.parametrize("value_", ['"a" b', '"a";', '"a";V=1', '"a"; v=', '"a\\', "'a'", "a", '"a""b"', ":YQ==:"])
def test_no_item_is_no_key(value_: str) -> None:
    assert parse_string(value_) is None


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='",\\'), min_size=1, max_size=60)
)
def test_quoted_and_bare_are_one_key_where_both_are_read(text: str) -> None:
    assert header("stripe-v1", f'"{text}"') == header("stripe-v1", text) == text


# --- which operations, and without a key ------------------------------------------------------------------------------


def declared(name: str = "Idempotency-Key", *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string", **schema}}


def test_a_key_counts_by_method_or_by_declaration() -> None:
    assert header("stripe-v1", "k", at=route("get")) is None
    assert header("stripe-v1", "k", at=route("delete")) is None
    assert header("stripe-v1", "k", at=route("put", declared())) == "k"
    assert header("hyperline", "k" * 16, at=route("put")) == "k" * 16
    assert header("ietf-07", '"k"', at=route("patch")) == "k"


@pytest.mark.parametrize("profile", profile_names())
def test_a_missing_key_is_what_the_profile_says(profile: str) -> None:
    policy = policy_of(load_profile(profile))
    found = read(profile)
    if policy.required is True:
        assert found == policy.on_missing.status
    elif policy.missing == "generate":
        assert UUID(str(found))
    else:
        assert found is None


def test_the_document_may_require_what_the_profile_does_not() -> None:
    assert read("ietf-07", at=route("post", declared(required=True))) == 400
    assert read("ietf-07", at=route("post", declared())) is None
    assert read("stripe-v1", at=route("post", declared(required=True))) == 400
    assert read("payroc", at=route("post")) == 400
    assert read("payroc", at=route("patch")) is None


@pytest.mark.parametrize("blank", ["", " ", "\t", '""', '" "'])
def test_a_blank_key_is_never_run_without_protection(blank: str) -> None:
    assert header("stripe-v1", blank) == 400
    assert header("ietf-07", blank) == 400


def test_a_header_sent_twice_is_refused() -> None:
    assert read("stripe-v1", ("idempotency-key", "a"), ("idempotency-key", "a")) == 400
    assert read("stripe-v1", ("idempotency-key", "a"), ("idempotency-key", "b")) == 400


# --- format -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "good", "bad"),
    [
        ("seed-guide", [UUID4, UUID7], [UUID1, UUID4 + "0", UUID4[:-1], f'"{UUID4}"', "x" * 36]),
        ("payroc", [UUID4, f'"{UUID4}"', UUID4.upper()], [UUID7, UUID1, "k"]),
        ("adyen", ["k", "k" * 64], ["k" * 65]),
        ("paypal", ["k" * 108], ["k" * 109]),
        ("increase", ["k" * 200], ["k" * 201]),
        ("stripe-v1", ["k" * 255], ["k" * 256]),
        ("whop", ["\u00fc" * 127], ["\u00fc" * 128, "k" * 256]),
        ("razorpay-payouts", ["a b_-", "abcd"], ["abc", "a" * 37, "a.bcd"]),
        ("mangopay", ["a" * 16, UUID4], ["a" * 15, "a" * 37, "a_" * 10]),
        ("moov", ["k" * 36], ["k" * 37]),
        ("telnyx", ["a:b_c-D", "k" * 255], ["a b", "a.b", "k" * 256]),
        ("zuora", ["k" * 254], ["k" * 255]),
        ("hyperline", ["k" * 16], ["k" * 15]),
        ("worldline-direct", ["k" * 40], ["k" * 41, "\u00fc"]),
        ("amazon-pay", ["a-b_C", "k" * 32], ["k" * 33, UUID4, "a b"]),
        ("ietf-07", ['"k"', f'"{UUID4}"'], ["k", '"' + "k" * 256 + '"']),
    ],
)
def test_formats_of_headers(profile: str, good: list[str], bad: list[str]) -> None:
    for text in good:
        assert header(profile, text) == text.strip('"'), text
    for text in bad:
        assert header(profile, text) == 400, text


@pytest.mark.parametrize("profile", profile_names())
@pytest.mark.parametrize(
    "text", ["k" * 1_000_000, "../../etc", "%00", "*", "${x}", "'; --", "\u202e", "\x7f", "\udc80"]
)
def test_no_key_can_break_the_reader(profile: str, text: str) -> None:
    found = header(profile, text) if policy_of(load_profile(profile)).carrier.location == "header" else None
    assert found is None or found == 400 or found == text


def test_the_documents_own_schema_of_the_header_counts() -> None:
    long = route("post", declared(maxLength=8))
    assert header("stripe-v1", "k" * 8, at=long) == "k" * 8
    assert header("stripe-v1", "k" * 9, at=long) == 400
    exact = route("post", declared(format="uuid"))
    assert header("stripe-v1", UUID4, at=exact) == UUID4
    assert header("stripe-v1", f'"{UUID4}"', at=exact) == UUID4
    assert header("stripe-v1", "k", at=exact) == 400
    quoted = route("post", declared(pattern='^"[a-z]+"$'))
    assert header("ietf-07", '"abc"', at=quoted) == "abc"
    assert header("stripe-v1", "abc", at=quoted) == "abc"
    assert header("ietf-07", '"123"', at=quoted) == 400
    number = route("post", declared(type="integer"))
    assert header("stripe-v1", "123", at=number) == "123"
    assert header("stripe-v1", "\u00b2", at=number) == 400


def test_a_schema_with_an_expensive_pattern_stops_nobody() -> None:
    bad = route("post", declared(pattern="^(a+)+$"))
    assert header("stripe-v1", "a" * 200 + "!", at=bad) == 400


# --- other carriers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["square", "cash-app-pay", "plaid-bank-transfer"])
def test_a_key_in_the_body(profile: str) -> None:
    def sent(key: Any) -> str | int | None:
        return read(profile, ("content-type", "application/json"), body=json.dumps({"idempotency_key": key}).encode())

    assert sent("k1") == "k1"
    assert sent("k" * 300) == 400
    assert sent("") == 400
    assert sent(5) == 400
    assert sent({"a": 1}) == 400
    assert sent("a, b") == "a, b"
    assert read(profile, body=b"[]") == (None if profile == "square" else 400)
    assert read(profile, body=b"\xff") == (None if profile == "square" else 400)


def test_a_key_in_the_body_is_no_part_of_the_payload() -> None:
    reader, at = carriers("square"), route()
    one = Request("POST", "/orders", body=b'{"idempotency_key": "a", "n": 1}')
    two = Request("POST", "/orders", body=b'{"n": 1.0, "idempotency_key": "b"}')
    assert reader.without_key(one, at) == reader.without_key(two, at) == b'{"n":1}'


def test_aip_155_binds_the_field_anywhere() -> None:
    assert read("aip-155", query=f"request_id={UUID4}") == UUID4
    assert read("aip-155", query=f"requestId={UUID4}") == UUID4
    assert read("aip-155", body=json.dumps({"requestId": UUID4}).encode()) == UUID4
    assert read("aip-155", body=json.dumps({"request_id": "k"}).encode()) == 400
    assert read("aip-155", query=f"request_id={UUID4}&request_id={UUID7}") == 400
    assert read("aip-155") is None


def test_aws_binds_the_parameter_in_query_or_form() -> None:
    form = ("content-type", "application/x-www-form-urlencoded")
    assert read("aws-ec2", query="ClientToken=abc&x=1") == "abc"
    assert read("aws-ec2", form, body=b"ClientToken=a%20b&x=1") == "a b"
    assert read("aws-ec2", query=f"ClientToken={'k' * 65}") == 400
    generated = read("aws-ec2", query="x=1")
    assert UUID(str(generated))
    assert generated != read("aws-ec2", query="x=1")
    reader = carriers("aws-ec2")
    sent = [Request("POST", "/orders", headers=[form], body=f"x=1&ClientToken={key}".encode()) for key in "ab"]
    assert reader.without_key(sent[0], route()) == reader.without_key(sent[1], route()) == b"x=1"


@pytest.mark.parametrize(("seconds", "status"), [(0, UUID4), (-299, UUID4), (299, UUID4), (-301, 412), (301, 412)])
def test_azure_wants_the_time_first_sent_within_its_window(seconds: float, status: str | int) -> None:
    first = formatdate(NOW + seconds, usegmt=True)
    assert (
        read("azure-repeatability", ("repeatability-request-id", UUID4), ("repeatability-first-sent", first)) == status
    )


def test_azure_refuses_half_of_the_pair_and_other_dates() -> None:
    identifier, first = ("repeatability-request-id", UUID4), "repeatability-first-sent"
    assert read("azure-repeatability", identifier) == 400
    assert read("azure-repeatability", (first, formatdate(NOW, usegmt=True))) == 400
    assert read("azure-repeatability") is None
    for text in (
        "yesterday",
        "2023-11-14T22:13:20Z",
        "Tue, 14 Nov 2023 22:13:20 +0000",
        "Xxx, 99 Nov 2023 22:13:20 GMT",
    ):
        assert read("azure-repeatability", identifier, (first, text)) == 400
    twice = [(first, formatdate(NOW, usegmt=True))] * 2
    assert read("azure-repeatability", identifier, *twice) == 400
    answer = carriers("azure-repeatability").key(Request("POST", "/orders", headers=[identifier]), route())
    assert isinstance(answer, Answer)
    assert answer.header("repeatability-result") == "rejected"


# --- fingerprints -----------------------------------------------------------------------------------------------------

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def same(one: Any, two: Any) -> bool:
    """Equality of JSON values: 1 and 1.0 are equal, 1 and true are not."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[name], two[name]) for name in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    return (type(one) in (int, float) and type(two) in (int, float) and one == two) or (
        type(one) is type(two) and one == two
    )


@example(2**53, float(2**53))
@example(10**300, 1e300)
@example({"a": True}, {"a": 1})
@example(0, -0.0)
@given(_JSON, _JSON)
def test_one_spelling_for_one_value(one: Any, two: Any) -> None:
    assert (canonical(one) == canonical(two)) is same(one, two)


@given(_JSON, st.randoms(use_true_random=False))
def test_order_space_and_spelling_of_members_make_no_difference(tree: Any, random: Any) -> None:
    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            names = list(node)
            random.shuffle(names)
            return {name: shuffled(node[name]) for name in names}
        return [shuffled(item) for item in node] if isinstance(node, list) else node

    reader, at = carriers("stripe-v1"), route()
    one = Request("POST", "/orders", body=json.dumps(tree).encode())
    two = Request(
        "POST",
        "/orders",
        body=json.dumps(shuffled(tree), indent=2, ensure_ascii=False).encode("utf-8", "surrogatepass"),
    )
    assert reader.without_key(one, at) == reader.without_key(two, at)


def test_what_is_no_json_is_compared_byte_by_byte() -> None:
    reader, at = carriers("stripe-v1"), route()
    for body in (b"", b"a=1&b=2", b"\xff\x00", b"{", b"[" * 100_000):
        assert reader.without_key(Request("POST", "/orders", body=body), at) == body
    deep = b"[" * 900 + b"]" * 900
    assert reader.without_key(Request("POST", "/orders", body=deep), at) in (deep, b"[" * 900 + b"]" * 900)


# --- through all steps ------------------------------------------------------------------------------------------------


def test_quoted_then_bare_replays() -> None:
    handled = handling("payments", "stripe-v1")
    body = {"amount": 5, "currency": "EUR"}
    first = ask(handled, "POST /payments", body, key='"k"')
    again = ask(handled, "POST /payments", body, key="k")
    assert first.status == again.status == 201
    assert value(first) == value(again)
    assert again.header("idempotent-replayed") == "true"
    assert first.header("idempotent-replayed") is None


def test_a_refused_key_does_nothing() -> None:
    handled = handling("payments", "seed-guide")
    body = {"amount": 5, "currency": "EUR"}
    for key in (None, "", "k", f'"{uuid4()}"', UUID1):
        assert ask(handled, "POST /payments", body, key=key).status == 400
    assert asyncio.run(handled.store.counts()) == {}
