"""How often a burst hits a race of known length, the gate and its peers in one run: `python run_race.py [--json FILE]`.

Needs gcc; curl, wrk and hey are measured where they are installed. Takes some three minutes; run it on a quiet machine.
P is the share of bursts in which the server ran the work more than once, with its 95 % interval (Clopper-Pearson).
Exit 1 where a bar is missed (`--no-bars` for a look only).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import clients
import httpx

from idemlint.probe.transport import Hold, Stagger
from idemlint.probe.transport.calibration import clopper_pearson
from idemlint.probe.transport.tls import context_for

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
LIMIT = 5.0
"""Seconds a cell may take; slow clients get fewer bursts."""


@dataclass
class Cell:
    client: str
    server: str
    size: int
    window: float
    """Microseconds, the median of what the server measured."""
    bursts: int
    doubled: int

    @property
    def share(self) -> float:
        return self.doubled / self.bursts if self.bursts else 0.0

    def __str__(self) -> str:
        low, high = clopper_pearson(self.doubled, max(1, self.bursts))
        return (
            f"| {self.client} | {self.server} | {self.size} | {self.window:.0f} | {self.share:.2f} "
            f"({low:.2f}-{high:.2f}) | {self.bursts} |"
        )


class Bench:
    def __init__(self, base: str, verify: str | bool = True) -> None:
        self.base = base
        self.verify = verify
        self.cells: list[Cell] = []

    async def measure(
        self, name: str, fire: clients.Fire, path: str, size: int, bursts: int = 100, limit: float = LIMIT
    ) -> Cell:
        with contextlib.suppress(httpx.HTTPError):
            await fire(self.base + path, size)  # opens what has to be warm
        self._stats()
        until = time.perf_counter() + limit
        for _ in range(bursts):
            await fire(self.base + path, size)
            if time.perf_counter() > until:
                break
        seen = self._stats()
        cell = Cell(name, path, size, seen["window"], seen["keys"], seen["doubled"])
        self.cells.append(cell)
        print(cell, flush=True)
        return cell

    def _stats(self) -> dict[str, float]:
        verify = context_for(self.verify) if isinstance(self.verify, str) else self.verify
        return httpx.get(f"{self.base}/stats", verify=verify, timeout=30).json()


@contextlib.contextmanager
def server(*command: str) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


async def plain(bench: Bench) -> dict[str, float]:
    """HTTP/1.1 without TLS: windows after the body, before it, late in the handler; several keys; and the control."""
    bars: dict[str, float] = {}
    async with clients.gated() as gated, httpx.AsyncClient() as usual:
        peers: list[tuple[str, clients.Fire, int]] = [
            ("httpx gather, warm", clients.gather_warm(usual), 100),
            ("httpx gather, cold", clients.gather_cold(), 60),
            ("threads and barrier", clients.threads_and_barrier(), 100),
        ]
        peers += [("curl -Z --parallel-immediate", clients.curl("--parallel-immediate"), 60)] if _has("curl") else []
        peers += [("wrk", clients.wrk(), 1)] if _has("wrk") else []
        peers += [("hey", clients.hey(), 60)] if _has("hey") else []
        gate = clients.gate(gated, None)
        for size, sleeps, (short, usual_window) in (
            (2, (70, 120), (70, 120)),
            (10, (1, 50, 100, 500, 1000, 5000), (50, 100)),
        ):
            for sleep in sleeps:
                path = f"/after/{sleep}"
                cell = await bench.measure("gate", gate, path, size, 150)
                rivals = {name: await bench.measure(name, fire, path, size, count) for name, fire, count in peers}
                if sleep == short:
                    bars[f"about 90 us, N={size}: >= .80"] = cell.share - 0.80
                if sleep == usual_window:
                    bars[f"about 140 us, N={size}: >= .95"] = cell.share - 0.95
                    if size == 10:
                        fifteen = 15 * rivals["httpx gather, warm"].share
                        bars["about 140 us, N=10: 15 times warm gather, or .95"] = cell.share - min(0.95, fifteen)
        for hold in Hold:
            cell = await bench.measure(f"gate, {hold.value} held", clients.gate(gated, hold), "/before/100", 10, 150)
            if hold is Hold.HEAD:
                bars["look-up before the body, head held: >= .95"] = cell.share - 0.95
        await bench.measure("gate, 12 requests, 1 key", clients.gate(gated, None), "/after/10", 12, 150)
        await bench.measure(
            "gate, 12 requests, 4 keys (P a key)", clients.gate(gated, None, keys=4), "/after/10", 12, 150
        )
        bars |= await late(bench, gated)
        control = await bench.measure("gate, control", gate, "/atomic/140", 10, 500, limit=30)
        bars["no false positive in 500 bursts"] = -control.doubled - max(0, 500 - control.bursts)
    return bars


async def late(bench: Bench, gated: httpx.AsyncClient) -> dict[str, float]:
    """A lock let go 1 ms before the answer is stored, in a handler of 20 ms."""
    path, size = "/late/20000/1000", 10
    await bench.measure("gate, no stagger", clients.gate(gated, None), path, size, 50)
    comb = clients.late(gated, lambda latency: Stagger.uniform(latency * 1.05, size))
    await bench.measure("gate, uniform comb", comb, path, size, 50)
    sweep = clients.late(gated, lambda latency: Stagger.sweep(latency, size))
    cell = await bench.measure("gate, sweep", sweep, path, size, 100)
    return {"late window of 1 ms in 20 ms, sweep: >= .90": cell.share - 0.90}


async def jittered(bench: Bench, ca_file: str) -> dict[str, float]:
    """TLS and a way that delays every piece by 0 to 5 ms."""
    path, bars = "/after/120", {}
    context = context_for(ca_file)
    async with contextlib.AsyncExitStack() as stack:
        second = await stack.enter_async_context(clients.gated(verify=ca_file, http2=True))
        first = await stack.enter_async_context(clients.gated(verify=ca_file))
        usual = await stack.enter_async_context(httpx.AsyncClient(verify=context, http2=True))
        peers: list[tuple[str, clients.Fire, int]] = [
            ("gate, HTTP/1.1", clients.gate(first, None), 60),
            ("httpx gather, HTTP/2, warm", clients.gather_warm(usual), 100),
            ("httpx gather, HTTP/2, cold", clients.gather_cold(verify=context, http2=True), 40),
        ]
        peers += [("curl -Z --http2", clients.curl("--http2", "--cacert", ca_file), 40)] if _has("curl") else []
        for size in (2, 10):
            for hold in Hold:
                cell = await bench.measure(f"gate, HTTP/2, {hold.value} held", clients.gate(second, hold), path, size)
                bars[f"HTTP/2, jitter, {hold.value} held, N={size}: >= .95"] = cell.share - 0.95
            for name, fire, count in peers:
                await bench.measure(name, fire, path, size, count)
    return bars


def _has(program: str) -> bool:
    return shutil.which(program) is not None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-bars", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    load = os.getloadavg()[0]
    print("| client | server | N | window, us | P (95 %) | bursts |\n| --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        program, ca_file = f"{folder}/racy", f"{folder}/ca.pem"
        subprocess.run(["gcc", "-O2", "-pthread", "-o", program, str(HERE / "racy.c")], check=True)
        with server(program) as port:
            bench = Bench(f"http://127.0.0.1:{port}")
            bars = asyncio.run(plain(bench))
        with (
            server(sys.executable, str(HERE / "racy_app.py"), ca_file) as behind,
            server(sys.executable, str(HERE / "jitter.py"), str(behind)) as port,
        ):
            over_tls = Bench(f"https://127.0.0.1:{port}", ca_file)
            bars |= asyncio.run(jittered(over_tls, ca_file))
    cells = bench.cells + over_tls.cells
    print()
    for bar, margin in bars.items():
        print(f"{'met   ' if margin >= 0 else 'MISSED'} {bar} ({margin:+.2f})")
    print(f"\n{time.monotonic() - started:.0f} s, load before {load:.2f}, after {os.getloadavg()[0]:.2f}")
    if options.json:
        options.json.write_text(json.dumps({"cells": [asdict(cell) for cell in cells], "bars": bars}, indent=1))
    return 1 if not options.no_bars and any(margin < 0 for margin in bars.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
