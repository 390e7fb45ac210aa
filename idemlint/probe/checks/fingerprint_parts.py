"""FPR: which parts of a request make it another one: query, path, method, encoding, members, headers (section 2.4)."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.operations import operations
from idemlint.probe.check import ERROR, INFO, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.duplicates import runs_anyway
from idemlint.probe.checks.fingerprint import mismatch_sequence
from idemlint.probe.needs import EFFECTS, JSON_BODY, OTHER_PAYLOAD
from idemlint.probe.rounds import run_rounds
from idemlint.probe.verdicts import UNTOLD, not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.4"
_CHANGING: Final = frozenset({"put", "patch", "post"})
"""Without DELETE: what it takes away, the checks that follow would miss."""


@check(
    "FPR-04",
    "different query string",
    axis="safety",
    severity=ERROR,
    promise="another query is another request: refused, or run on its own",
    why="the client asked for something else and is answered with what it asked for before",
    source=_DRAFT,
    requests=10,
    needs=EFFECTS,
)
async def different_query(bench: Bench) -> Outcome:
    declared = [
        each for each in bench.operation.parameters() if each.location == "query" and each.name != bench.expected.name
    ]
    pick = next((each for each in declared if _simple(each.schema())), None)
    if pick is None:
        return skipped("the operation declares no query parameter that could differ")
    values = _two_values(pick.schema())
    if values is None:
        return skipped(f"no two valid values of {pick.name} could be made")
    key = bench.key()
    one, two = (bench.sample.with_query((pick.name, value)) for value in values)
    first = await bench.send(f"{pick.name}={values[0]}", key=key, sample=one)
    second = await bench.send(f"{pick.name}={values[1]}", key=key, sample=two)
    evidence: dict[str, Any] = {"exchanges": (first, second), "details": {"parameter": pick.name}}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    same = bench.same_answer(first, second)
    if same is None:
        return inconclusive(UNTOLD, **evidence)
    if same:
        if bench.profile.mismatch.model == "replay":
            return passed("answered with the first result, as the profile documents", **evidence)
        return failed(f"another {pick.name} was silently answered with the first result", severity=WARN, **evidence)
    innocent = not_about_keys([second])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return passed(f"another {pick.name} got {second.status}", **evidence)


def _simple(schema: Any) -> bool:
    return schema is not None and isinstance(schema.value, dict)


def _two_values(schema: Any) -> tuple[str, str] | None:
    value = schema.value
    options = value.get("enum")
    if isinstance(options, list) and len(options) > 1:
        return str(options[0]), str(options[1])
    kind = value.get("type")
    if kind == "boolean":
        return "true", "false"
    if kind in ("integer", "number"):
        low = value.get("minimum", 1)
        low = int(low) if isinstance(low, (int, float)) else 1
        return str(low), str(low + 1)
    if kind == "string" and not {"pattern", "format"} & set(value):
        return "one", "two"
    return None


@check(
    "FPR-06",
    "same key, another path parameter",
    axis="safety",
    severity=ERROR,
    promise="a key used for one resource does not give its answer for another",
    why="the second capture never happens, and its client is told that it did",
    source="RamaAditya49/titen#37",
    requests=20,
    needs=EFFECTS,
)
async def another_path_parameter(bench: Bench) -> Outcome:
    if not bench.sample.arguments:
        return skipped("the path has no parameter")
    another = await bench.maker.another_target(bench.operation) if bench.maker is not None else None
    if another is None or another.target() == bench.sample.target():
        return skipped("no second resource could be made")
    key = bench.key()
    before = await bench.before()
    first = await bench.send("one resource", key=key)
    second = await bench.send("another resource", key=key, sample=another)
    effects = await bench.since(before, [first, second])
    evidence: dict[str, Any] = {"exchanges": (first, second), "effects": effects}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    if bench.same_resource(first, second) or (second.ok and second.body == first.body and bool(first.body)):
        if bench.profile.scope.endpoint == "global":
            return passed("answered with the first result, as the profile documents", **evidence)
        return failed("another resource's request was answered with the first one's result", **evidence)
    innocent = not_about_keys([second])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return passed(f"the other resource's request got {second.status}", weak=not effects.exact, **evidence)


@check(
    "FPR-07",
    "same key, another method",
    axis="safety",
    severity=ERROR,
    promise="a key used with one method does not give its answer to another",
    why="the update is answered with the creation's result and never happens",
    source="draft section 2.2; KanishJebaMathewM/Truxify#2869",
    requests=8,
    needs=EFFECTS,
)
async def another_method(bench: Bench) -> Outcome:
    template = bench.operation.template
    others = [
        each
        for each in operations(bench.references)
        if each.template == template and each.method in _CHANGING and each.method != bench.operation.method
    ]
    if not others:
        return skipped("the path has no second method that changes something")
    key = bench.key()
    first = await bench.send("first", key=key)
    other = await bench.send(
        f"{others[0].method.upper()} with the key", key=key, method=others[0].method, refusal_expected=True
    )
    evidence: dict[str, Any] = {"exchanges": (first, other)}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    if other.ok and (
        bench.replayed(other) or (other.body == first.body and other.status == first.status and bool(first.body))
    ):
        if bench.profile.scope.endpoint == "global":
            return passed("answered with the first result, as the profile documents", **evidence)
        return failed(f"{others[0].label} was answered with the result of {bench.label}", **evidence)
    return passed(f"{others[0].label} got {other.said}", **evidence)


@check(
    "FPR-08",
    "another encoding of the same payload",
    axis="conformance",
    severity=WARN,
    promise="the same payload in another encoding is no new work",
    why="a proxy that compresses makes the work run twice",
    source="RFC 9110, section 8.4",
    requests=10,
    needs=(*EFFECTS, JSON_BODY),
)
async def another_encoding(bench: Bench) -> Outcome:
    key = bench.key()
    before = await bench.before()
    call = bench.call("first", key=key)
    first = await bench.send_call(call)
    packed = bench.call(
        "gzip", key=key, body=gzip.compress(call.body), more=(("Content-Encoding", "gzip"),), refusal_expected=True
    )
    second = await bench.send_call(packed)
    effects = await bench.since(before, [first, second])
    evidence: dict[str, Any] = {"exchanges": (first, second), "effects": effects}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    if effects.least > 1:
        anyway = await runs_anyway(bench)
        if anyway is not None:
            return anyway
        return failed("the same payload, compressed, ran as new work", **evidence)
    if second.status in (400, 415):
        return skipped(f"compressed bodies are not taken ({second.status})", **evidence)
    innocent = not_about_keys([second])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return passed(f"compressed: {second.status}", weak=not effects.exact, **evidence)


@check(
    "FPR-10",
    "mismatch while in flight",
    axis="conformance",
    severity=INFO,
    promise="another payload is told that it is another payload, however far the first request is",
    why="the client waits and comes back with a request that can never succeed",
    source="draft section 2.7; idempot-dev/idempot-js#183",
    requests=60,
    needs=(*EFFECTS, OTHER_PAYLOAD),
)
async def mismatch_in_flight(bench: Bench) -> Outcome:
    assert bench.other is not None  # noqa: S101 - OTHER_PAYLOAD
    rounds = await run_rounds(bench, bursts=2, keys=4, per_key=2, samples=(bench.sample, bench.other), late=False)
    if len(rounds.doubles(bench)) and bench.profile.mismatch.model != "execute":
        group = rounds.doubles(bench)[0]
        return failed(
            "both payloads ran", axis="safety", severity=ERROR, exchanges=group.exchanges, bursts=rounds.bursts[:1]
        )
    losers = [each for group in rounds.overlapping for each in group.refused if group.served]
    innocent = not_about_keys(losers)
    if not losers or innocent is not None:
        return inconclusive(
            innocent or "no concurrent request with another payload was refused", bursts=rounds.bursts[:1]
        )
    await bench.once("mismatch", mismatch_sequence)
    known = bench.facts.errors.get("mismatch")
    statuses = sorted({each.status for each in losers if each.status is not None})
    evidence: dict[str, Any] = {"exchanges": tuple(losers[:2]), "bursts": rounds.bursts[:1]}
    in_flight = bench.profile.in_flight.status
    taken_for_duplicates = [each for each in losers if isinstance(in_flight, tuple) and each.status in in_flight]
    if taken_for_duplicates and known is not None and known.status != taken_for_duplicates[0].status:
        told = taken_for_duplicates[0].status
        return failed(f"while the first is at work another payload gets {told}, afterwards {known.status}", **evidence)
    return passed(f"refused with {', '.join(map(str, statuses))}", **evidence)


@check(
    "FPR-11",
    "another Accept-Language",
    axis="conformance",
    severity=INFO,
    promise="which headers belong to the fingerprint is known",
    why="a retry from another device sends other headers",
    source="docs.whop.com/developer/api/idempotency (version), developers.telnyx.com (headers ignored)",
    requests=4,
    needs=EFFECTS,
)
async def another_header(bench: Bench) -> Outcome:
    key = bench.key()
    first = await bench.send("en", key=key, more=(("Accept-Language", "en"),))
    second = await bench.send("fr", key=key, more=(("Accept-Language", "fr"),))
    evidence: dict[str, Any] = {"exchanges": (first, second)}
    innocent = not_about_keys([second])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if second.ok:
        return passed("Accept-Language is no part of the fingerprint", **evidence)
    return passed(f"another Accept-Language gets {second.status}", weak=True, **evidence)
