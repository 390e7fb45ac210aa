"""Stores that go away: the caller hears of it soon, nothing is done meanwhile, and it works again when they are back."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keyed_client import Reply, connections, get, post
from mock_stores import on_a_loop, opened, store_url
from served import served
from services import RedisServer, free_port, need

from idemlint.mock.keys import Record
from idemlint.mock.messages import Answer, Effect
from idemlint.mock.stores import open_store
from idemlint.mock.stores.protocol import Store, StoreDownError, Written

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "fixtures/apis/mock/payments.yaml"
NOW = 1_700_000_000.0
SOON = 2.0
KEY = "d" * 32
ANSWER = Answer(201, (), b"{}")


@contextmanager
def heard_of_soon() -> Iterator[None]:
    started = time.monotonic()
    with pytest.raises(StoreDownError):
        yield
    assert time.monotonic() - started < SOON


async def claim(store: Store, key: str = KEY, owner: str = "owner") -> Record | None:
    return (await store.claim(key, fingerprint="f", owner=owner, now=NOW, lease=30.0)).found


async def complete(store: Store) -> Written:
    return await store.complete(
        KEY, owner="owner", answer=ANSWER, expires=NOW + 60.0, effects=[Effect("POST /payments")]
    )


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    need("redis", "redis")
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@on_a_loop
async def test_redis_that_dies_is_heard_of_and_used_again_with_its_scripts_gone(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as store:
        assert await claim(store) is None
        redis_server.stop()
        for _ in range(3):
            with heard_of_soon():
                await complete(store)
        redis_server.start()
        assert await complete(store) is Written.LOST  # it remembers nothing
        assert await claim(store) is None
        assert await complete(store) is Written.DONE
        assert await store.counts() == {"POST /payments": 1}


@on_a_loop
async def test_redis_that_hangs_keeps_nobody_waiting_and_mixes_no_answers_up(redis_server: RedisServer) -> None:
    async with opened(redis_server.url) as store:
        assert await claim(store) is None
        redis_server.signal(signal.SIGSTOP)
        try:
            started = time.monotonic()
            results = await asyncio.gather(
                *(claim(store, f"{number:032x}") for number in range(100)), return_exceptions=True
            )
            assert time.monotonic() - started < SOON
            assert all(isinstance(each, StoreDownError) for each in results)
        finally:
            redis_server.signal(signal.SIGCONT)
        await asyncio.sleep(0.1)
        # What was asked before the pause may have been done since, and its answers must not come to others.
        found = await asyncio.gather(*(claim(store, f"{number:032x}", f"second {number}") for number in range(100)))
        assert {each.owner for each in found if each is not None} <= {"owner"}
        assert await claim(store, owner="another") == Record("f", "owner", NOW + 30.0)


@on_a_loop
async def test_redis_without_memory_refuses_and_does_nothing_by_halves(redis_server: RedisServer) -> None:
    from redis.asyncio import Redis

    async with opened(redis_server.url) as store, Redis.from_url(redis_server.url) as client:
        assert await claim(store) is None
        await client.config_set("maxmemory", 1)
        with heard_of_soon():
            await complete(store)
        await client.config_set("maxmemory", 0)
        assert await store.counts() == {}
        assert await complete(store) is Written.DONE


@on_a_loop
async def test_postgres_that_hangs_up_is_used_again(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    import psycopg

    url = store_url("postgres", request, tmp_path)
    async with opened(url) as store:
        assert await claim(store) is None
        await asyncio.gather(*(claim(store, f"{number:032x}") for number in range(8)))
        with psycopg.connect(url.partition("?")[0], autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        await asyncio.sleep(0.1)
        assert await complete(store) is Written.DONE


@on_a_loop
async def test_postgres_that_waits_for_a_lock_keeps_nobody_waiting(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    import psycopg

    url = store_url("postgres", request, tmp_path)
    schema = url.rpartition("=")[2]
    async with opened(url) as store:
        assert await claim(store) is None
        with psycopg.connect(url.partition("?")[0]) as other:
            other.execute(f"LOCK TABLE {schema}.records IN ACCESS EXCLUSIVE MODE")
            with heard_of_soon():
                await complete(store)
        await complete(store)
        assert await store.counts() == {"POST /payments": 1}
        assert await store.read(KEY, now=NOW) == Record("f", "owner", NOW + 60.0, ANSWER)


@pytest.mark.parametrize(
    ("scheme", "library", "extra"),
    [("redis", "redis", "redis"), ("postgresql", "psycopg", "postgres"), ("dynamodb", "boto3", "dynamodb")],
)
@on_a_loop
async def test_nobody_at_that_port_is_heard_of_when_the_store_is_opened(scheme: str, library: str, extra: str) -> None:
    need(library, extra)
    store = open_store(f"{scheme}://idemlint@127.0.0.1:{free_port()}/idemlint")
    with heard_of_soon():
        await store.open()
    await store.close()


@on_a_loop
async def test_a_locked_file_is_waited_for_without_stopping_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    async with opened(f"sqlite:{path}") as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(claim(store))
        longest = 0.0
        for _ in range(20):
            started = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - started)
        assert not waiting.done()
        assert longest < 0.2
        assert await store.counts() == {}  # readers wait for nobody
        other.execute("ROLLBACK")
        assert await waiting is None
        other.execute("BEGIN IMMEDIATE")
        with heard_of_soon():
            await complete(store)
        other.execute("ROLLBACK")
        other.close()
        assert await store.counts() == {}
        assert await complete(store) is Written.DONE


@on_a_loop
async def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE records (theirs TEXT)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(StoreDownError, match="something else"):
        await open_store(f"sqlite:{path}").open()
    (tmp_path / "text.db").write_text("no database at all " * 100)
    with pytest.raises(StoreDownError, match=r"text\.db"):
        await open_store(f"sqlite:{tmp_path / 'text.db'}").open()
    with pytest.raises(StoreDownError, match="nowhere"):
        await open_store(f"sqlite:{tmp_path / 'nowhere' / 'mock.db'}").open()
    assert path.read_bytes() == before


@on_a_loop
async def test_who_gave_up_waiting_leaves_no_trace(tmp_path: Path) -> None:
    async with opened(f"sqlite:{tmp_path / 'mock.db'}") as store:
        waiting = asyncio.create_task(claim(store))
        await asyncio.sleep(0)
        waiting.cancel()
        assert await claim(store, owner="next") is None


def test_over_http_a_store_that_is_down_is_a_503_and_no_effect(redis_server: RedisServer) -> None:
    async def ask(request: bytes) -> Reply:
        async with connections(mock.port, 1) as (connection,):
            return await connection.ask(request)

    request = post("/payments", "key", b'{"amount":1,"currency":"EUR"}')
    with served(DOCUMENT, "--store", redis_server.url) as mock:
        redis_server.stop()
        started = time.monotonic()
        down = asyncio.run(ask(request))
        assert time.monotonic() - started < SOON
        assert down.status == 503
        assert b"\r\nretry-after: " in down.head
        assert b"traceback" not in down.body.lower()
        redis_server.start()
        first, again = asyncio.run(ask(request)), asyncio.run(ask(request))
        assert (first.status, first.replayed) == (201, False)
        assert (again.status, again.replayed, again.body) == (201, True, first.body)
        effects = asyncio.run(ask(get("/_idemlint/effects")))
        assert json.loads(effects.body) == {"operations": {"POST /payments": 1}, "total": 1}
