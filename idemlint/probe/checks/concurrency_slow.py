"""CON: slow work, several connections, a first request that fails while others wait."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.check import ERROR, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.faults import in_progress, retry_until_answered
from idemlint.probe.checks.format import against_schema, refusals
from idemlint.probe.needs import EFFECTS, SWITCHES, WIRE
from idemlint.probe.transport.answers import Hold, Stagger
from idemlint.probe.verdicts import another_actor, in_numbers, not_about_keys, uncounted

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.6"
_SLOW: Final = 2_000
"""Milliseconds that the mock is asked to take: longer than the locks of its faults, shorter than anybody's patience."""
_STEP: Final = 0.25
_CONNECTIONS: Final = 6


@check(
    "CON-05",
    "work that takes longer than the lock",
    axis="safety",
    severity=ERROR,
    promise="the key is held as long as the work takes",
    why="a slow payment is made a second time by the retry that its slowness caused",
    source="KanishJebaMathewM/Truxify#5846, #4623, #6898",
    requests=40,
    needs=EFFECTS,
)
async def slow_work(bench: Bench) -> Outcome:
    more = (("Prefer", f"delay={_SLOW}"),) if bench.mock else ()
    patience = _SLOW / 1000 if bench.mock else bench.facts.latency
    if not bench.mock and patience < 0.5:
        return skipped(f"the operation takes {patience * 1000:.0f} ms; only slow work outlasts a lock")
    key = bench.key()
    before = await bench.before()
    slow = asyncio.create_task(bench.send("slow first", key=key, more=more))
    duplicates: list[Exchange] = []
    started = time.perf_counter()
    pause = max(_STEP, patience / 8)
    while not slow.done() and len(duplicates) < 12:
        await asyncio.sleep(pause)
        if not slow.done():
            duplicates.append(await bench.send("duplicate meanwhile", key=key, more=more if bench.mock else ()))
    first = await slow
    await asyncio.sleep(0.1)
    last = await bench.send("duplicate afterwards", key=key, more=more)
    effects = await bench.since(before, [first, *duplicates, last])
    took = time.perf_counter() - started
    evidence: dict[str, Any] = {"exchanges": (first, *duplicates[:6], last), "effects": effects}
    if effects.least > 1:
        doubt = another_actor(effects, 1, own=bench.facts.counts_own, **evidence)
        return doubt or failed(f"work of {took:.1f} s ran {effects.least} times under one key", **evidence)
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    unseen = uncounted(effects, 1, **evidence)
    if unseen is not None:
        return unseen
    innocent = not_about_keys(each for each in duplicates if each.status != 503)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return passed(
        f"{in_numbers(effects)} in {took:.1f} s with {len(duplicates)} duplicates meanwhile",
        weak=not effects.exact,
        **evidence,
    )


@check(
    "CON-06",
    "different connections",
    axis="safety",
    severity=ERROR,
    promise="a key is known to every instance of the service",
    why="the retry lands on another instance, which has never heard of the key",
    source="Junirezz/YieldVault-RWA#811",
    requests=50,
    needs=(*EFFECTS, WIRE),
)
async def different_connections(bench: Bench) -> Outcome:
    keys = [bench.key() for _ in range(4)]
    before = await bench.before()
    seen: list[Exchange] = []
    close = (("Connection", "close"),)
    for key in keys:
        seen += [await bench.send(f"connection {index + 1}", key=key, more=close) for index in range(_CONNECTIONS)]
    effects = await bench.since(before, seen)
    evidence: dict[str, Any] = {"exchanges": tuple(seen[:6]), "effects": effects}
    groups = [seen[start : start + _CONNECTIONS] for start in range(0, len(seen), _CONNECTIONS)]
    if effects.least > len(keys):
        doubt = another_actor(effects, len(keys), own=bench.facts.counts_own, **evidence)
        if doubt is not None:
            return doubt
        doubled = [group for group in groups if len(bench.effects.identities(group)) > 1]
        if doubled:
            evidence["exchanges"] = tuple(doubled[0])
        return failed(f"{len(keys)} keys on six new connections each had {effects.least} effects", **evidence)
    innocent = not_about_keys(each for each in seen if not each.ok and each.status != 409)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    served = sum(any(each.ok for each in group) for group in groups)
    unseen = uncounted(effects, served, **evidence)
    if unseen is not None:
        return unseen
    return passed(f"{in_numbers(effects, len(keys))} on {len(seen)} connections", weak=not effects.exact, **evidence)


@check(
    "CON-07",
    "the winner fails, the loser waits",
    axis="safety",
    severity=ERROR,
    promise="when the first request fails, the work runs once at most for those that waited or come again",
    why="the failure gives the key free for everybody at once",
    source="pathosDev/actor-ts#984",
    requests=40,
    needs=(*EFFECTS, SWITCHES),
)
async def winner_fails(bench: Bench) -> Outcome:
    key = bench.key()
    before = await bench.before()
    prefer = (("Prefer", "fail=after-effect, delay=150"),)
    calls = [
        bench.call("fails", key=key, more=prefer, refusal_expected=True),
        *(bench.call("waits", key=key) for _ in range(3)),
    ]
    burst = await bench.burst(calls, hold=Hold.TAIL, stagger=Stagger.at(0.0, 0.03, 0.05, 0.07))
    retries = await retry_until_answered(bench, key, limit=5.0)
    effects = await bench.since(before, [*burst.exchanges, *retries])
    evidence: dict[str, Any] = {"exchanges": (*burst.exchanges, *retries[-2:]), "bursts": (burst,), "effects": effects}
    if effects.least > 1:
        return failed(f"the first request failed, and the work ran {effects.least} times", **evidence)
    if in_progress(retries[-1]):
        return inconclusive(f"the key is still in progress ({retries[-1].status}); see FLT-04", **evidence)
    return passed(f"one effect; the retry got {retries[-1].status}", **evidence)


@check(
    "CON-09",
    "the loser's body against its schema",
    axis="conformance",
    severity=ERROR,
    promise="the refusal of a concurrent request is as the document declares it",
    why="generated clients cannot tell 'wait' from 'never'",
    source=f"{_DRAFT}; OpenAPI 3.1.1, section Response Object",
    requests=40,
    needs=EFFECTS,
)
async def loser_body(bench: Bench) -> Outcome:
    await bench.once("refusals", refusals)
    if "in flight" not in bench.facts.errors:
        return inconclusive("no concurrent request was refused")
    exchange = bench.facts.errors["in flight"]
    if exchange.status is not None and not bench.expected.declares(exchange.status):
        return failed(
            f"the document declares no {exchange.status} for a concurrent request: contract mismatch",
            exchanges=(exchange,),
            difference=f"in flight: {exchange.status} is not declared",
        )
    return await against_schema(bench, "in flight")
