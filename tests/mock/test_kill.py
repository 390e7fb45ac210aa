"""Killed in the middle of its work, again and again, and started on the same store: nothing twice, nothing stuck.

`IDEMLINT_KILLS` says how often for each store.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keyed_client import Connection, Reply, connections, get, post
from mock_stores import store_url
from served import Served, children, served, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "fixtures/apis/mock/payments.yaml"
KILLS = int(os.environ.get("IDEMLINT_KILLS", "20"))
CLIENTS = 32
LEASE = 0.4
SLACK = 1.0
"""Seconds by which a busy machine may be late."""
GIVING_UP = 60.0


class Life:
    """What the clients know of one server's life: the keys that they sent, and the answers that came."""

    def __init__(self, number: int) -> None:
        self.principal = f"life-{number}"
        self.answers: dict[str, Reply | None] = {}
        self.killed = 0.0
        self.slow = 0

    def request(self, key: str) -> bytes:
        body = json.dumps({"amount": 1 + len(key), "currency": "EUR", "description": key}).encode()
        return post("/payments", key, body, principal=self.principal)

    async def use(self, connection: Connection, names: Iterator[str]) -> None:
        """Until the server is gone; each key twice, so that replays are under way as well when it goes."""
        with contextlib.suppress(ConnectionError):
            for key in names:
                self.answers[key] = None
                for _ in range(2):
                    reply = await connection.ask(self.request(key))
                    if reply.status == 201:
                        self.remember(key, reply)

    def remember(self, key: str, reply: Reply) -> None:
        known = self.answers[key]
        if known is None:
            self.answers[key] = reply
        else:
            assert reply.replayed
            assert (reply.body, reply.location) == (known.body, known.location), "a replay that differs"
        assert json.loads(reply.body)["description"] == key

    async def ask_again(self, connection: Connection, keys: Iterator[str]) -> None:
        """Each key has an answer by the end of its lease, and the one that was given before."""
        for key in keys:
            claimed = self.killed
            async with asyncio.timeout(GIVING_UP):
                while (reply := await self.ask_once(connection, key, claimed)).status != 201:
                    if reply.status == 503:  # a store or a run that was too slow on a busy machine: claimed anew, maybe
                        claimed = time.monotonic()
                    await asyncio.sleep(0.02)
            self.remember(key, reply)

    async def ask_once(self, connection: Connection, key: str, claimed: float) -> Reply:
        asked = time.monotonic()
        reply = await connection.ask(self.request(key))
        assert reply.status in (201, 409, 503), reply
        if reply.status == 409:
            assert asked < claimed + LEASE + SLACK, f"{key} is stuck"
        else:
            self.slow += reply.status == 503
        return reply

    async def check(self, port: int) -> None:
        async with connections(port, CLIENTS) as all_connections:
            keys = iter(sorted(self.answers, key=lambda key: self.answers[key] is not None))
            await asyncio.gather(*(self.ask_again(connection, keys) for connection in all_connections))
            listed = json.loads((await all_connections[0].ask(get("/payments", principal=self.principal))).body)
        made = [payment["description"] for payment in listed["data"]]
        assert sorted(made) == sorted(self.answers), "a payment that was made twice, or not at all"


async def total(port: int) -> int:
    async with connections(port, 1) as (connection,):
        found: int = json.loads((await connection.ask(get("/_idemlint/effects"))).body)["total"]
    return found


def kill(mock: Served) -> None:
    """All of its processes, and no chance to clean up."""
    processes = [mock.process.pid, *children(mock.process.pid)]
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    mock.process.wait()
    assert wait_until(lambda: not any(map(_runs, processes[1:])))


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the processes to kill in /proc")
@pytest.mark.parametrize("store", ["sqlite", "redis", "postgres"])
def test_killed_at_any_moment_it_does_nothing_twice_and_leaves_nothing_stuck(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = store_url(store, request, tmp_path)
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    print(f"seed {seed}")
    sent = undecided = slow = 0
    life: Life | None = None
    for number in range(KILLS + 1):
        workers = chance.choice(["1", "1", "4"])
        with served(DOCUMENT, "--store", url, "--lease", str(LEASE), "--delay", "1", "--workers", workers) as mock:
            if life is not None:
                undecided += sum(answer is None for answer in life.answers.values())
                asyncio.run(life.check(mock.port))
                sent += len(life.answers)
                slow += life.slow
                assert asyncio.run(total(mock.port)) == sent
            if number == KILLS:
                break
            life = Life(number)
            asyncio.run(_live_and_die(life, mock, chance.uniform(0.02, 0.3)))
    print(f"{KILLS} kills, {sent} keys, {undecided} of them without an answer when the server died, {slow} x 503 since")
    assert undecided > KILLS, "the server died at leisure"


async def _live_and_die(life: Life, mock: Served, seconds: float) -> None:
    async with connections(mock.port, CLIENTS) as all_connections:
        names = iter(f"{life.principal}-{number}" for number in range(10**9))
        clients = [asyncio.ensure_future(life.use(connection, names)) for connection in all_connections]
        await asyncio.sleep(seconds)
        await asyncio.to_thread(kill, mock)
        life.killed = time.monotonic()
        await asyncio.gather(*clients)
