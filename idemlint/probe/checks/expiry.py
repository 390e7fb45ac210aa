"""EXP: how long a key is remembered (draft-ietf-httpapi-idempotency-key-header-06, section 2.3)."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.needs import EFFECTS
from idemlint.probe.verdicts import not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.3"
_MARGIN: Final = 1.05


def _ttl(bench: Bench) -> float | None:
    """The least lifetime that the profile names, in seconds."""
    return float(min(bench.profile.ttl.seconds)) if bench.profile.ttl.seconds else None


async def _pass_time(bench: Bench, seconds: float) -> bool:
    """Let time go by: on the mock's clock, or really, if that is permitted. False: too long to wait."""
    if bench.mock:
        await bench.move_clock(seconds)
        return True
    if seconds > bench.options.max_wait:
        return False
    await asyncio.sleep(seconds)
    return True


@check(
    "EXP-01",
    "no early expiry",
    axis="conformance",
    severity=ERROR,
    promise="a key is remembered as long as it is promised",
    why="the retry of the next morning is a second payment",
    source=_DRAFT,
    requests=14,
    needs=EFFECTS,
)
async def no_early_expiry(bench: Bench) -> Outcome:
    ttl = _ttl(bench)
    if ttl is None:
        return skipped(f"profile-unknown: {bench.profile.name} names no lifetime")
    if bench.profile.replay.model == "refuse":
        return skipped(f"{bench.profile.name} refuses duplicates")
    key = bench.key()
    before = await bench.before()
    seen = [await bench.send("first", key=key)]
    passed_time = 0.0
    for share in (0.1, 0.5, 0.95):
        if not await _pass_time(bench, ttl * share - passed_time):
            break
        passed_time = ttl * share
        seen.append(await bench.send(f"after {passed_time:.0f} s", key=key))
    if len(seen) == 1:
        return skipped(f"a lifetime of {ttl:.0f} s is too long to wait for (--max-wait)", exchanges=tuple(seen))
    effects = await bench.since(before, seen)
    evidence: dict[str, Any] = {"exchanges": tuple(seen), "effects": effects}
    if effects.least > 1:
        return failed(f"the key was forgotten before {ttl:.0f} s were over", **evidence)
    innocent = not_about_keys(seen)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return passed(f"remembered for {passed_time:.0f} s of {ttl:.0f} s", weak=not effects.exact, **evidence)


@check(
    "EXP-02",
    "after the lifetime",
    axis="conformance",
    severity=WARN,
    promise="what happens to a key after its lifetime is known",
    why="a client that uses a key again next month has to know whether it is a new one",
    source=_DRAFT,
    requests=10,
    needs=EFFECTS,
)
async def after_lifetime(bench: Bench) -> Outcome:
    ttl = _ttl(bench)
    if ttl is None or bench.profile.ttl.kind == "never":
        return skipped(f"{bench.profile.name} names no lifetime that ends")
    key = bench.key()
    before = await bench.before()
    first = await bench.send("first", key=key)
    longest = max(bench.profile.ttl.seconds) if bench.profile.ttl.kind != "per-api" else ttl
    if not await _pass_time(bench, longest * _MARGIN):
        return skipped(f"a lifetime of {longest:.0f} s is too long to wait for (--max-wait)", exchanges=(first,))
    again = await bench.send("after the lifetime", key=key)
    effects = await bench.since(before, [first, again])
    evidence: dict[str, Any] = {"exchanges": (first, again), "effects": effects}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    if effects.least > 1:
        return passed("runs as new work", observed={"ttl": f"PT{longest:.0f}S"}, **evidence)
    if again.ok:
        floor = bench.profile.ttl.kind in ("at_least", "range", "conflicting-copies", "default", "per-api")
        if floor:
            return passed("still remembered; the lifetime is a floor", weak=True, **evidence)
        return failed("still remembered after its lifetime", **evidence)
    if again.status == 409:
        fresh = await bench.send("fresh key", key=bench.key())
        if fresh.ok:
            return failed(f"after its lifetime the key gets {again.status}: neither new nor replayed", **evidence)
    innocent = not_about_keys([again])
    return inconclusive(innocent, **evidence) if innocent else passed(f"refused with {again.status}", **evidence)


@check(
    "EXP-03",
    "window header",
    axis="conformance",
    severity=ERROR,
    promise="a request that was first sent before the window is refused",
    why="a server that has forgotten the key would run the work again",
    source="OASIS Repeatable Requests 1.0; learn.microsoft.com/en-us/rest/api/communication/repeatable-requests",
    requests=2,
    needs=EFFECTS,
)
async def window_header(bench: Bench) -> Outcome:
    companion, statuses = bench.profile.carrier.companion, bench.profile.ttl.outside_status
    if companion is None or not statuses:
        return skipped(f"{bench.profile.name} has no window header")
    import time

    skew = bench.facts.clock_skew or 0.0
    ttl = _ttl(bench) or 300.0
    old = formatdate(time.time() + skew - 4 * ttl - 60, usegmt=True)
    exchange = await bench.send_call(bench.call("outside the window", key=bench.key()).with_header(companion, old))
    evidence: dict[str, Any] = {"exchanges": (exchange,)}
    if exchange.status in statuses:
        return passed(f"refused with {exchange.status}", **evidence)
    innocent = not_about_keys([exchange])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return failed(f"{exchange.status} in the place of {' or '.join(map(str, statuses))}", **evidence)
