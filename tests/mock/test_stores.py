"""One suite for all stores: what the state machine says, under concurrency, from several processes, and at the limits."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from key_machine import KeyMachine
from mock_stores import SHARED, STORES, on_a_loop, opened, store_url
from process import environment

from idemlint.mock.keys import FOREVER, Record
from idemlint.mock.messages import Answer, Effect
from idemlint.mock.stores import open_store
from idemlint.mock.stores.memory import MemoryStore
from idemlint.mock.stores.protocol import MAX_ANSWER, Resource, Store, StoreDownError, Written

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_700_000_000.0
LEASE = 30.0
KEY = "c" * 32
POST = "POST /payments"
ANSWER = Answer(201, (("content-type", "application/json"), ("location", "/payments/1")), b'{"id":"1"}')
SLOW = {"dynamodb"}


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return store_url(request.param, request, tmp_path)


@pytest.fixture(params=SHARED)
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return store_url(request.param, request, tmp_path)


def fewer(url: str, many: int, few: int) -> int:
    """Moto takes some milliseconds for what the others do in microseconds."""
    return few if url.startswith("dynamodb") else many


async def claim(store: Store, key: str = KEY, *, owner: str = "owner", now: float = NOW) -> Record | None:
    return (await store.claim(key, fingerprint="fingerprint", owner=owner, now=now, lease=LEASE)).found


async def complete(store: Store, key: str = KEY, *, owner: str = "owner", **more: Any) -> Written:
    return await store.complete(key, owner=owner, **{"answer": ANSWER, "expires": NOW + 100.0, **more})


def created(identifier: str, value: bytes = b"{}", principal: str = "alice") -> Effect:
    return Effect(POST, "create", principal, "/payments", identifier, value)


class Synchronous:
    """A store without `await`, as the state machine calls it."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return lambda *arguments, **named: self._loop.run_until_complete(method(*arguments, **named))


def test_every_order_of_steps_does_what_the_model_says(url: str) -> None:
    loop = asyncio.new_event_loop()
    store: Any = open_store(url)
    if hasattr(store, "_sweeping"):
        store._sweeping = 0
    synchronous = Synchronous(store, loop)

    class Machine(KeyMachine):
        backend = synchronous

    try:
        synchronous.open()
        examples = fewer(url, 40, 4)
        run_state_machine_as_test(Machine, settings=settings(max_examples=examples, stateful_step_count=40))
        synchronous.reset()
        synchronous.close()
    finally:
        loop.close()


@on_a_loop
async def test_one_of_fifty_concurrent_claims_wins(url: str) -> None:
    async with opened(url) as store:
        for turn in range(fewer(url, 40, 2)):
            key = f"{turn:032x}"
            owners = [f"owner-{number}" for number in range(50)]
            claims = await asyncio.gather(*(claim(store, key, owner=owner) for owner in owners))
            winners = [owner for owner, found in zip(owners, claims, strict=True) if found is None]
            assert len(winners) == 1
            unfinished = Record("fingerprint", winners[0], NOW + LEASE)
            assert [found for found in claims if found is not None] == [unfinished] * 49
            written = await asyncio.gather(
                *(complete(store, key, owner=owner, effects=[created(f"{turn}-{owner}")]) for owner in owners)
            )
            assert sorted(each.value for each in written) == ["done"] + ["lost"] * 49
            assert (
                await asyncio.gather(*(claim(store, key, owner=owner) for owner in owners))
                == [Record("fingerprint", winners[0], NOW + 100.0, ANSWER)] * 50
            )
            assert await store.counts() == {POST: turn + 1}
            assert len(await store.resources("/payments", "alice")) == turn + 1


RACER = """
import asyncio, json, random, sys
from idemlint.mock.messages import Answer, Effect
from idemlint.mock.stores import open_store
from idemlint.mock.stores.memory import MemoryStore

async def main(url, name, keys):
    store = open_store(url)
    await store.open()
    random.Random(name).shuffle(keys)
    won = []
    async def run(key):
        claim = await store.claim(key, fingerprint="f", owner=name, now=1.7e9, lease=30)
        if claim.found is None:
            won.append(key)
            effect = Effect("POST /payments", "create", "", "/payments", key, b"{}")
            await store.complete(key, owner=name, answer=Answer(201, ()), expires=1.8e9, effects=[effect])
    for start in range(0, len(keys), 16):
        await asyncio.gather(*map(run, keys[start : start + 16]))
    await store.close()
    print(json.dumps(won))

asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
"""


def test_several_processes_start_together_and_share_each_key_out_once(shared_url: str) -> None:
    keys = [f"{number:032x}" for number in range(fewer(shared_url, 200, 12))]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, shared_url, f"racer-{number}", json.dumps(keys)],
            stdout=subprocess.PIPE,
            env=environment(),
        )
        for number in range(fewer(shared_url, 4, 2))
    ]
    outputs = [racer.communicate(timeout=60)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * len(racers)
    assert sorted(key for output in outputs for key in json.loads(output)) == keys

    @on_a_loop
    async def counted() -> None:
        async with opened(shared_url) as store:
            assert await store.counts() == {POST: len(keys)}
            assert sorted(found.identifier for found in await store.resources("/payments", "")) == keys

    counted()


@on_a_loop
async def test_a_slow_owner_neither_completes_nor_releases_the_next_ones_claim(url: str) -> None:
    async with opened(url) as store:
        assert await claim(store, owner="slow") is None
        assert await claim(store, owner="next", now=NOW + LEASE) is None
        assert await complete(store, owner="slow", effects=[created("1")]) is Written.LOST
        assert await store.release(KEY, owner="slow", effects=[created("2")]) is Written.LOST
        assert not await store.renew(KEY, owner="slow", now=NOW, lease=LEASE)
        assert await store.read(KEY, now=NOW) == Record("fingerprint", "next", NOW + 2 * LEASE)
        assert await store.counts() == {}
        assert await store.resources("/payments", "alice") == []


@on_a_loop
async def test_a_released_key_is_a_first_one_again_and_its_effects_stay(url: str) -> None:
    async with opened(url) as store:
        await claim(store)
        assert await store.release(KEY, owner="owner", effects=[Effect(POST)]) is Written.DONE
        assert await store.read(KEY, now=NOW) is None
        again = await store.claim(KEY, fingerprint="another", owner="next", now=NOW, lease=LEASE)
        assert (again.found, again.expired) == (None, False)
        assert await store.counts() == {POST: 1}


@on_a_loop
async def test_a_change_of_what_has_changed_writes_nothing(url: str) -> None:
    async with opened(url) as store:
        await store.apply([created("1", b"1"), created("2", b"2")])
        await claim(store)
        stale = Effect("PATCH /payments/{id}", "update", "alice", "/payments", "1", b"new", b"old")
        gone = Effect("DELETE /payments/{id}", "delete", "alice", "/payments", "3", before=b"3")
        fine = Effect("PATCH /payments/{id}", "update", "alice", "/payments", "2", b"new", b"2")
        for effects in ([stale], [fine, stale], [stale, fine], [gone], [created("4"), gone]):
            assert await complete(store, effects=effects) is Written.STALE
            assert await store.release(KEY, owner="owner", effects=effects) is Written.STALE
            assert await store.apply(effects) is Written.STALE
        assert await store.read(KEY, now=NOW) == Record("fingerprint", "owner", NOW + LEASE)
        assert await store.resources("/payments", "alice") == [Resource("1", b"1"), Resource("2", b"2")]
        assert await store.counts() == {POST: 2}
        assert await complete(store, effects=[fine]) is Written.DONE
        assert await store.resource("/payments", "alice", "2") == b"new"


@on_a_loop
async def test_concurrent_changes_of_one_resource_are_all_in_it(url: str) -> None:
    async with opened(url) as store:
        await store.apply([created("1", b"0")])
        turns = fewer(url, 20, 5)

        async def add_one() -> None:
            while True:
                before = await store.resource("/payments", "alice", "1")
                assert before is not None
                after = b"%d" % (int(before) + 1)
                effect = Effect("PATCH /payments/{id}", "update", "alice", "/payments", "1", after, before)
                if await store.apply([effect]) is Written.DONE:
                    return

        await asyncio.gather(*(add_one() for _ in range(turns)))
        assert await store.resource("/payments", "alice", "1") == b"%d" % turns
        assert await store.counts() == {POST: 1, "PATCH /payments/{id}": turns}


@on_a_loop
async def test_an_answer_comes_back_as_it_was_up_to_the_limit(url: str) -> None:
    body = random.Random(1).randbytes(MAX_ANSWER - 100)
    headers = (
        ("content-type", "application/octet-stream"),
        ("x-name", "Zoë \u2603"),
        ("x-name", "twice"),
        ("x-no", ""),
    )
    answers = [
        Answer(204, ()),
        Answer(200, headers, bytes(range(256)) * 64),
        Answer(201, headers, body[:400_000]),
        Answer(201, headers, body),
    ]
    async with opened(url) as store:
        for number, answer in enumerate(answers):
            key = f"{number:032x}"
            await claim(store, key)
            assert await complete(store, key, answer=answer, expires=FOREVER) is Written.DONE
            assert await claim(store, key) == Record("fingerprint", "owner", FOREVER, answer)
        await claim(store)
        too_large = Answer(201, (), b"." * (MAX_ANSWER + 1))
        assert await complete(store, answer=too_large, effects=[created("1")]) is Written.TOO_LARGE
        assert await complete(store, owner="another", answer=too_large) is Written.LOST
        assert await store.read(KEY, now=NOW) == Record("fingerprint", "owner", NOW + LEASE)
        assert await store.counts() == {}


@on_a_loop
async def test_resources_belong_to_one_collection_of_one_principal_in_the_order_of_their_making(url: str) -> None:
    async with opened(url) as store:
        names = ["b", "a", "c"]
        for name in names:
            await store.apply([created(name, name.encode())])
        await store.apply([created("a", b"bob's", "bob"), created("b", b"", "bob")])
        await store.apply([Effect("POST /refunds", "create", "alice", "/refunds", "a", b"refund")])
        await store.apply([Effect("PUT /payments/{id}", "update", "alice", "/payments", "b", b"B", b"b")])
        assert await store.resources("/payments", "alice") == [
            Resource("b", b"B"),
            Resource("a", b"a"),
            Resource("c", b"c"),
        ]
        assert await store.resources("/payments", "bob") == [Resource("a", b"bob's"), Resource("b", b"")]
        assert await store.resource("/payments", "bob", "b") == b""
        assert await store.resource("/payments", "bob", "c") is None
        assert await store.resources("/payments", "") == []
        await store.apply([Effect("DELETE /payments/{id}", "delete", "alice", "/payments", "a", before=b"a")])
        assert [each.identifier for each in await store.resources("/payments", "alice")] == ["b", "c"]
        assert await store.resource("/refunds", "alice", "a") == b"refund"
        assert await store.counts() == {
            POST: 5,
            "POST /refunds": 1,
            "PUT /payments/{id}": 1,
            "DELETE /payments/{id}": 1,
        }


@on_a_loop
async def test_reads_that_leave_a_trace_are_no_work(url: str) -> None:
    async with opened(url) as store:
        trace = created("1")._replace(counted=False)
        assert await store.apply([trace]) is Written.DONE
        assert await store.apply([]) is Written.DONE
        assert await store.counts() == {}
        assert await store.resource("/payments", "alice", "1") == b"{}"


@pytest.mark.parametrize(
    "text", ["", "a\x00b", "\ud800", "a\nb c", "Zoë", "%2e%2e/'; DROP TABLE records --", "x" * 8_000]
)
@on_a_loop
async def test_any_text_can_name_something(url: str, text: str) -> None:
    async with opened(url) as store:
        effect = Effect(f"POST /{text[:500]}", "create", text, f"/{text}", text, b"1")
        assert await store.apply([effect]) is Written.DONE
        assert await store.resource(f"/{text}", text, text) == b"1"
        assert await store.resource(f"/{text}", text, f"{text}.") is None
        assert await store.counts() == {f"POST /{text[:500]}": 1}
        assert [each.value for each in await store.resources(f"/{text}", text)] == [b"1"]
        gone = effect._replace(kind="delete", value=b"", before=b"1", counted=False)
        assert await store.apply([gone]) is Written.DONE
        assert await store.resources(f"/{text}", text) == []


@on_a_loop
async def test_what_is_over_is_forgotten_by_the_sweep_and_nothing_else(url: str) -> None:
    async with opened(url) as store:
        ends = [NOW + 50.0, NOW + 100.0, NOW + 150.0, FOREVER]
        for number, end in enumerate(ends):
            await claim(store, f"{number:032x}")
            await complete(store, f"{number:032x}", expires=end)
        await claim(store)
        await store.sweep(now=NOW + 100.0)
        # Read as of long ago, so that what is over shows if it still lies there.
        left = [await store.read(f"{number:032x}", now=0.0) for number in range(len(ends))]
        assert [record is not None for record in left] == [False, False, True, True]
        assert await store.read(KEY, now=0.0) is None


@on_a_loop
async def test_a_sweep_of_thousands_leaves_none(url: str) -> None:
    async with opened(url) as store:
        many = [f"{number:032x}" for number in range(fewer(url, 2_500, 40))]
        await asyncio.gather(*(claim(store, key) for key in many))
        await store.sweep(now=NOW + LEASE)
        assert [await store.read(key, now=0.0) for key in many] == [None] * len(many)


@on_a_loop
async def test_resources_beyond_the_limit_push_the_oldest_out(url: str) -> None:
    async with opened(url, max_resources=20) as store:
        for number in range(60):
            await store.apply([created(str(number), principal=f"principal {number % 2}")])
        if url.startswith("dynamodb"):  # looks when it sweeps, the others as they go
            await store.sweep(now=NOW)
        left = [
            int(each.identifier)
            for principal in ("principal 0", "principal 1")
            for each in await store.resources("/payments", principal)
        ]
        assert sorted(left) == list(range(40, 60))
        assert await store.counts() == {POST: 60}


@on_a_loop
async def test_records_beyond_the_limit_push_out_those_that_end_first_but_none_in_progress(url: str) -> None:
    async with opened(url, max_records=20) as store:
        await claim(store)
        for number in range(60):
            await claim(store, f"{number:032x}")
            # Every other one never ends.
            await complete(store, f"{number:032x}", expires=NOW + 100.0 + number if number % 2 else FOREVER)
        await store.sweep(now=NOW)
        held = [number for number in range(60) if await store.read(f"{number:032x}", now=NOW) is not None]
        assert len(held) == 19
        assert await store.read(KEY, now=NOW) == Record("fingerprint", "owner", NOW + LEASE)


@on_a_loop
async def test_a_reset_forgets_all_and_another_place_nothing(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    for name in STORES:
        async with (
            opened(store_url(name, request, tmp_path)) as store,
            opened(store_url(name, request, tmp_path)) as other,
        ):
            for each in (store, other):
                await claim(each)
                await complete(each, effects=[created("1")])
            await store.reset()
            assert await store.read(KEY, now=NOW) is None
            assert await store.counts() == {}
            assert await store.resources("/payments", "alice") == []
            assert await other.counts() == {POST: 1}
            assert await other.read(KEY, now=NOW) == Record("fingerprint", "owner", NOW + 100.0, ANSWER)


@on_a_loop
async def test_a_closed_store_says_that_it_is_closed(shared_url: str) -> None:
    async with opened(shared_url) as store:
        pass
    with pytest.raises(StoreDownError):
        await claim(store)


@on_a_loop
async def test_memory_holds_no_more_bytes_than_it_may() -> None:
    store = MemoryStore(max_bytes=10_000)
    for number in range(100):
        key = f"{number:032x}"
        await claim(store, key)
        await complete(store, key, answer=Answer(200, (), bytes(700)), effects=[created(str(number), bytes(300))])
        assert store._bytes <= 10_000
    assert await store.read(f"{99:032x}", now=NOW) is not None
    assert (await store.resources("/payments", "alice"))[-1].identifier == "99"
    await store.sweep(now=NOW + 1e6)
    assert store._bytes == 300 * len(await store.resources("/payments", "alice"))


@on_a_loop
async def test_memory_gives_back_what_expired_keys_took() -> None:
    store = MemoryStore()

    async def an_hour(start: int) -> None:
        for number in range(start, start + 30_000):
            key = f"{number:032x}"
            await claim(store, key)
            await complete(store, key, answer=Answer(200, ANSWER.headers, b"%d" % number), expires=NOW + 3600.0)
        await store.sweep(now=NOW + 3600.0)

    await an_hour(0)
    tracemalloc.start()
    try:
        await an_hour(30_000)
        left, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most > 10_000_000
    assert left < most / 50  # tuples that Python keeps for the next ones
