"""CTL: what has to be known before anything can be judged. Run first, never reported as findings (section 3.1)."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from idemlint.probe.check import ERROR, INFO, check, failed, inconclusive, passed, skipped
from idemlint.probe.exchange import NOT_JSON
from idemlint.probe.first_request import first_success, why_blocked
from idemlint.probe.invented import contradicted, read_otherwise
from idemlint.probe.masks import learn, leaves
from idemlint.probe.needs import KEYED, VALID
from idemlint.probe.oracle import BASE_DELAY, Effects

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange
    from idemlint.probe.oracle import Oracle
    from idemlint.probe_report import EffectCount

_SOURCE = "idemlint's ground rules: nothing is judged before a positive control"
_RIGHT_AWAY = 0.005
_REFUSED_AS_KNOWN = (400, 409, 422)
"""Statuses of a unique constraint."""


@check(
    "CTL-01",
    "oracle sensitivity",
    axis="control",
    severity=INFO,
    promise="two requests with different keys have two effects, and both can be seen",
    why="without it, 'just one effect' proves nothing",
    source=_SOURCE,
    requests=30,
    core=True,
)
async def oracle_sensitivity(bench: Bench) -> Outcome:
    if bench.facts.blocked:
        return inconclusive(bench.facts.blocked)
    readings: dict[str, list[int | None]] = {oracle.name: [await oracle.read()] for oracle in bench.oracles}
    first = await first_success(bench)
    if not first.ok:
        bench.facts.blocked = why_blocked(bench, first)
        return inconclusive(bench.facts.blocked, exchanges=(first,))
    bench.facts.latency = max(first.latency, 0.001)
    await _read_all(bench, readings, 1)
    second = await bench.send("second key", key=bench.key())
    if second.status in _REFUSED_AS_KNOWN and bench.sample.unique:
        bench.renewing = True
        renewed = await bench.send("second key, new unique values", key=bench.key())
        if renewed.ok:
            second = renewed
        else:
            bench.renewing = False
    await _read_all(bench, readings, 2)
    exchanges = (first, second)
    if not second.ok:
        bench.facts.collision_control = False
        return inconclusive(
            f"the same payload under a second key was refused with {second.status}: a unique constraint, perhaps",
            exchanges=exchanges,
        )
    bench.facts.collision_control = True
    masks = replace(learn(first, second), ignored=bench.masks.ignored)
    for oracle in bench.oracles:
        start, one, two = readings[oracle.name]
        if start is not None and one == start + 1 and two == start + 2:
            bench.effects = _with(bench.effects, oracle, masks)
            bench.facts.sensitive = True
            return passed(f"{oracle.name} rose by one with each of two keys", exchanges=exchanges)
    bench.effects = Effects(None, masks)
    identities = bench.effects.identities(exchanges)
    if len(identities) > 1:
        bench.facts.sensitive = True
        return passed("two keys gave two resources; hidden effects cannot be counted", weak=True, exchanges=exchanges)
    if identities and _creates(bench, exchanges):
        bench.facts.deduplicates = True
        return inconclusive(
            "two different keys gave one resource: the endpoint deduplicates by content", exchanges=exchanges
        )
    return inconclusive(
        "oracle blind: no list, no id and no counter told two effects from one",
        exchanges=exchanges,
        details={"readings": readings},
    )


async def _read_all(bench: Bench, readings: dict[str, list[int | None]], expected: int) -> None:
    """Read each oracle until it shows the effects, and learn how far it lags."""
    for oracle in bench.oracles:
        values = readings[oracle.name]
        started = time.perf_counter()
        value = await oracle.read()
        tries = 0
        while oracle.lags and values[0] is not None and (value is None or value < values[0] + expected) and tries < 4:
            await _pause(BASE_DELAY * 2**tries)
            value = await oracle.read()
            tries += 1
        if tries:
            bench.effects.base = max(bench.effects.base, time.perf_counter() - started)
        values.append(value)


async def _pause(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


def _with(effects: Effects, oracle: Oracle, masks: Any) -> Effects:
    found = Effects(oracle, masks)
    found.base = effects.base
    return found


def _creates(bench: Bench, exchanges: tuple[Exchange, ...]) -> bool:
    """Whether the operation makes resources: a PATCH of one resource rightly answers with the same id twice."""
    return bench.operation.method == "post" and any(exchange.status in (201, 202) for exchange in exchanges)


@check(
    "CTL-02",
    "natural idempotence",
    axis="control",
    severity=INFO,
    promise="without a key, two equal requests have two effects",
    why="where they have one, the key is not what protects, or all requests without one share one",
    source=_SOURCE,
    requests=20,
    needs=(VALID,),
    core=True,
)
async def natural_idempotence(bench: Bench) -> Outcome:
    if bench.expected.keyed and bench.expected.missing != "execute":
        return skipped("the key is required, so there is no request without one")
    if not bench.facts.sensitive:
        return inconclusive("oracle blind")
    before = await bench.before()
    first = await bench.send("no key", key=None)
    second = await bench.send("no key again", key=None)
    exchanges = (first, second)
    if not (first.ok and second.ok):
        return inconclusive(f"without a key: {first.said}, {second.said}", exchanges=exchanges)
    count = await bench.since(before, exchanges)
    if count.least >= 2:
        return passed("two requests without a key had two effects", exchanges=exchanges, effects=count)
    if not bench.renewing:
        return await _one_without_keys(bench, exchanges, count)
    bench.facts.natural = True
    return failed(
        "two requests without a key had one effect: idempotent by content", exchanges=exchanges, effects=count
    )


async def _one_without_keys(bench: Bench, seen: tuple[Exchange, ...], count: EffectCount) -> Outcome:
    """CTL-01 saw one payload have two effects under two keys: it is no content, but a common key, that joins these."""
    both = "two requests without a key had one effect, and under two keys they have two"
    if bench.other is None:
        return failed(both, exchanges=seen, effects=count)
    before = await bench.before()
    other = await bench.send("other payload, no key", key=None, sample=bench.other, refusal_expected=True)
    ran = await bench.since(before, [other])
    evidence: dict[str, Any] = {"exchanges": (*seen, other), "effects": count}
    if bench.same_answer(seen[-1], other) and not (ran.exact and ran.least):
        return failed(
            "requests without a key share one: another payload was answered with the first one's result",
            axis="safety",
            severity=ERROR,
            difference="missing key: all requests without one share one",
            **evidence,
        )
    return failed(f"{both}: another payload without a key got {other.said}", **evidence)


@check(
    "CTL-03",
    "volatile fields",
    axis="control",
    severity=INFO,
    promise="what changes from answer to answer is known",
    why="a clock in the body is no difference between a first answer and its replay",
    source=_SOURCE,
    requests=3,
    needs=(VALID,),
    core=True,
)
async def volatile_fields(bench: Bench) -> Outcome:
    read = bench.item_call(bench.success)
    if read is None:
        return passed(_learned(bench), weak=True)
    one, two = await bench.client.send(read), await bench.client.send(read)
    if not (one.ok and two.ok) or one.json is NOT_JSON:
        return passed(_learned(bench), weak=True, exchanges=(one, two))
    before, after = leaves(one.json), leaves(two.json)
    volatile = frozenset(each for each in before if each in after and before[each] != after[each])
    masks = bench.effects.masks
    bench.effects.masks = replace(masks, identity=masks.identity - volatile, volatile=volatile)
    return passed(_learned(bench), exchanges=(one, two))


def _learned(bench: Bench) -> str:
    masks = bench.masks
    return f"{len(masks.identity)} members differ between two executions, {len(masks.volatile)} between two readings"


@check(
    "CTL-04",
    "static mock",
    axis="control",
    severity=INFO,
    promise="another payload gets another answer",
    why="a canned answer says nothing about what a server does",
    source=_SOURCE,
    requests=4,
    needs=(KEYED, VALID),
    core=True,
)
async def static_mock(bench: Bench) -> Outcome:
    if bench.facts.sensitive:
        return await _invented(bench) or passed("effects were seen")
    if bench.other is None:
        return skipped("no second valid payload that differs in one significant member could be made")
    first = await bench.send("first", key=bench.key())
    second = await bench.send("other payload", key=bench.key(), sample=bench.other)
    exchanges = (first, second)
    if not (first.ok and second.ok):
        return inconclusive(f"answers were {first.said} and {second.said}", exchanges=exchanges)
    if first.body == second.body and first.status == second.status:
        bench.facts.static = True
        return failed("two payloads under two keys got the same bytes: the answers are canned", exchanges=exchanges)
    return passed("another payload got another answer", exchanges=exchanges)


async def _invented(bench: Bench) -> Outcome | None:
    """The outcome, if the answers are made up: what was sent comes back changed each time, or no id can be read again."""
    first = bench.success
    second = await bench.send("another key", key=bench.key())
    if first is None or not second.ok:
        return None
    members = contradicted(first, second)
    seen = [first, second]
    read = bench.item_call(second)
    if not members and read is not None:
        seen.append(await bench.client.send(read))
        members = read_otherwise(second, seen[-1], bench.masks.identity)
    if not members:
        return None
    bench.facts.static = True
    return failed(f"the answers are made up: {', '.join(members[:5])} changes each time", exchanges=tuple(seen))


@check(
    "CTL-05",
    "clock and rate",
    axis="control",
    severity=INFO,
    promise="the target's clock and its rate limit are known",
    why="expiry is told by the target's clock, and a refusal for too many requests is no verdict",
    source="RFC 9110, section 6.6.1; draft-ietf-httpapi-ratelimit-headers",
    requests=0,
    needs=(VALID,),
)
async def clock_and_rate(bench: Bench) -> Outcome:
    latest = next(reversed(bench.facts.statuses.values()), None)
    if latest is None:
        return inconclusive("no answer was seen")
    try:
        moment = parsedate_to_datetime(latest.header("date") or "").timestamp()
    except (ValueError, TypeError, IndexError):
        moment = None
    if moment is not None:
        bench.facts.clock_skew = moment - (time.time() - (time.perf_counter() - latest.ended))
    for name in ("ratelimit-remaining", "x-ratelimit-remaining"):
        value = (latest.header(name) or "").strip()
        if value.isdigit():
            bench.facts.limit_left = int(value[:9])
    skew = "no Date header" if bench.facts.clock_skew is None else f"clock {bench.facts.clock_skew:+.0f} s"
    return passed(skew if bench.facts.limit_left is None else f"{skew}, {bench.facts.limit_left} requests left")
