"""FPR: bytes that differ and mean the same: other orders of members, white space, escapes (section 2.4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from idemlint.probe.check import ERROR, INFO, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.duplicates import runs_anyway
from idemlint.probe.checks.fingerprint import mismatch_sequence
from idemlint.probe.needs import EFFECTS, JSON_BODY
from idemlint.probe.verdicts import not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange
    from idemlint.probe_report import EffectCount


async def _variant(bench: Bench, label: str, *, body: bytes, **more: Any) -> tuple[Exchange, Exchange, EffectCount]:
    """`R(k,b)`, then the same under the same key with other bytes."""
    before = await bench.before()
    key = bench.key()
    first = await bench.send("first", key=key)
    second = await bench.send(label, key=key, body=body, **more)
    return first, second, await bench.since(before, [first, second])


async def compares_nothing(bench: Bench) -> bool:
    """Whether another payload gets the first one's answer as well."""
    if bench.other is None:
        return False
    seen = await bench.once("mismatch", mismatch_sequence)
    return bench.same_resource(seen.first, seen.other)


async def _classified(bench: Bench, what: str, first: Exchange, second: Exchange, effects: EffectCount) -> Outcome:
    """How a server takes bytes that differ and mean the same."""
    evidence: dict[str, Any] = {"exchanges": (first, second), "effects": effects}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    innocent = not_about_keys([second])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if effects.least > 1:
        anyway = await runs_anyway(bench)
        if anyway is not None:
            return anyway
        return failed(f"{what} ran as new work under the same key", axis="safety", severity=ERROR, **evidence)
    if second.ok and await compares_nothing(bench):
        return passed(f"{what} is a duplicate, as every payload is: none are compared", weak=True, **evidence)
    if second.ok:
        return passed(
            f"{what} is a duplicate: payloads are compared as JSON", observed={"fingerprint": "json"}, **evidence
        )
    if bench.profile.mismatch.compare == "bytes":
        return passed(
            f"{what} is refused with {second.status}, as documented", observed={"fingerprint": "bytes"}, **evidence
        )
    return passed(
        f"{what} is refused with {second.status}: payloads are compared byte by byte",
        weak=True,
        observed={"fingerprint": "bytes"},
        **evidence,
    )


@check(
    "FPR-02",
    "reordered members",
    axis="conformance",
    severity=INFO,
    promise="how payloads are compared is known: as JSON, or byte by byte",
    why="a client that serialises its retry anew is refused by a server that compares bytes",
    source="draft-ietf-httpapi-idempotency-key-header-06, section 2.4; aws-powertools/powertools-lambda-typescript#2120",
    requests=18,
    needs=(*EFFECTS, JSON_BODY),
    core=True,
)
async def reordered_members(bench: Bench) -> Outcome:
    call = bench.call("first", key=bench.key())
    value = json.loads(call.body)
    turned = _turned(value)
    if json.dumps(turned) == json.dumps(value):
        return skipped("the body has no two members that could change places")
    body_key = bench.expected.location != "header"
    if body_key:
        return skipped("the key is part of the body")
    seen = await _variant(bench, "reordered", body=json.dumps(turned).encode())
    outcome = await _classified(bench, "reordered JSON", *seen)
    if outcome.observed.get("fingerprint") != "bytes" or bench.profile.mismatch.compare == "bytes":
        return outcome
    spaced = await _variant(bench, "with white space", body=json.dumps(value, indent=2).encode())
    if spaced[0].ok and spaced[1].ok and spaced[2].least <= 1:
        return failed(
            f"white space does not make another payload, the order of members does ({seen[1].status}): JSON is read, "
            "and then compared by the order in which it came",
            exchanges=(*seen[:2], *spaced[:2]),
        )
    return outcome


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(item) for item in value] if isinstance(value, list) else value


@check(
    "FPR-03",
    "formatting only",
    axis="conformance",
    severity=INFO,
    promise="white space and escapes do not make another payload, or it is known that they do",
    why="a proxy or another JSON library rewrites the body of a retry",
    source="draft-ietf-httpapi-idempotency-key-header-06, section 2.4",
    requests=10,
    needs=(*EFFECTS, JSON_BODY),
)
async def formatting_only(bench: Bench) -> Outcome:
    if bench.expected.location != "header":
        return skipped("the key is part of the body")
    value = json.loads(bench.call("first", key=bench.key()).body)
    body = (json.dumps(value, indent=2, ensure_ascii=True) + "\n").encode()
    return await _classified(bench, "reformatted JSON", *await _variant(bench, "reformatted", body=body))
