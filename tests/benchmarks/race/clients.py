"""Those that fire bursts at the racy server: the gate, and what users have today. Each sends one burst of N a call."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import threading
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from idemlint.probe.transport import GatedTransport, Hold, Stagger, burst

Fire = Callable[[str, int], Awaitable[None]]
BODY = {"amount": 100, "currency": "EUR", "note": "a body of the usual kind"}


def requests(client: httpx.AsyncClient, url: str, count: int, keys: int = 1) -> list[httpx.Request]:
    """Key after key: with 4 keys and 12 requests three in a row share one."""
    names = [str(uuid.uuid4()) for _ in range(keys)]
    return [
        client.build_request("POST", url, json=BODY, headers={"Idempotency-Key": names[place * keys // count]})
        for place in range(count)
    ]


def gate(client: httpx.AsyncClient, hold: Hold | None, *, keys: int = 1, stagger: Stagger | None = None) -> Fire:
    """`hold` None: head and tail by turns."""
    turns = [Hold.TAIL, Hold.HEAD]

    async def fire(url: str, count: int) -> None:
        turns.reverse()
        result = await burst(
            client, requests(client, url, count, keys), hold=hold or turns[0], stagger=stagger, timeout=10
        )
        for answer in result.answers:
            assert answer.error is None, answer

    return fire


def late(client: httpx.AsyncClient, stagger: Callable[[float], Stagger]) -> Fire:
    """Staggered by the time that the first request of a burst took, the median of the last five bursts."""
    latencies: deque[float] = deque(maxlen=5)

    async def fire(url: str, count: int) -> None:
        if not latencies:
            for _ in range(5):
                alone = await burst(client, requests(client, url, 1), hold=Hold.TAIL, timeout=10)
                latencies.append(alone.answers[0].latency or 0.0)
        offsets = stagger(statistics.median(latencies))
        result = await burst(client, requests(client, url, count), hold=Hold.TAIL, stagger=offsets, timeout=10)
        latencies.append(result.answers[0].latency or 0.0)

    return fire


def gather_warm(client: httpx.AsyncClient) -> Fire:
    async def fire(url: str, count: int) -> None:
        await asyncio.gather(*(client.send(request) for request in requests(client, url, count)))

    return fire


def gather_cold(**options: object) -> Fire:
    async def fire(url: str, count: int) -> None:
        async with httpx.AsyncClient(**options) as client:
            await asyncio.gather(*(client.send(request) for request in requests(client, url, count)))

    return fire


def threads_and_barrier() -> Fire:
    """A thread and a warm client each, let go by a barrier."""
    clients = [httpx.Client() for _ in range(10)]

    async def fire(url: str, count: int) -> None:
        key = str(uuid.uuid4())
        barrier = threading.Barrier(count)

        def send(client: httpx.Client) -> None:
            barrier.wait()
            client.post(url, json=BODY, headers={"Idempotency-Key": key})

        threads = [threading.Thread(target=send, args=(client,)) for client in clients[:count]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return fire


def curl(*options: str) -> Fire:
    async def fire(url: str, count: int) -> None:
        command = ["curl", "-s", "-Z", "--parallel-max", str(count), *options]
        command += ["-H", f"Idempotency-Key: {uuid.uuid4()}", "-H", "Content-Type: application/json"]
        for _ in range(count):
            command += ["-o", os.devnull, url]
        command += ["-d", httpx.Request("POST", url, json=BODY).content.decode()]
        _run(command)

    return fire


def hey() -> Fire:
    async def fire(url: str, count: int) -> None:
        command = ["hey", "-n", str(count), "-c", str(count), "-m", "POST", "-T", "application/json"]
        command += ["-H", f"Idempotency-Key: {uuid.uuid4()}", "-d", "{}", url]
        _run(command)

    return fire


def wrk() -> Fire:
    """One second of it: N connections in step, a new key after every N requests."""

    async def fire(url: str, count: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "keys.lua"
            script.write_text(
                f"local sent = 0\nlocal run = '{uuid.uuid4().hex[:12]}-'\n"
                "wrk.method = 'POST'\nwrk.body = '{}'\n"
                "request = function()\n"
                f"  wrk.headers['Idempotency-Key'] = run .. math.floor(sent / {count})\n"
                "  sent = sent + 1\n  return wrk.format()\nend\n",
                encoding="utf-8",
            )
            _run(["wrk", "-t1", f"-c{count}", "-d1s", "-s", str(script), url])

    return fire


def gated(**options: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=GatedTransport(**options))


def _run(command: list[str]) -> None:
    """The event loop waits: nothing else is to run while a peer is measured."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
