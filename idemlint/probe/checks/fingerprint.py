"""FPR: the same key with another request (draft-ietf-httpapi-idempotency-key-header-06, sections 2.4 and 2.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.duplicates import runs_anyway
from idemlint.probe.expectations import has_code
from idemlint.probe.needs import EFFECTS, OTHER_PAYLOAD
from idemlint.probe.reading import takes
from idemlint.probe.verdicts import UNTOLD, not_about_keys

if TYPE_CHECKING:
    from typing import Any

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange
    from idemlint.probe_report import EffectCount

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.7"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """`R(k,b); R(k,b'); R(k,b)`."""

    first: Exchange
    other: Exchange
    again: Exchange
    effects: EffectCount

    @property
    def all(self) -> tuple[Exchange, ...]:
        return (self.first, self.other, self.again)


async def mismatch_sequence(bench: Bench) -> Mismatch:
    """Another payload between a request and its honest retry."""
    assert bench.other is not None  # noqa: S101 - OTHER_PAYLOAD
    before = await bench.before()
    key = bench.key()
    first = await bench.send("first", key=key)
    other = await bench.send("other payload", key=key, sample=bench.other)
    again = await bench.send("first again", key=key)
    if first.ok and other.status is not None and 400 <= other.status < 500 and other.status not in (401, 403, 429):
        bench.facts.errors["mismatch"] = other
    return Mismatch(first, other, again, await bench.since(before, [first, other, again]))


@check(
    "FPR-01",
    "same key, different payload",
    axis="safety",
    severity=ERROR,
    promise="another payload under a used key is refused, not answered with the first one's result",
    why="the client believes that its second order was placed, and it was not; or both were",
    source=_DRAFT,
    requests=12,
    needs=(*EFFECTS, OTHER_PAYLOAD),
    core=True,
)
async def different_payload(bench: Bench) -> Outcome:
    seen = await bench.once("mismatch", mismatch_sequence)
    evidence: dict[str, Any] = {"exchanges": seen.all, "effects": seen.effects}
    if not seen.first.ok:
        return inconclusive(f"the first request got {seen.first.said}", **evidence)
    assert bench.other is not None  # noqa: S101 - OTHER_PAYLOAD
    evidence["details"] = {"difference": bench.other.difference}
    model = bench.profile.mismatch.model
    if seen.other.ok:
        return _answered(bench, seen, model, evidence)
    innocent = not_about_keys([seen.other])
    if innocent is not None:
        return inconclusive(f"{innocent}; that proves nothing about mismatches", **evidence)
    if seen.effects.exact and seen.effects.least > 1:
        anyway = await runs_anyway(bench)
        if anyway is not None:
            return anyway
        return failed(
            f"another payload was refused with {seen.other.status}, and yet there were {seen.effects.least} effects",
            **evidence,
        )
    fresh = await bench.send("other payload, fresh key", key=bench.key(), sample=bench.other)
    if not fresh.ok and fresh.status == seen.other.status:
        return inconclusive(
            f"natural-constraint: the other payload gets {fresh.status} under a fresh key as well",
            exchanges=(*seen.all, fresh),
        )
    if model in ("replay", "execute"):
        return failed(
            f"another payload is refused with {seen.other.status}; {bench.profile.name} promises to {model} it",
            axis="conformance",
            severity=WARN,
            difference=f"mismatch: {seen.other.status} in the place of {model}",
            **evidence,
        )
    return _refusal(bench, seen, evidence)


def _answered(bench: Bench, seen: Mismatch, model: object, evidence: dict[str, Any]) -> Outcome:
    """The other payload got a successful answer: executed, or answered with the first one's result."""
    ran = seen.effects.least > 1
    same = bench.same_answer(seen.first, seen.other)
    if same is None:  # then it is the count of effects that tells
        if not seen.effects.exact:
            return inconclusive(UNTOLD, **evidence)
        same = not ran
    if ran and not same:
        if model == "execute":
            return passed("another payload is executed, as the profile says", **evidence)
        return failed(
            "another payload under the same key was executed as new work",
            difference="mismatch: executed",
            **evidence,
        )
    if ran:
        return failed("another payload was executed, and answered with the first one's result", **evidence)
    if not same:
        return inconclusive("another payload got an answer of its own, yet no second effect was seen", **evidence)
    if model == "replay":
        return passed("answered with the first result, as the profile documents", **evidence)
    if model is UNKNOWN or bench.profile.replay.model == "current":
        return inconclusive(
            f"answered with the first result; {bench.profile.name} does not say what should happen", **evidence
        )
    return failed(
        "another payload was silently answered with the first one's result",
        difference="mismatch: answered with the first result",
        **evidence,
    )


def _refusal(bench: Bench, seen: Mismatch, evidence: dict[str, Any]) -> Outcome:
    """Refused: now the status and the code."""
    mismatch, exchange = bench.profile.mismatch, seen.other
    observed = {"onMismatch": exchange.status}
    weak = not seen.effects.exact
    allowed = () if mismatch.status is UNKNOWN else mismatch.status
    if not allowed or exchange.status in allowed:
        if has_code(exchange, mismatch.code) is False and mismatch.code is not None:
            return failed(
                f"{exchange.status} does not carry {', '.join(mismatch.code.values)}",
                axis="conformance",
                severity=WARN if mismatch.level is not None else ERROR,
                **evidence,
            )
        return passed(f"refused with {exchange.status}", weak=weak, observed=observed, **evidence)
    if exchange.status in bench.profile.replay.or_refuse_status:
        return passed(f"refused with {exchange.status}", weak=True, observed=observed, **evidence)
    wanted = " or ".join(map(str, allowed))
    return failed(
        f"refused, but with {exchange.status}; {bench.profile.name} says {wanted}",
        axis="conformance",
        severity=WARN if mismatch.level is not None else ERROR,
        difference=f"mismatch: {exchange.status} in the place of {wanted}",
        **evidence,
    )


@check(
    "FPR-05",
    "same key, different path",
    axis="safety",
    severity=ERROR,
    promise="a key used at one endpoint does not give its answer at another",
    why="a client that reuses a key for the next step gets the first step's answer, and the step never happens",
    source="draft-ietf-httpapi-idempotency-key-header-06, section 2.2; nensii21/devlink#1200",
    requests=10,
    needs=EFFECTS,
    core=True,
)
async def different_path(bench: Bench) -> Outcome:
    siblings = [
        each for each in bench.siblings if not each.facts.blocked and each.operation.method == bench.operation.method
    ]
    if not siblings:
        return skipped("the run has no second operation that takes keys")
    # one that takes the very same payload shows whether the path counts; any other could be refused for its payload
    sibling = next((each for each in siblings if takes(each, bench.sample.value)), siblings[0])
    same_payload = takes(sibling, bench.sample.value)
    sample = sibling.sample.with_value(bench.sample.value) if same_payload else None
    key, fresh = bench.key(), bench.key()
    first = await bench.send("first", key=key)
    # in the same form: another one could be refused for itself, or be another key
    other = await sibling.send("same key, other path", key=key, lines=[bench.wire(key)], sample=sample)
    evidence: dict[str, Any] = {"exchanges": (first, other), "details": {"other": sibling.label}}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    if not other.ok:
        innocent = not_about_keys([other])
        if innocent is not None:
            return inconclusive(innocent, **evidence)
        control = await sibling.send("fresh key, other path", key=fresh, lines=[bench.wire(fresh)], sample=sample)
        evidence["exchanges"] = (first, other, control)
        if not control.ok:
            return inconclusive(
                f"{sibling.label} refuses such a request under a fresh key as well ({control.said})", **evidence
            )
        return passed(f"refused at {sibling.label} with {other.status}", observed={"scope": "reject"}, **evidence)
    same = bench.same_answer(first, other)
    if same is None and first.body == other.body:
        return inconclusive(UNTOLD, **evidence)
    if same or (bool(first.body) and first.body == other.body):
        if bench.profile.scope.endpoint == "global":
            return passed(
                f"{sibling.label} answers with the first result, as {bench.profile.name} documents", **evidence
            )
        return failed(f"{sibling.label} answered with the result of {bench.label}", **evidence)
    return passed(f"{sibling.label} ran on its own", observed={"scope": "endpoint"}, **evidence)


@check(
    "FPR-12",
    "identical retry refused",
    axis="conformance",
    severity=ERROR,
    promise="an honest retry is never taken for another payload, on whatever connection it comes",
    why="the client is told that it reused its key, and cannot learn what became of its order",
    source="aws-powertools/powertools-lambda-typescript#5705",
    requests=12,
    needs=EFFECTS,
)
async def identical_retry(bench: Bench) -> Outcome:
    # each on a connection of its own, and all alike to the last byte: what headers do is asked elsewhere (FPR-11)
    call = bench.call("first", key=bench.key(), more=(("Connection", "close"),))
    first = await bench.send_call(call)
    retries = [await bench.send_call(call.named("retry")) for _ in range(3)]
    evidence: dict[str, Any] = {"exchanges": (first, *retries)}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    refused = [each for each in retries if not each.ok]
    innocent = not_about_keys(refused)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if not refused:
        return passed("three retries on new connections were served", **evidence)
    mismatch = bench.profile.mismatch
    known = () if mismatch.status is UNKNOWN else mismatch.status
    other = bench.facts.errors.get("mismatch")
    looks = refused[0].status in known or (other is not None and other.status == refused[0].status)
    if looks and bench.profile.replay.model != "refuse":
        return failed(
            f"an identical retry is refused with {refused[0].status}, as another payload would be", **evidence
        )
    return inconclusive(f"an identical retry got {refused[0].status} (see RPL-01)", **evidence)
