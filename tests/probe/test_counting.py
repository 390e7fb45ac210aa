"""Effects are seen on servers that make it hard: pages with the newest last, balances, unique constraints."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from bank import DOCUMENT, bank

from idemlint.contract.loading import load_profile
from idemlint.openapi.document import parse
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References
from idemlint.openapi.samples import Sampler
from idemlint.probe.changing import ChangedNumber, changing_oracles
from idemlint.probe.cleanup import arguments_in
from idemlint.probe.client import Client
from idemlint.probe.exchange import Call, Exchange
from idemlint.probe.expectations import expectations_of
from idemlint.probe.link import NetworkLink
from idemlint.probe.listing import PagedCount, effect_lists, list_oracles
from idemlint.probe.principals import FIRST, Principal
from idemlint.probe.samples import RequestSample
from idemlint.probe.session import Session
from idemlint.probe.settings import Settings
from idemlint.probe.transport import GatedTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bank import Bank

    from idemlint.openapi.operations import Operation
    from idemlint.probe_report import OperationResult

PROFILE = load_profile("ietf-07")
REFERENCES = References(parse(DOCUMENT, "bank.yaml"))


def operation(label: str, references: References = REFERENCES) -> Operation:
    return next(each for each in operations(references) if each.label == label)


def with_client(work: Callable[[Client], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        client = Client(NetworkLink(GatedTransport()), {FIRST: Principal(FIRST)}, budget=500)
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(run())


def probed(open_bank: Bank, label: str, **settings: Any) -> OperationResult:
    """The controls of one operation, run for real."""

    async def run() -> Any:
        wanted: dict[str, Any] = {"wanted": lambda each: each.label == label, "select": ("CTL-01", "RPL-01")}
        session = Session(REFERENCES, PROFILE, Settings(open_bank.url, **{**wanted, **settings}))
        link = NetworkLink(GatedTransport())
        try:
            going = session.run(link)
            async for _ in going.events():
                pass
            return going.report()
        finally:
            await link.close()

    report = asyncio.run(run())
    assert report.notes == ()
    return report.operations[0]


def check(result: OperationResult, identifier: str) -> Any:
    return next(each for each in result.checks if each.id == identifier)


def test_a_list_with_the_newest_on_its_last_page_is_read_to_the_end() -> None:
    with bank() as open_bank:
        open_bank.payments = {f"old_{number}": {"id": f"old_{number}"} for number in range(5)}
        result = probed(open_bank, "POST /payments")
        assert result.oracle == "GET /payments"
        assert check(result, "CTL-01").reason == "GET /payments rose by one with each of two keys"
        assert check(result, "RPL-01").verdict.value == "fail"  # the bank heeds no keys, and that was seen
        assert open_bank.count("GET", r"/payments\?per_page=3&page=2") > 0


def test_a_unique_constraint_is_met_with_other_values_for_each_key() -> None:
    with bank() as open_bank:
        result = probed(open_bank, "POST /customers")
        assert not check(result, "CTL-01").weak
        assert result.oracle == "GET /customers"
        emails = [each["email"] for each in open_bank.customers.values()]
        assert len(set(emails)) == len(emails) > 1
        duplicates = [
            body["email"] for method, target, _, body in open_bank.seen if (method, target) == ("POST", "/customers")
        ]
        assert len(duplicates) > len(set(duplicates))  # duplicates of one key are duplicates still


def test_a_server_that_refuses_the_example_gets_another_request() -> None:
    with bank() as open_bank:
        result = probed(open_bank, "POST /parcels", select=("FPR-01",))
        assert check(result, "CTL-01").verdict.value == "pass"
        assert check(result, "FPR-01").verdict.value == "fail"  # the other payload, made anew, was carried out
        assert all("value" not in each for each in open_bank.parcels)
        assert len({each["weight"] for each in open_bank.parcels}) == 2


def test_lists_get_the_arguments_that_they_need() -> None:
    parameters = [
        {"name": "account", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "year", "in": "query", "required": True, "schema": {"type": "integer"}, "example": 2024},
        {"name": "page_size", "in": "query", "schema": {"type": "integer", "maximum": 250}},
        {"name": "sort", "in": "query", "schema": {"enum": ["asc", "desc"]}},
        {"name": "filter", "in": "query", "schema": {"type": "string"}},
    ]
    answer = {
        "content": {"application/json": {"schema": {"properties": {"meta": {"properties": {"total_count": {}}}}}}}
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            "/accounts/{account}/cards": {
                "get": {"parameters": parameters, "responses": {"200": {"description": "list", **answer}}},
                "post": {"responses": {}},
            }
        },
    }
    references = References(parse(json.dumps(document), "x.json"))
    post = operation("POST /accounts/{account}/cards", references)

    class Watching:
        def __init__(self) -> None:
            self.urls: list[str] = []

        async def send(self, call: Call) -> Exchange:
            self.urls.append(call.url)
            text = json.dumps({"data": [{"id": 1}], "meta": {"total_count": 17}})
            return Exchange(1, call, 200, (("Content-Type", "application/json"),), text.encode())

    client = Watching()
    found = list_oracles(
        references,
        post,
        RequestSample(post.template, {"account": "a/b"}),
        client=client,
        base_url="http://h/v1",
        tag="",
        sampler=Sampler(references),
        expectations=lambda each: expectations_of(each, PROFILE),
    )
    assert [each.name for each in found] == [
        "GET /accounts/{account}/cards",
        "meta/total_count of GET /accounts/{account}/cards",
    ]
    assert [asyncio.run(each.read()) for each in found] == [1, 17]
    assert set(client.urls) == {"http://h/v1/accounts/a%2Fb/cards?year=2024&page_size=250&sort=desc"}


@pytest.mark.parametrize(
    ("headers", "body", "second"),
    [
        ((("Link", '<http://h/x?p=2>; rel="next", <http://h/x>; rel="first"'),), [1], "http://h/x?p=2"),
        ((("Link", '<http://evil/x?p=2>; rel="next"'),), [1], None),
        ((), {"items": [1], "links": {"next": {"href": "/x?p=2"}}}, "http://h/x?p=2"),
        ((), {"data": [1], "next": None}, None),
        ((("Link", "<" * 50_000),), [1], None),
    ],
)
def test_the_next_page(headers: Any, body: Any, second: str | None) -> None:
    class Watching:
        def __init__(self) -> None:
            self.urls: list[str] = []

        async def send(self, call: Call) -> Exchange:
            self.urls.append(call.url)
            more = headers if len(self.urls) == 1 else ()
            data = body if len(self.urls) == 1 else [2]
            return Exchange(1, call, 200, more, json.dumps(data).encode())

    client = Watching()
    oracle = PagedCount(client, "http://h/x", operation("GET /customers"), tag="", headers=())
    foreign = any("evil" in value for _, value in headers)  # there is more, and it is not asked for
    assert asyncio.run(oracle.read()) == (None if foreign else 1 if second is None else 2)
    assert client.urls == ["http://h/x", *([second] if second else [])]


def test_cursors_are_followed() -> None:
    async def work(client: Client) -> int | None:
        (oracle,) = list_oracles(
            REFERENCES,
            operation("POST /customers"),
            RequestSample("/customers", {}),
            client=client,
            base_url=open_bank.url,
            tag="",
            sampler=Sampler(REFERENCES),
            expectations=lambda each: expectations_of(each, PROFILE),
        )
        return await oracle.read()

    with bank() as open_bank:
        open_bank.customers = {str(number): {"id": str(number)} for number in range(10)}
        assert with_client(work) == 10
        assert open_bank.count("GET", r"/customers\?limit=4&cursor=8") == 1


def test_a_balance_tells_effects_that_no_list_shows() -> None:
    with bank() as open_bank:
        result = probed(open_bank, "POST /accounts/{account_id}/deposits")
        assert result.oracle == "a number in GET /accounts/{account_id}"
        assert (
            check(result, "CTL-01").reason == "a number in GET /accounts/{account_id} rose by one with each of two keys"
        )
        replay = check(result, "RPL-01")
        assert replay.verdict.value == "fail"
        assert replay.effects.least == 4


def readings(open_bank: Bank, balances: list[dict[str, Any]]) -> list[int | None]:
    """What a ChangedNumber reads as an account goes through these states; the first is read twice."""

    async def work(client: Client) -> list[int | None]:
        oracle = ChangedNumber(client, Call("item", "GET", f"{open_bank.url}/accounts/a"), name="x")
        found = []
        for state in balances:
            open_bank.accounts["a"] = state
            found.append(await oracle.read())
        return found

    return list(with_client(work))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([{"balance": 10}, {"balance": 15}, {"balance": 20}, {"balance": 35}], [0, 1, 2, 5]),
        ([{"balance": "10.00"}, {"balance": "7.50"}, {"balance": "5.00"}], [0, 1, 2]),
        ([{"version": 3, "amount": 9}, {"version": 4, "amount": 2}, {"version": 5, "amount": 8}], [0, 1, 2]),
        ([{"balance": 10}, {"balance": 15}, {"balance": 17}], [0, 1, None]),  # no whole steps: no count
        ([{"label": "a"}, {"label": "b"}, {"label": "c"}], [0, 0, 0]),
        ([{"updated": 1}, {"updated": 2}, {"updated": 3}], [0, 0, 0]),  # a clock counts seconds, not effects
    ],
)
def test_steps_of_a_number(states: list[dict[str, Any]], expected: list[int | None]) -> None:
    with bank() as open_bank:
        assert readings(open_bank, states) == expected


def test_a_number_that_reading_changes_is_no_oracle() -> None:
    async def work(client: Client) -> list[int | None]:
        oracle = ChangedNumber(client, Call("item", "GET", f"{open_bank.url}/accounts/a"), name="x")
        return [await oracle.read() for _ in range(3)]

    class Counting(dict[str, Any]):
        def items(self) -> Any:
            self["views"] = self.get("views", 0) + 1
            return super().items()

    with bank() as open_bank:
        open_bank.accounts["a"] = Counting(views=0)
        assert with_client(work) == [0, 0, 0]


def test_no_number_is_offered_where_the_other_payload_would_move_it_by_more() -> None:
    sample = RequestSample("/accounts/{account_id}/deposits", {"account_id": "a"}, value={"amount": 100})
    one = operation("POST /accounts/{account_id}/deposits")

    async def work(client: Client) -> list[int]:
        found = []
        for amount in (101, 200):
            other = sample.with_value({"amount": amount}, difference="/amount")
            found.append(len(changing_oracles(REFERENCES, one, sample, other, client=client, base_url="http://x")))
        return found

    assert with_client(work) == [1, 0]


def test_which_lists_should_grow() -> None:
    paths = {
        "/payments": ["get", "post"],
        "/payments/{id}": ["get", "patch"],
        "/payments/{id}/refund": ["post"],
        "/refunds": ["get"],
        "/transfers": ["get"],
        "/transfers/create": ["post"],
        "/accounts/{id}/cards": ["get", "post"],
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {path: {method: {"responses": {}} for method in methods} for path, methods in paths.items()},
    }
    references = References(parse(json.dumps(document), "x.json"))
    found = {
        each.label: [one.label for one in effect_lists(references, each)]
        for each in operations(references)
        if each.method != "get"
    }
    assert found == {
        "POST /payments": ["GET /payments"],
        "PATCH /payments/{id}": [],
        "POST /payments/{id}/refund": ["GET /refunds"],
        "POST /transfers/create": ["GET /transfers"],
        "POST /accounts/{id}/cards": ["GET /accounts/{id}/cards"],
    }


def test_path_arguments_of_a_url() -> None:
    template = "http://h/v1/accounts/{a}/cards/{b}"
    assert arguments_in(template, "http://h/v1/accounts/x%2Fy/cards/2?q=1") == {"a": "x/y", "b": "2"}
    assert arguments_in(template, "http://h/v1/accounts/x/cards") is None
    assert arguments_in("http://h/a.b", "http://h/aXb") is None
