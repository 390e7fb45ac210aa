"""Lists longer than a page: read on, or not believed. A list that cannot grow any more proves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from api_server import api_server
from probed import failures, probed, results
from small_api import DOCUMENT

from idemlint.openapi.document import parse
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References
from idemlint.probe.exchange import Call, Exchange
from idemlint.probe.masks import Masks
from idemlint.probe.oracle import Effects, ListCount
from idemlint.probe.paging import PagedCount
from idemlint.probe_report import EffectCount
from idemlint.reporters.probe.evidence import seen_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from api_server import ApiServer
    from small_api import Answer

    from idemlint.openapi.operations import Operation
    from idemlint.probe_report import CheckResult, ProbeReport

Query = dict[str, str]
RACES = ("RPL-01", "CON-01", "CON-02", "CON-03", "CON-04", "CON-06", "FLT-01", "FLT-02", "FLT-03")


def integer(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "integer", **schema}}


LIMIT = integer("limit", maximum=10)


def document(*parameters: dict[str, Any], total: str = "") -> dict[str, Any]:
    """The small payments API, its list with pages."""
    found = copy.deepcopy(DOCUMENT)
    get = found["paths"]["/payments"]["get"]
    get["parameters"] = list(parameters)
    if total:
        schema = {"properties": {"items": {"type": "array"}, total: {"type": "integer"}}}
        get["responses"]["200"]["content"]["application/json"]["schema"] = schema
    return found


def listing(*parameters: dict[str, Any]) -> Operation:
    references = References(parse(json.dumps(document(*parameters)), "x.json"))
    return next(each for each in operations(references) if each.method == "get")


class Target:
    """A client, and a list behind it."""

    def __init__(self, page: Callable[[list[int], Query], Any], length: int) -> None:
        self.page = page
        self.items = list(range(length))
        self.queries: list[Query] = []

    async def send(self, call: Call) -> Exchange:
        self.queries.append(dict(parse_qsl(urlsplit(call.url).query)))
        data = self.page(self.items, self.queries[-1])
        status = 404 if data is None else 200
        return Exchange(len(self.queries), call, status, (), json.dumps(data).encode())


def by_offset(items: list[Any], query: Query) -> Any:
    offset = int(query.get("offset") or query.get("skip") or 0)
    return items[offset:][: min(int(query.get("limit", 5)), 10)]


def by_number(first: int, size: int) -> Callable[[list[Any], Query], Any]:
    def page(items: list[Any], query: Query) -> Any:
        start = (int(query.get("page", first)) - first) * size
        return items[start : start + size] if start <= len(items) else None

    return page


def counted(items: list[Any], query: Query, name: str = "totalCount") -> Any:
    return {"items": by_offset(items, query), name: len(items)}


def page_counted(items: list[Any], query: Query) -> Any:
    page = by_offset(items, query)
    return {"items": page, "count": len(page)}


@pytest.mark.parametrize(
    ("parameters", "query", "page", "length", "expected"),
    [
        ((LIMIT, integer("offset")), "?limit=10", by_offset, 34, 34),
        ((LIMIT, integer("offset")), "?limit=10", by_offset, 40, 40),
        ((LIMIT, integer("skip", default=0)), "?limit=10", by_offset, 34, 34),
        ((integer("offset"),), "", by_offset, 12, 12),  # how long a page is, nobody says
        ((integer("limit"), integer("offset")), "?limit=100", by_offset, 34, 34),  # fewer are given than were asked for
        ((integer("page", minimum=0),), "", by_number(0, 5), 12, 12),
        ((integer("page"),), "", by_number(1, 5), 10, 10),
        ((integer("page"),), "", by_number(1, 5), 3, 3),
        ((integer("page"),), "", lambda items, query: items[:5], 12, 5),  # no page is heeded, nor asked for in vain
        ((LIMIT,), "?limit=10", by_offset, 9, 9),
        ((LIMIT,), "?limit=10", by_offset, 10, None),
        ((LIMIT,), "?limit=10", counted, 10, 10),
        ((LIMIT,), "?limit=10", page_counted, 10, None),
        ((LIMIT, integer("offset")), "?limit=10", by_offset, 60, None),
        ((), "", lambda items, query: {"items": items[:5], "has_more": len(items) > 5}, 12, None),
        ((), "", lambda items, query: {"items": items[:5], "next": "http://elsewhere/x"}, 12, None),
        ((), "", by_offset, 4, 4),
    ],
)
def test_a_list_is_read_to_its_end_or_not_counted(
    parameters: Any, query: str, page: Any, length: int, expected: int | None
) -> None:
    target = Target(page, length)
    oracle = PagedCount(target, f"http://h/payments{query}", listing(*parameters), tag="", headers=())
    assert asyncio.run(oracle.read()) == expected
    asked = len(target.queries)
    assert asyncio.run(oracle.read()) == expected
    assert oracle.overlong is (expected is None)
    assert len(target.queries) <= asked * (1 if expected is None else 2)


def readings(page: Any, *lengths: int) -> tuple[list[int | None], list[int]]:
    """What is read as a list grows, and the number of requests for each."""
    target = Target(page, 0)
    oracle = PagedCount(target, "http://h/x?limit=10", listing(LIMIT, integer("offset")), tag="", headers=())
    values, costs = [], []
    for length in lengths:
        target.items, before = list(range(length)), len(target.queries)
        values.append(asyncio.run(oracle.read()))
        costs.append(len(target.queries) - before)
    return values, costs


def test_a_total_that_rose_with_the_items_stands_for_them() -> None:
    values, costs = readings(counted, 8, 9, 11, 45, 80, 500)
    assert values == [8, 9, 11, 45, 80, 500]
    assert costs == [1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "page",
    [
        page_counted,
        lambda items, query: {"items": by_offset(items, query), "total": 4_200},
        lambda items, query: {"items": by_offset(items, query), "total": 3 * len(items)},
    ],
)
def test_a_number_that_is_no_total_does_not(page: Any) -> None:
    values, costs = readings(page, 8, 9, 34, 80, 81)
    assert values == [8, 9, 34, None, None]
    assert costs == [1, 1, 4, 5, 0]


class Counting(ListCount):
    """A list of which no more is seen than one page of four."""

    def __init__(self) -> None:
        self.name, self.attributed, self.lags, self.overlong = "GET /payments", True, False, False
        self.made = 0

    async def read(self) -> int | None:
        return min(self.made, 4)


def answers(oracle: Counting, *ids: str, ran: int, key: str) -> list[Exchange]:
    oracle.made += ran
    call = Call("x", "POST", "http://h/payments", (("Idempotency-Key", key),), b"{}")
    return [Exchange(number, call, 201, (), json.dumps({"id": each}).encode()) for number, each in enumerate(ids)]


def count(effects: Effects, oracle: Counting, *ids: str, ran: int, key: str = "k") -> tuple[int, bool]:
    async def work() -> EffectCount:
        before = await effects.before()
        return await effects.since(before, answers(oracle, *ids, ran=ran, key=key))

    found = asyncio.run(work())
    return found.least, found.exact


def test_more_new_ids_than_effects_make_a_count_inexact() -> None:
    oracle = Counting()
    effects = Effects(oracle, Masks(frozenset({"/id"})))
    assert count(effects, oracle, "a", "a", ran=1) == (1, True)
    assert count(effects, oracle, "a", ran=0) == (0, True)  # known since before
    assert count(effects, oracle, "b", "c", ran=2) == (2, True)
    assert count(effects, oracle, "d", "e", ran=2) == (2, False)  # the page is full with the first
    assert effects.exact
    assert count(effects, oracle, "f", "f", ran=1) == (1, False)
    assert (effects.exact, effects.name) == (False, "ids in the answers")
    assert count(effects, oracle, "g", "h", ran=2) == (2, False)


def test_what_differs_in_every_answer_overrules_no_count() -> None:
    oracle = Counting()
    effects = Effects(oracle, Masks(frozenset({"/id"})))
    assert count(effects, oracle, "a", "b", ran=2) == (2, True)  # no key, perhaps: both rightly ran
    assert count(effects, oracle, "c", "d", "e", ran=1) == (1, True)
    assert effects.exact


@contextlib.contextmanager
def paged(page: Callable[[list[Any], Query], Any], *, old: int = 0, hidden: bool = False, races: bool = False) -> Any:
    """The small payments API with pages; `hidden`: duplicates run, and are answered as if they had not."""
    with api_server(races=races) as server:
        payments = server.api.answer
        server.api.payments += [{"id": f"old_{number}", "amount": 1, "note": "old"} for number in range(old)]

        def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
            if method == "GET":
                data = page(list(server.api.payments), dict(parse_qsl(urlsplit(path).query)))
                return 200, {"Content-Type": "application/json"}, json.dumps(data).encode()
            status, fields, content = payments(method, path, headers, body)
            if hidden and (fields.pop("Idempotent-Replayed", None) or status == 409):
                server.api.payments.append({**json.loads(body), "id": f"twice_{len(server.api.payments)}"})
            return status, fields, content

        server.api.answer = answer
        yield server


def run(server: ApiServer, described: dict[str, Any], *checks: str, **settings: Any) -> ProbeReport:
    return probed(json.dumps(described), server.url, select=("CTL-01", *checks), rounds=8, burst=4, **settings)


def one(report: ProbeReport, identifier: str) -> CheckResult:
    [found] = results(report, identifier)
    return found


@pytest.mark.parametrize(
    ("parameters", "total"), [((LIMIT, integer("offset")), ""), ((LIMIT,), "totalCount"), ((LIMIT,), "count")]
)
def test_a_server_that_keeps_its_promises_passes_strongly_on_a_long_list(parameters: Any, total: str) -> None:
    def page(items: list[Any], query: Query) -> Any:
        return counted(items, query, total) if total else by_offset(items, query)

    with paged(page, old=4) as server:
        report = run(server, document(*parameters, total=total), "RPL-01", "CON-01", "CON-02", "FLT-01", "FLT-02")
    assert failures(report) == {}
    assert [
        (each.id, each.verdict.value, each.weak) for each in report.operations[0].checks if each.axis == "safety"
    ] == [(each, "pass", False) for each in ("RPL-01", "CON-01", "CON-02", "FLT-01", "FLT-02")]


def test_nothing_passes_strongly_on_a_list_that_is_full() -> None:
    with paged(lambda items, query: items[:10], old=4) as server:  # four more, and no word of it
        report = run(server, document(), *RACES)
    assert failures(report) == {}
    for each in report.operations[0].checks:
        if each.axis == "safety" and each.id != "RPL-01":
            assert each.weak or each.verdict.value == "inconclusive", (each.id, each.reason)
            assert "one effect" not in each.reason, each.reason
    assert report.operations[0].oracle == "ids in the answers"


def test_double_work_that_a_full_list_does_not_show_fails_in_true_numbers() -> None:
    with paged(lambda items, query: items[:10], old=4, races=True) as server:
        report = run(server, document(), *RACES)
    found = failures(report)
    assert {"CON-01", "CON-02"} <= set(found)
    for each in ("CON-01", "CON-02"):
        effects = one(report, each).effects
        assert effects.least == len(effects.ids)
        assert not effects.exact


def test_a_lost_answer_and_its_retry_are_not_one_effect_because_the_list_is_full() -> None:
    with paged(lambda items, query: items[:7], hidden=True) as server:  # full while the retry runs
        report = run(server, document(), "RPL-01", "FLT-01", "FLT-02")
    assert set(failures(report)) == {"RPL-01"}
    for each in ("FLT-01", "FLT-02"):
        assert one(report, each).verdict.value == "inconclusive", one(report, each).reason


def untagged(items: list[Any], query: Query) -> Any:
    return [{"id": each["id"]} for each in items]


def test_a_count_that_told_of_double_work_three_times_is_believed_from_then_on() -> None:
    with paged(untagged, hidden=True) as server:
        report = run(server, document(), *RACES)
    found = failures(report)
    assert "three times running" in found["RPL-01"]
    assert {"CON-01", "CON-06", "FLT-01", "FLT-02"} <= set(found)
    with paged(untagged, hidden=True) as server:
        report = run(server, document(), "CON-01", "CON-06", "FLT-02")
    assert failures(report) == {}
    assert "another actor?" in one(report, "CON-01").reason
    assert "another actor?" in one(report, "CON-06").reason


def test_a_report_says_what_the_oracle_missed() -> None:
    missed = EffectCount(3, False, "GET /payments", 50, 50, ("a", "b", "c"))
    assert seen_by(missed) == "GET /payments, 50 before, 50 after (the answers tell of 3 or more)"
