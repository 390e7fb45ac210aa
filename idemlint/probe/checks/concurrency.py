"""CON: duplicates that arrive while the first request is at work (draft-ietf-httpapi-idempotency-key-header-06, 2.6).

Nothing is judged unless overlap was proven: two requests with one key, each released before the other's answer began.
Clean rounds are reported as so many rounds without a double execution, never as the absence of races.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.expectations import has_code
from idemlint.probe.needs import EFFECTS, OTHER_PAYLOAD
from idemlint.probe.rounds import run_rounds
from idemlint.probe.verdicts import GATEWAY, another_actor, uncounted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange
    from idemlint.probe.rounds import Group, Rounds

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.6"
_KEYS: Final = 4
_TWICE: Final = "a retry that arrives while the first request is at work does the work twice"


def _double(bench: Bench, rounds: Rounds) -> Outcome | None:
    """The failure, if some key's work ran more than once."""
    doubles = rounds.doubles(bench)
    effects = rounds.effects
    if doubles and effects.exact and effects.least == len(rounds.groups):
        return inconclusive(
            f"{effects.oracle} rose by one for each of {len(rounds.groups)} keys, yet answers to one key name different "
            "resources: something in them is no id, perhaps",
            exchanges=doubles[0].exchanges,
            effects=effects,
        )
    if doubles:
        group = doubles[0]
        burst = rounds.burst_of(group)
        ids = bench.effects.identities(group.exchanges)
        return failed(
            f"{len(group.exchanges)} requests with one key, released within {_span(group.exchanges)}, had "
            f"{len(ids)} effects; this happened to {len(doubles)} of {len(rounds.groups)} keys",
            exchanges=group.exchanges,
            bursts=(burst,),
            effects=effects,
            details={"keys": len(rounds.groups), "ran_twice": len(doubles), "resources": ids},
        )
    keys = len(rounds.groups)
    if effects.exact and effects.least > keys:
        evidence = {"bursts": rounds.bursts, "effects": effects}
        return another_actor(effects, keys, own=bench.facts.counts_own, **evidence) or failed(
            f"{len(rounds.groups)} keys had {effects.least} effects ({effects.oracle}), though the answers hide it",
            exchanges=rounds.exchanges[:40],
            bursts=rounds.bursts[:4],
            effects=effects,
        )
    return None


def _span(exchanges: Iterable[Exchange]) -> str:
    """Time between the first and the last release: `38 µs`, `1.2 ms`."""
    moments = [each.released for each in exchanges if each.released is not None]
    if len(moments) < 2:
        return "0 µs"
    seconds = max(moments) - min(moments)
    return f"{seconds * 1e6:.0f} µs" if seconds < 0.001 else f"{seconds * 1e3:.1f} ms"


def _unproven(rounds: Rounds) -> Outcome | None:
    """Why clean rounds say nothing."""
    bursts = rounds.bursts
    limited = sum(each.status == 429 for each in rounds.exchanges)
    if len(rounds.exchanges) - limited < 2 or not any(group.served for group in rounds.groups):
        told = sorted({each.said for each in rounds.exchanges})
        return inconclusive(f"no request of the rounds succeeded: {', '.join(told)[:200]}", bursts=bursts[:2])
    if not rounds.overlapping:
        return inconclusive("no-overlap: in no round were two requests proven to be at work at once", bursts=bursts[:2])
    return None


def _clean(bench: Bench, rounds: Rounds) -> Outcome:
    total, shown = len(rounds.groups), len(rounds.overlapping)
    unseen = uncounted(rounds.effects, rounds.served, bursts=rounds.bursts[:2], effects=rounds.effects)
    if unseen is not None:
        return unseen
    weak = not rounds.effects.exact or bench.facts.natural
    return passed(
        f"0 double executions in {total} rounds, overlap shown in {shown}",
        weak=weak,
        bursts=rounds.bursts[:2],
        effects=rounds.effects,
    )


@check(
    "CON-01",
    "two concurrent duplicates",
    axis="safety",
    severity=ERROR,
    promise="of two requests with one key at the same time, one does the work",
    why=_TWICE,
    source=f"{_DRAFT}; square1-io/laravel-idempotency#1, mastodon/mastodon#37879",
    requests=60,
    needs=EFFECTS,
    core=True,
)
async def concurrent_duplicates(bench: Bench) -> Outcome:
    rounds = await bench.once("pairs", pairs)
    return _double(bench, rounds) or _unproven(rounds) or _losers(bench, rounds) or _clean(bench, rounds)


async def pairs(bench: Bench) -> Rounds:
    """The rounds of CON-01, which other checks look at as well."""
    bursts = max(1, -(-bench.options.rounds // _KEYS))
    return await run_rounds(bench, bursts=bursts, keys=_KEYS, per_key=2)


def _losers(bench: Bench, rounds: Rounds) -> Outcome | None:
    """What those were told that did not do the work: the other axis of CON-01."""
    refused = [each for group in rounds.overlapping for each in group.refused if group.served and each.status != 429]
    broken = [each for each in refused if each.status is not None and each.status >= 500]
    evidence = {"bursts": rounds.bursts[:2], "effects": rounds.effects}
    if broken:
        groups = [group for group in rounds.groups if any(each in broken for each in group.exchanges)]
        status = broken[0].status
        if len(groups) < 2 or any(known >= 500 for known in bench.facts.statuses if known != status):
            return inconclusive(
                f"one loser got {status}; once may be an accident", exchanges=tuple(broken[:1]), **evidence
            )
        gateway = " (a gateway's status: it may not be the server's own)" if status in GATEWAY else ""
        return failed(
            f"the work ran once, but in {len(groups)} rounds the loser got {status}{gateway}",
            axis="conformance",
            exchanges=groups[0].exchanges,
            difference=f"in flight: a concurrent duplicate gets {status}",
            **evidence,
        )
    in_flight = bench.profile.in_flight
    if refused:
        bench.facts.errors.setdefault("in flight", refused[0])
    if in_flight.status is UNKNOWN or in_flight.model is UNKNOWN:
        return None
    allowed = {*in_flight.status, *in_flight.formerly, *_refusals(bench)}
    odd = [each for each in refused if each.status not in allowed]
    if odd:
        expected = " or ".join(map(str, in_flight.status))
        return failed(
            f"the work ran once, but the loser got {odd[0].status}; {bench.profile.name} says {expected}",
            axis="conformance",
            severity=WARN if in_flight.level is not None else ERROR,
            exchanges=(odd[0],),
            difference=f"in flight: {odd[0].status} in the place of {expected}",
            **evidence,
        )
    if refused and has_code(refused[0], in_flight.code) is False:
        wanted = ", ".join(in_flight.code.values) if in_flight.code is not None else ""
        return failed(
            f"the loser's {refused[0].status} does not carry {wanted}",
            axis="conformance",
            exchanges=(refused[0],),
            **evidence,
        )
    return None


def _refusals(bench: Bench) -> tuple[int, ...]:
    """Statuses of a refused duplicate: one that came when the first request had just ended."""
    replay = bench.profile.replay
    own = replay.status if replay.model == "refuse" and replay.status is not UNKNOWN else ()
    return (*own, *replay.or_refuse_status)


@check(
    "CON-02",
    "a storm with one key",
    axis="safety",
    severity=ERROR,
    promise="however many requests with one key arrive at once, the work runs once, and nothing breaks",
    why=_TWICE,
    source=_DRAFT,
    requests=60,
    needs=EFFECTS,
    core=True,
)
async def storm(bench: Bench) -> Outcome:
    rounds = await run_rounds(bench, bursts=3, keys=1, per_key=max(2, bench.options.burst))
    outcome = _double(bench, rounds) or _unproven(rounds)
    if outcome is not None:
        return outcome
    for group in rounds.overlapping:
        fresh = [each for each in group.served if bench.replayed(each) is False]
        if len(fresh) > 1 and bench.profile.replay.marker not in (UNKNOWN, None):
            return failed(
                f"{len(fresh)} of {len(group.exchanges)} requests with one key say that they are first answers",
                axis="conformance",
                severity=WARN,
                exchanges=group.exchanges,
                bursts=(rounds.burst_of(group),),
            )
    return _clean(bench, rounds)


@check(
    "CON-03",
    "concurrent, different payloads",
    axis="safety",
    severity=ERROR,
    promise="of two payloads with one key at the same time, one does the work, and its answer is the one that is kept",
    why="two clients that share a key by mistake both believe that their order was placed",
    source="draft-ietf-httpapi-idempotency-key-header-06, section 2.7; idempot-dev/idempot-js#182",
    requests=60,
    needs=(*EFFECTS, OTHER_PAYLOAD),
    core=True,
)
async def different_payloads(bench: Bench) -> Outcome:
    if bench.profile.mismatch.model == "execute":
        return skipped(f"{bench.profile.name} executes another payload by design")
    assert bench.other is not None  # noqa: S101 - OTHER_PAYLOAD
    rounds = await run_rounds(bench, bursts=2, keys=_KEYS, per_key=2, samples=(bench.sample, bench.other))
    outcome = _double(bench, rounds) or _unproven(rounds)
    if outcome is not None:
        return outcome
    group = next((each for each in rounds.overlapping if len(each.served) == 1), None)
    if group is not None:
        kept = await _kept_answer(bench, group)
        if kept is not None:
            return kept
    return _clean(bench, rounds)


async def _kept_answer(bench: Bench, group: Group) -> Outcome | None:
    """Whether the winner's answer is what its own retry gets."""
    winner = group.served[0]
    again = await bench.send_call(winner.call.named("winner again"))
    if again.ok and bench.masks.alike(winner, again) is False:
        return failed(
            "the answer that is kept under the key is not the one of the request that did the work",
            exchanges=(*group.exchanges, again),
        )
    return None


@check(
    "CON-04",
    "many keys at once",
    axis="safety",
    severity=ERROR,
    promise="many keys at the same time have one effect each, and no answer goes astray",
    why="one customer is answered with another's order",
    source=_DRAFT,
    requests=420,
    needs=EFFECTS,
)
async def many_keys(bench: Bench) -> Outcome:
    count = min(200, max(20, bench.client.left // 4))
    before = await bench.before()
    calls = [bench.call("one of many", key=bench.key()) for _ in range(count)]
    exchanges: list[Exchange] = []
    from idemlint.probe.transport.answers import Hold

    for start in range(0, count, 25):
        burst = await bench.burst(calls[start : start + 25], hold=Hold.TAIL)
        exchanges += burst.exchanges
    effects = await bench.since(before, exchanges)
    served = [each for each in exchanges if each.ok]
    if len(served) < 2:
        return inconclusive("fewer than two of the requests succeeded", exchanges=tuple(exchanges[:5]))
    ids = bench.effects.identities(served)
    told = bench.masks.identities_of(served)
    if bench.masks.telling and all(told) and len(ids) < len(served):
        twice = next(identity for identity in told if told.count(identity) > 1)
        same = tuple(each for each, identity in zip(served, told, strict=True) if identity == twice)
        return failed(
            f"{len(served)} different keys were answered with {len(ids)} resources", exchanges=same[:5], effects=effects
        )
    own = effects.attributed or bench.facts.counts_own
    if effects.exact and own and effects.least > count:
        return failed(f"{count} keys had {effects.least} effects", effects=effects, exchanges=tuple(served[:5]))
    for first in served[:: max(1, len(served) // 20)]:
        again = await bench.send_call(first.call.named("replay"))
        if again.ok and bench.masks.alike(first, again) is False:
            return failed(
                "a replay tells of another resource than its first answer", exchanges=(first, again), effects=effects
            )
    unseen = uncounted(effects, len(served), exchanges=tuple(served[:5]), effects=effects)
    if unseen is not None:
        return unseen
    return passed(f"{len(served)} keys at once, each with its own answer", weak=not effects.exact, effects=effects)
