"""FLT: what becomes of a key when something fails between client and server (sections 2.6 and 2.7 of the draft)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.duplicates import runs_anyway, sequence
from idemlint.probe.client import retry_after
from idemlint.probe.needs import EFFECTS, HTTP1, SWITCHES, WIRE
from idemlint.probe.verdicts import another_actor, in_numbers, not_about_keys, one_effect, uncounted
from idemlint.probe_report import Verdict

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.6"
_LOST: Final = "the answer is lost on its way, which is what retries are for"
_STUCK_AFTER: Final = 60.0
_SETTLE: Final = 0.15


async def retry_until_answered(
    bench: Bench, key: str, *, label: str = "retry", limit: float = _STUCK_AFTER
) -> list[Exchange]:
    """`R(k,b)` with back-off until it no longer says "in progress": a success, a final refusal, or the time is over."""
    seen: list[Exchange] = []
    until = time.perf_counter() + min(limit, bench.options.max_wait)
    pause = 0.2
    while True:
        exchange = await bench.send(label, key=key)
        seen.append(exchange)
        if not in_progress(exchange) or time.perf_counter() >= until or bench.client.left <= 2:
            return seen
        if len(seen) == 1 and await like_a_duplicate(bench, exchange):
            return seen
        wait = retry_after(exchange)
        await asyncio.sleep(min(max(pause, wait or 0.0), max(0.0, until - time.perf_counter()) + 0.01))
        pause = min(pause * 2, 5.0)


def in_progress(exchange: Exchange) -> bool:
    """Whether an answer may mean that the first request is still at work: to be asked again."""
    return exchange.status in (409, 423, 425, 202, 503) and not exchange.ok


async def like_a_duplicate(bench: Bench, exchange: Exchange) -> bool:
    """Whether plain duplicates of finished requests are refused in the same way, so that no failure is needed for it.

    The same status and, where both are JSON objects, the same members: 409 for "done before" and 409 for "at work" differ.
    """
    replays = await bench.once("replays", sequence)
    refused = [each for each in replays.duplicates if each.status == exchange.status and not each.ok]
    if refused and bench.profile.replay.model == "refuse":
        return True
    return any(_shape(each) == _shape(exchange) for each in refused)


def _shape(exchange: Exchange) -> tuple[object, ...]:
    """Members of an error body, and the values of those that tell what error it is."""
    value = exchange.json
    if not isinstance(value, dict):
        return (type(value).__name__,)
    told = ("type", "code", "title", "message", "error")
    return tuple(sorted((name, str(member) if name in told else "") for name, member in value.items()))


async def _after_abort(bench: Bench, exchange: Exchange, key: str, before: Any) -> Outcome:
    """The retry of a request whose answer never came: at most one effect, and an answer in the end."""
    await asyncio.sleep(max(_SETTLE, min(2.0, 3 * bench.facts.latency)))
    retries = await retry_until_answered(bench, key)
    last = retries[-1]
    effects = await bench.since(before, retries)
    evidence: dict[str, Any] = {"exchanges": (exchange, *retries[-4:]), "effects": effects}
    outcome = one_effect(effects, (exchange, *retries), own=bench.facts.counts_own)
    if outcome is None and last.ok:
        outcome = await runs_anyway(bench)  # of two executions, the answer to one alone was seen
    if outcome is not None:
        return outcome
    counted = in_numbers(effects)
    if last.ok:
        note = "replayed" if bench.replayed(last) else "answered"
        return passed(f"the retry was {note} with {last.status}, {counted}", weak=not effects.exact, **evidence)
    innocent = not_about_keys([last])
    if innocent is not None and last.status != 503:
        return inconclusive(innocent, **evidence)
    if await like_a_duplicate(bench, last):
        told = f"{counted}; the retry was refused with {last.status}, as every duplicate is"
        return passed(told, weak=not effects.exact or effects.least < 1, **evidence)
    if in_progress(last):
        return _stuck(bench, effects.exact and effects.least > 0, last, evidence)
    if bench.profile.replay.model == "refuse":
        return passed(
            f"the retry was refused with {last.status}, as duplicates are", weak=not effects.exact, **evidence
        )
    return inconclusive(f"the retry got {last.status}", **evidence)


def _stuck(bench: Bench, visible: bool, last: Exchange, evidence: dict[str, Any]) -> Outcome:
    """Still "in progress" when the patience is over. A lease may free the key later; a visible effect makes it a failure."""
    waited = min(_STUCK_AFTER, bench.options.max_wait)
    if visible:
        return failed(
            f"after {waited:.0f} s the retry still gets {last.status}, though the work is done: the key is stuck",
            **evidence,
        )
    return inconclusive(
        f"after {waited:.0f} s the retry still gets {last.status}; a lease may free the key later", **evidence
    )


@check(
    "FLT-01",
    "client goes away",
    axis="safety",
    severity=ERROR,
    promise="a request whose client goes away before the answer has one effect, retry included",
    why=_LOST,
    source=f"{_DRAFT}; fullstackhero/dotnet-starter-kit#1333, caura-ai/caura#1629",
    requests=30,
    needs=(*EFFECTS, WIRE),
    core=True,
)
async def client_goes_away(bench: Bench) -> Outcome:
    outcomes: list[Outcome] = []
    for reset in (True, False):  # a connection that is reset, and one that is closed
        key = bench.key()
        before = await bench.before()
        outcomes.append(await _after_abort(bench, await _leave(bench, key, reset=reset), key, before))
        if outcomes[-1].verdict is not Verdict.PASS:
            return outcomes[-1]
    return next((each for each in outcomes if each.weak), outcomes[-1])


async def _leave(bench: Bench, key: str, *, reset: bool) -> Exchange:
    """A request whose client goes while the server is at work: half of the latency that was measured, 50 ms at most."""
    call = bench.call("abandoned", key=key, more=(("Prefer", "delay=60"),) if bench.mock else ())
    after = 0.03 if bench.mock else min(0.05, max(0.0005, bench.facts.latency / 2))
    return bench.noted(await bench.client.abandon(call, after=after, reset=reset))


@check(
    "FLT-02",
    "answer lost",
    axis="safety",
    severity=ERROR,
    promise="a request whose answer is lost has one effect, retry included",
    why=_LOST,
    source=_DRAFT,
    requests=20,
    needs=(*EFFECTS, WIRE),
    core=True,
)
async def answer_lost(bench: Bench) -> Outcome:
    key = bench.key()
    before = await bench.before()
    call = bench.call("reset behind the status line", key=key)
    exchange = bench.noted(await bench.client.abandon(call, reset=True, status_line=True))
    return await _after_abort(bench, exchange, key, before)


@check(
    "FLT-03",
    "half-sent body",
    axis="safety",
    severity=WARN,
    promise="a request that was cut off is not recorded, and its retry runs",
    why="the key is poisoned by a body that nobody sent",
    source=_DRAFT,
    requests=20,
    needs=(*EFFECTS, WIRE, HTTP1),
)
async def half_sent_body(bench: Bench) -> Outcome:
    key = bench.key()
    call = bench.call("cut off", key=key)
    if len(call.body) < 2:
        return skipped("the request has no body")
    before = await bench.before()
    exchange = bench.noted(await bench.client.cut_off(call, after_bytes=0.5))
    await asyncio.sleep(_SETTLE)
    retries = await retry_until_answered(bench, key, limit=10.0)
    last = retries[-1]
    effects = await bench.since(before, retries)
    evidence: dict[str, Any] = {"exchanges": (exchange, *retries[-4:]), "effects": effects}
    if effects.least > 1:
        doubt = another_actor(effects, 1, own=bench.facts.counts_own, **evidence)
        return doubt or failed(f"a request that was cut off and its retry had {effects.least} effects", **evidence)
    if last.ok:
        if bench.replayed(last):
            return failed("the whole request was answered with a replay of the one that was cut off", **evidence)
        unseen = uncounted(effects, 1, **evidence)
        if unseen is not None:
            return unseen
        return passed(f"the whole request ran ({last.status})", weak=not effects.exact, **evidence)
    innocent = not_about_keys([last])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if _taken_for_another_payload(bench, last):
        return failed(
            f"the honest request is refused with {last.status}: the cut-off body was recorded as the payload",
            **evidence,
        )
    if in_progress(last):
        return inconclusive(f"the retry still gets {last.status}; a lease may free the key later", **evidence)
    fresh = await bench.send("the same under a fresh key", key=bench.key())
    if not fresh.ok:
        return inconclusive(f"a fresh key gets {fresh.said} as well", **evidence)
    return failed(f"the honest request is refused with {last.status} after one that was cut off", **evidence)


def _taken_for_another_payload(bench: Bench, exchange: Exchange) -> bool:
    """Whether it was refused as another payload is, and not as a request is whose first is still at work."""
    mismatch, in_flight = bench.facts.errors.get("mismatch"), bench.facts.errors.get("in flight")
    if mismatch is None or mismatch.status != exchange.status or _shape(mismatch) != _shape(exchange):
        return False
    if in_flight is None:
        return not in_progress(exchange)
    return (in_flight.status, _shape(in_flight)) != (exchange.status, _shape(exchange))


@check(
    "FLT-04",
    "stuck key",
    axis="safety",
    severity=ERROR,
    promise="a key leaves 'in progress' after whatever failure",
    why="the client is told to wait, for a day perhaps (Dwolla, February 2025)",
    source=f"{_DRAFT}; VilledeMontreal/express-idempotency#32; status.dwolla.com/incidents/bkl5393wxlhf",
    requests=40,
    needs=(*EFFECTS, WIRE),
    core=True,
)
async def stuck_key(bench: Bench) -> Outcome:
    key = bench.key()
    before = await bench.before()
    provoked = [("an aborted connection", key, await _leave(bench, key, reset=True))]
    if bench.mock:
        for way in ("before-effect", "after-effect"):
            key = bench.key()
            broken = await bench.send(f"fails {way}", key=key, more=(("Prefer", f"fail={way}"),), refusal_expected=True)
            provoked.append((f"a failure {way.replace('-', ' the ')}", key, broken))
    await asyncio.sleep(max(_SETTLE, 3 * bench.facts.latency))
    seen: list[Exchange] = []
    for what, each, first in provoked:
        retries = await retry_until_answered(bench, each, limit=_STUCK_AFTER / 4)
        seen += [first, *retries[-2:]]
        refused = in_progress(retries[-1]) and retries[-1].status != 503
        if refused and not await like_a_duplicate(bench, retries[-1]):
            effects = await bench.since(before, seen)
            evidence: dict[str, Any] = {"exchanges": (first, *retries[-4:]), "effects": effects}
            return await _held(bench, what, each, retries[-1], evidence)
    return passed(
        f"no key stays in progress after {' or '.join(what for what, _, _ in provoked)}", exchanges=tuple(seen)
    )


async def _held(bench: Bench, what: str, key: str, last: Exchange, evidence: dict[str, Any]) -> Outcome:
    """A key that is held: for a lease, which is right, or for good. The mock's clock tells them apart."""
    waited = min(_STUCK_AFTER / 4, bench.options.max_wait)
    if bench.mock:
        await bench.move_clock(3_600.0)
        later = await bench.send("an hour later", key=key)
        if in_progress(later):
            return failed(f"after {what} the key is still in progress an hour later ({later.status})", **evidence)
        return passed(f"after {what} the key was held for a lease, and then free", weak=True, **evidence)
    ttl = bench.profile.ttl
    longest = f"; keys live {min(ttl.seconds)} s" if ttl.seconds else ""
    visible = evidence["effects"].exact and evidence["effects"].least > 0
    reason = f"after {what} the key is still in progress {waited:.0f} s later ({last.status}){longest}"
    return failed(reason, **evidence) if visible else inconclusive(f"{reason}; a lease may free it later", **evidence)


@check(
    "FLT-05",
    "crash between effect and record",
    axis="safety",
    severity=ERROR,
    promise="the work and the record of its key happen together, or the retry finds out that the work was done",
    why="the server restarts, the client retries, and the work is done twice",
    source="pathosDev/actor-ts#984",
    requests=20,
    needs=(*EFFECTS, SWITCHES),
)
async def crash_after_effect(bench: Bench) -> Outcome:
    key = bench.key()
    before = await bench.before()
    first = await bench.send(
        "fails after the effect", key=key, more=(("Prefer", "fail=after-effect"),), refusal_expected=True
    )
    retries = await retry_until_answered(bench, key, limit=5.0)
    effects = await bench.since(before, [first, *retries])
    evidence: dict[str, Any] = {"exchanges": (first, *retries[-3:]), "effects": effects}
    if effects.least > 1:
        return failed(f"the work ran, failed, and ran again for the retry: {effects.least} effects", **evidence)
    return passed(f"one effect; the retry got {retries[-1].status}", **evidence)
