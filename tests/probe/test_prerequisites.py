"""What has to exist is found or made, for real, before a request is tried."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from bank import DOCUMENT, bank

from idemlint.contract.loading import load_profile
from idemlint.openapi.document import parse
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References
from idemlint.probe.client import BudgetUsedUpError, Client
from idemlint.probe.exchange import Call, Exchange
from idemlint.probe.expectations import expectations_of
from idemlint.probe.link import NetworkLink
from idemlint.probe.links import evaluate
from idemlint.probe.nouns import noun_of, noun_of_name, same_noun, shape
from idemlint.probe.principals import FIRST, Principal
from idemlint.probe.reading import id_in, id_in_location
from idemlint.probe.sampling import SampleMaker
from idemlint.probe.transport import GatedTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from bank import Bank

    from idemlint.openapi.operations import Operation
    from idemlint.probe.samples import RequestSample

PROFILE = load_profile("ietf-07")
TAG = "idemlint-0123456789"
REFERENCES = References(parse(DOCUMENT, "bank.yaml"))


def operation(label: str) -> Operation:
    return next(each for each in operations(REFERENCES) if each.label == label)


@asynccontextmanager
async def maker(open_bank: Bank, *, budget: int = 500, **settings: Any) -> AsyncIterator[SampleMaker]:
    client = Client(NetworkLink(GatedTransport()), {FIRST: Principal(FIRST)}, budget=budget)
    try:
        yield SampleMaker(
            REFERENCES,
            client=client,
            base_url=open_bank.url,
            expectations=lambda each: expectations_of(each, PROFILE),
            **{"settings": {}, "hooks": None, "tag": TAG, "seed": 1, **settings},
        )
    finally:
        await client.close()


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def send(open_bank: Bank, made: SampleMaker, label: str, sample: RequestSample) -> Exchange:
    """The request as the probe would send it, with a key."""
    headers = [*sample.headers, ("Idempotency-Key", "5f0c9c9e-2f0e-4c39-9d52-3f3ad0c8f001")]
    if sample.media_type:
        headers.append(("Content-Type", sample.media_type))
    method = label.partition(" ")[0]
    call = Call("test", method, open_bank.url + sample.target(), tuple(headers), sample.encode(sample.value))
    return await made.prerequisites.client.send(call)


@pytest.mark.parametrize(
    "label",
    [
        "POST /customers",
        "POST /payments",  # account_id, of an account that lies below a customer
        "POST /payments/{payment_id}/capture",  # a payment that tells its id in Location alone
        "POST /accounts/{account_id}/deposits",  # made by another path's POST
        "PATCH /accounts/{account_id}",
        "POST /refunds",  # payment: {id}
        "POST /venues/{code}/tickets",  # just a link knows, and the example is of no use
        "POST /orders",  # a widget that nobody makes: the first of a list
        "POST /boxes/{name}/open",  # made by PUT
    ],
)
def test_the_first_request_is_taken(label: str) -> None:
    async def work() -> Exchange:
        async with maker(open_bank) as making:
            made = await making.make(operation(label))
            assert made.sample is not None, made.blocked
            return await send(open_bank, making, label, made.sample)

    with bank() as open_bank:
        exchange = run(work())
    assert exchange.ok, (exchange.status, exchange.body)


def test_what_exists_is_made_once_for_all_operations() -> None:
    async def work() -> None:
        async with maker(open_bank) as making:
            for label in ("POST /payments", "POST /refunds", "POST /payments/{payment_id}/capture"):
                await making.make(operation(label))

    with bank() as open_bank:
        run(work())
        assert open_bank.count("POST", "/customers") == 1
        assert open_bank.count("POST", "/customers/cus_1/accounts") == 1
        assert open_bank.count("POST", "/payments") == 1


def test_another_target_is_a_second_resource() -> None:
    async def work() -> tuple[RequestSample, RequestSample]:
        async with maker(open_bank) as making:
            made = await making.make(operation("POST /payments/{payment_id}/capture"))
            another = await making.another_target(operation("POST /payments/{payment_id}/capture"))
            assert (await send(open_bank, making, "POST", another)).ok
            return made.sample, another

    with bank() as open_bank:
        first, second = run(work())
        assert first.target() != second.target()
        assert set(open_bank.payments) == {"pay_1", "pay_2"}


def test_an_operation_without_a_parent_has_no_other_target() -> None:
    async def work() -> RequestSample | None:
        async with maker(open_bank) as making:
            await making.make(operation("POST /customers"))
            return await making.another_target(operation("POST /customers"))

    with bank() as open_bank:
        assert run(work()) is None


def test_producers_leave_the_plain_unique_values_to_the_checks() -> None:
    async def work() -> Exchange:
        async with maker(open_bank) as making:
            await making.make(operation("POST /payments"))  # makes a customer
            made = await making.make(operation("POST /customers"))
            assert made.sample.value["email"] == "ada@example.com"
            return await send(open_bank, making, "POST", made.sample)

    with bank() as open_bank:
        assert run(work()).status == 201


def test_producers_that_take_keys_get_one_and_reads_get_none() -> None:
    async def work() -> None:
        async with maker(open_bank) as making:
            await making.make(operation("POST /payments/{payment_id}/capture"))
            await making.make(operation("POST /orders"))

    with bank() as open_bank:
        run(work())
        keys = {f"{method} {target}": headers.get("idempotency-key") for method, target, headers, _ in open_bank.seen}
    assert keys["POST /payments"]
    assert keys["POST /customers"]
    assert keys["POST /customers/cus_1/accounts"] is None  # declares none
    assert keys["GET /widgets"] is None


def test_configuration_comes_before_all_else() -> None:
    async def work() -> RequestSample:
        settings = {
            "POST /payments/{payment_id}/capture": {"path": {"payment_id": "pay_given"}},
            "POST /refunds": {"body": {"payment.id": "pay_given", "amount": 7}},
        }
        async with maker(open_bank, settings=settings) as making:
            capture = await making.make(operation("POST /payments/{payment_id}/capture"))
            assert capture.sample.target() == "/payments/pay_given/capture"
            return (await making.make(operation("POST /refunds"))).sample

    with bank() as open_bank:
        sample = run(work())
        assert sample.value == {"payment": {"id": "pay_given"}, "amount": 7}
        assert not open_bank.seen


def test_what_cannot_be_made_is_told_with_a_way_out() -> None:
    async def work() -> Any:
        async with maker(open_bank) as making:
            return await making.make(operation("POST /reviews"))

    with bank() as open_bank:
        made = run(work())
    assert made.hint == (
        'film_id must exist. Give one with [tool.idemlint.probe.operations."POST /reviews"] body.film_id = "…" or a hook.'
    )


def test_what_an_earlier_answer_told_is_used() -> None:
    async def work() -> Exchange:
        async with maker(open_bank) as making:
            await making.make(operation("POST /payments"))
            made = await making.make(operation("POST /ledgers/{ledger_id}/entries"))
            assert made.sample.target() == "/ledgers/led_acc_1/entries"
            return await send(open_bank, making, "POST", made.sample)

    with bank() as open_bank:
        assert run(work()).status == 201


def test_what_is_borrowed_is_told() -> None:
    async def work() -> list[str]:
        async with maker(open_bank) as making:
            await making.make(operation("POST /orders"))
            return await making.finish(clean_up=True)

    with bank() as open_bank:
        notes = run(work())
    assert notes == ["POST /orders: widget_id is an item of GET /widgets that this run did not make"]


def test_the_budget_holds_for_prerequisites_too() -> None:
    async def work() -> None:
        async with maker(open_bank, budget=2) as making:
            await making.make(operation("POST /refunds"))

    with bank() as open_bank, pytest.raises(BudgetUsedUpError):
        run(work())
    assert len(open_bank.seen) == 2


def test_what_was_made_is_deleted_on_request() -> None:
    async def work() -> list[str]:
        async with maker(open_bank) as making:
            await making.make(operation("POST /payments/{payment_id}/capture"))
            assert open_bank.payments
            assert open_bank.customers
            assert await making.finish(clean_up=False) == []
            assert open_bank.payments
            return await making.finish(clean_up=True)

    with bank() as open_bank:
        assert run(work()) == []
        assert open_bank.payments == {}
        assert open_bank.customers == {}


def test_what_cannot_be_deleted_is_told() -> None:
    async def work() -> list[str]:
        async with maker(open_bank, budget=3) as making:
            await making.make(operation("POST /payments"))
            making.prerequisites.client.budget = making.prerequisites.client.sent
            return await making.finish(clean_up=True)

    with bank() as open_bank:
        notes = run(work())
    assert len(notes) == 1
    assert re.fullmatch(r"1 resource was not deleted: the budget of \d requests was used up", notes[0])


@pytest.mark.parametrize(
    ("answer", "name", "noun", "identifier"),
    [
        ({"payment_id": "a", "id": "b"}, "payment_id", "payment", "a"),
        ({"paymentId": "a", "id": "b"}, "payment_id", "payment", "a"),
        ({"id": 7}, "payment_id", "payment", "7"),
        ({"id": True}, "id", "", None),
        ({"payment": {"id": "a"}, "customer": {"id": "b"}}, "id", "payment", "a"),
        ({"data": {"id": "a"}, "token": "not this"}, "id", "payment", "a"),
        ({"Payments": [{"PaymentID": "a"}]}, "PaymentID", "payment", "a"),
        ({"customer": {"id": "b"}, "amount": {"value": 1}}, "id", "payment", None),
        ({"id": ".."}, "id", "", None),
        ({"id": "x" * 10_000}, "id", "", None),
        ([], "id", "", None),
    ],
)
def test_the_identifier_of_an_answer(answer: Any, name: str, noun: str, identifier: str | None) -> None:
    assert id_in(answer, name, noun) == identifier


@pytest.mark.parametrize(
    ("location", "collection", "identifier"),
    [
        ("https://host/v1/payments/pay_1", "/payments", "pay_1"),
        ("/payments/a%2Fb", "/payments", "a/b"),
        ("/jobs/17", "/payments", None),
        ("", "/payments", None),
        ("/payments/", "/payments", None),
    ],
)
def test_the_identifier_in_a_location(location: str, collection: str, identifier: str | None) -> None:
    assert id_in_location(location, collection) == identifier


def test_nouns() -> None:
    assert noun_of("/v1/payment_intents") == "payment intent"
    assert noun_of("/beneficiaries/") == "beneficiary"
    assert noun_of("/payments/{id}") == ""
    assert noun_of("/addresses") == "address"
    assert noun_of("/2010/Calls.json") == "call"
    assert shape("/Calls/{Sid}.json") == shape("/Calls/{id}/")
    assert noun_of_name("paymentIntentID") == "payment intent"
    assert noun_of_name("id") == ""
    assert noun_of_name("paid") is None
    assert noun_of_name("amount") is None
    assert same_noun("source account", "account") == 1
    assert same_noun("account", "account") == 2
    assert same_noun("external payment", "payment") == 0
    assert same_noun("amount", "account") == 0


def test_runtime_expressions_of_links() -> None:
    call = Call("x", "POST", "http://host/users/7?q=a%20b", (("X-Team", "red"),), b'{"name": "Ada"}')
    exchange = Exchange(1, call, 201, (("Location", "/users/8"),), b'{"id": 8, "a/b": [1, "two"]}')
    expected = {
        "$response.body#/id": 8,
        "$response.body#/a~1b/1": "two",
        "$response.body#/none": None,
        "$response.header.location": "/users/8",
        "$request.header.x-team": "red",
        "$request.body#/name": "Ada",
        "$request.path.id": "7",
        "$request.query.q": "a b",
        "$method": "POST",
        "$statusCode": 201,
        "$url": "http://host/users/7?q=a%20b",
        "user-{$response.body#/id}": "user-8",
        "user-{$response.body#/none}": None,
        "plain": "plain",
        "$nonsense": None,
    }
    assert {each: evaluate(each, exchange, {"id": "7"}) for each in expected} == expected
    assert evaluate(5, exchange, {}) == 5
