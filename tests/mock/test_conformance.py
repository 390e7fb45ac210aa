"""The contract over HTTP, on every store, served by one process and by four: once each, and the same answer ever after."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from keyed_client import Reply, connections, get, post
from mock_stores import STORES, on_a_loop, store_url
from served import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyed_client import Connection
    from served import Served

DOCUMENT = Path(__file__).parents[2] / "fixtures/apis/mock/payments.yaml"
CONCURRENT = 50
ROUNDS = 200
KEYS = 10_000
CONNECTIONS = 64
# What plays DynamoDB here answers one request at a time, in some milliseconds.
SLOW_KEYS = int(os.environ.get("IDEMLINT_DYNAMODB_KEYS", "100"))


@pytest.fixture(scope="module", params=[f"{store}-{workers}" for store in STORES for workers in (1, 4)])
def mock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    store, _, workers = request.param.partition("-")
    url = store_url(store, request, tmp_path_factory.mktemp("store"))
    with served(DOCUMENT, "--store", url, "--workers", workers) as running:
        running.keys = SLOW_KEYS if store == "dynamodb" else KEYS
        yield running


def payment(amount: int) -> bytes:
    return b'{"amount":%d,"currency":"EUR"}' % amount


async def effects(port: int) -> dict[str, int]:
    async with connections(port, 1) as (connection,):
        answer = json.loads((await connection.ask(get("/_idemlint/effects"))).body)
    assert sum(answer["operations"].values()) == answer["total"]
    counts: dict[str, int] = answer["operations"]
    return counts


@on_a_loop
async def test_concurrent_duplicates_run_the_work_once(mock: Any) -> None:
    before = (await effects(mock.port)).get("POST /payments", 0)
    rounds = max(2, ROUNDS * mock.keys // KEYS)
    async with connections(mock.port, CONCURRENT) as open_connections:
        for turn in range(rounds):
            # Every other time, the first is still at work when all others come.
            prefer = "delay=20" if turn % 2 else ""
            request = post("/payments", f"duplicates-{turn}", payment(turn + 1), prefer=prefer)
            replies = await asyncio.gather(*(each.ask(request) for each in open_connections))
            first = [reply for reply in replies if reply.status == 201 and not reply.replayed]
            assert len(first) == 1, [(reply.status, reply.replayed) for reply in replies]
            assert json.loads(first[0].body)["amount"] == turn + 1
            assert not prefer or any(reply.status == 409 for reply in replies)
            for reply in (*replies, await open_connections[turn % CONCURRENT].ask(request)):
                if reply.status == 409:
                    assert b"\r\nretry-after: " in reply.head
                    assert json.loads(reply.body)["status"] == 409
                else:
                    same(reply, first[0])
        again = await open_connections[0].ask(request)
        assert again.replayed
    assert (await effects(mock.port))["POST /payments"] - before == rounds


@on_a_loop
async def test_distinct_keys_get_each_its_own_answer_and_each_replay_is_it(mock: Any) -> None:
    before = (await effects(mock.port)).get("POST /payments", 0)
    firsts: dict[int, Reply] = {}

    async def first(connection: Connection, numbers: Iterator[int]) -> None:
        for number in numbers:
            reply = await connection.ask(post("/payments", f"distinct-{number}", payment(number + 1)))
            assert (reply.status, reply.replayed) == (201, False), reply
            assert json.loads(reply.body)["amount"] == number + 1
            firsts[number] = reply

    async def replay(connection: Connection, numbers: Iterator[int]) -> None:
        for number in numbers:
            reply = await connection.ask(post("/payments", f"distinct-{number}", payment(number + 1)))
            assert reply.replayed
            same(reply, firsts[number])

    async with connections(mock.port, CONNECTIONS) as open_connections:
        for step in (first, replay):
            numbers = iter(range(mock.keys))
            await asyncio.gather(*(step(connection, numbers) for connection in open_connections))
    assert len({reply.location for reply in firsts.values()}) == mock.keys
    assert (await effects(mock.port))["POST /payments"] - before == mock.keys


def same(reply: Reply, first: Reply) -> None:
    assert (reply.status, reply.body, reply.location) == (first.status, first.body, first.location)
