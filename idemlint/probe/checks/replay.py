"""RPL: a duplicate after the first request ended (draft-ietf-httpapi-idempotency-key-header-06, section 2.6).

What one sequence shows, a first request and three duplicates, is judged by several checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.duplicates import Replays, not_replayed, sequence, unusable_sequence
from idemlint.probe.expectations import has_code
from idemlint.probe.masks import IGNORED_HEADERS
from idemlint.probe.needs import EFFECTS, known
from idemlint.probe.verdicts import in_numbers, not_about_keys, one_effect

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.6"


@check(
    "RPL-01",
    "sequential replay, one effect",
    axis="safety",
    severity=ERROR,
    promise="a duplicate after the first request ended has no effect of its own",
    why="a client that retries after a lost answer does the work twice",
    source=_DRAFT,
    requests=16,
    needs=EFFECTS,
    core=True,
)
async def sequential_replay(bench: Bench) -> Outcome:
    replays = await bench.once("replays", sequence)
    unusable = unusable_sequence(replays)
    if unusable is not None:
        return unusable
    outcome = one_effect(replays.effects, replays.all)
    if outcome is not None and not replays.effects.attributed:
        outcome = await _repeated(bench, outcome)
    if outcome is not None:
        return outcome
    return _answered_as_promised(bench, replays)


async def _repeated(bench: Bench, doubtful: Outcome) -> Outcome:
    """A count that somebody else may have raised is believed when it shows the same twice more (section 3.10)."""
    for _ in range(2):
        again = await sequence(bench)
        if not again.first.ok or again.effects.least < 2:
            return doubtful
    bench.facts.counts_own = True
    return failed(
        f"{len(again.all)} requests with one key had {again.effects.least} effects, three times running, "
        f"though the answers tell of one ({again.effects.oracle})",
        exchanges=again.all,
        effects=again.effects,
    )


def _answered_as_promised(bench: Bench, replays: Replays) -> Outcome:
    """There was one effect; now what the duplicates were told."""
    evidence = {"exchanges": replays.all, "effects": replays.effects}
    weak = not replays.effects.exact or bench.facts.natural
    counted = in_numbers(replays.effects)
    answers = replays.answers(bench)
    refused = [each for each in replays.duplicates if each not in answers]
    innocent = not_about_keys(refused)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    model = bench.profile.replay.model
    statuses = sorted({each.status for each in replays.duplicates if each.status is not None})
    said = ", ".join(map(str, statuses))
    if not refused:
        note = " (idempotent by content: not attributable to the key)" if bench.facts.natural else ""
        if model == "refuse":
            return passed(
                f"{counted}; duplicates got {said}, though {bench.profile.name} refuses them", weak=True, **evidence
            )
        return passed(f"{counted}; {len(replays.duplicates)} duplicates got {said}{note}", weak=weak, **evidence)
    if model == "refuse" or (bench.profile.replay.or_refuse_status and _refused_as_allowed(bench, refused)):
        return passed(f"{counted}; duplicates were refused with {said}", weak=weak, **evidence)
    if bench.facts.collision_control is False:
        return inconclusive(f"natural-constraint: a fresh key got {said} as well", **evidence)
    if model is UNKNOWN:
        return passed(f"{counted}; duplicates were refused with {said}", weak=True, **evidence)
    return failed(
        f"{counted}, but a duplicate of a finished request was refused with {said} in the place of its answer",
        axis="conformance",
        severity=WARN,
        difference=f"replay: the first answer is not replayed, duplicates get {said}",
        **evidence,
    )


def _refused_as_allowed(bench: Bench, refused: list[Exchange]) -> bool:
    allowed = bench.profile.replay.or_refuse_status
    return all(each.status in allowed and has_code(each, bench.profile.replay.code) is not False for each in refused)


@check(
    "RPL-02",
    "body identity",
    axis="conformance",
    severity=ERROR,
    promise="a replay has the first answer's body",
    why="a client that reads the replay gets other ids, or nothing",
    source=_DRAFT,
    requests=16,
    needs=(*EFFECTS, known("replay.model", lambda bench: bench.profile.replay.model)),
    core=True,
)
async def body_identity(bench: Bench) -> Outcome:
    replays = await bench.once("replays", sequence)
    unusable = unusable_sequence(replays) or not_replayed(bench, replays)
    if unusable is not None:
        return unusable
    first = replays.first
    for duplicate in replays.answers(bench):
        equal, where = bench.masks.equal(first, duplicate)
        if bench.profile.replay.model == "current":
            if bench.masks.alike(first, duplicate) is False:
                return failed("a duplicate told of another resource", exchanges=(first, duplicate))
            continue
        if not equal and (first.cut or duplicate.cut):
            return inconclusive("the bodies are too long to be compared as JSON", exchanges=(first, duplicate))
        if not equal:
            at = ", ".join(where[:5]) or "the whole"
            return failed(
                f"a replay's body differs at {at}", exchanges=(first, duplicate), details={"differing": where[:50]}
            )
    same_bytes = all(duplicate.body == first.body for duplicate in replays.answers(bench))
    alike = "identical bytes" if same_bytes else "equal JSON in other bytes"
    return passed(
        f"{alike}, as far as they are kept" if first.cut else alike,
        weak=first.cut,
        exchanges=(first, *replays.answers(bench)),
    )


@check(
    "RPL-03",
    "status identity",
    axis="conformance",
    severity=WARN,
    promise="a replay has the first answer's status",
    why="a client that takes 201 for created and 200 for there already draws the wrong conclusion",
    source=_DRAFT,
    requests=16,
    needs=(*EFFECTS, known("replay.model", lambda bench: bench.profile.replay.model)),
    core=True,
)
async def status_identity(bench: Bench) -> Outcome:
    replays = await bench.once("replays", sequence)
    unusable = unusable_sequence(replays) or not_replayed(bench, replays)
    if unusable is not None:
        return unusable
    first = replays.first
    pinned = bench.profile.replay.status
    allowed = {first.status, *(pinned if pinned is not UNKNOWN and bench.profile.replay.model != "refuse" else ())}
    if bench.profile.replay.model == "current":
        allowed |= {200}
    for duplicate in replays.answers(bench):
        if duplicate.status not in allowed:
            return failed(
                f"the first answer was {first.status}, its replay {duplicate.status}",
                exchanges=(first, duplicate),
                difference=f"replay: {first.status} is replayed as {duplicate.status}",
            )
    return passed(f"{first.status} each time", exchanges=(first, *replays.answers(bench)))


@check(
    "RPL-04",
    "header identity",
    axis="conformance",
    severity=WARN,
    promise="a replay has the first answer's Location, Content-Type, Link and ETag, and those that the document declares",
    why="a client that follows Location after a retry has nowhere to go",
    source=_DRAFT,
    requests=16,
    needs=(*EFFECTS, known("replay.model", lambda bench: bench.profile.replay.model)),
    core=True,
)
async def header_identity(bench: Bench) -> Outcome:
    replays = await bench.once("replays", sequence)
    unusable = unusable_sequence(replays) or not_replayed(bench, replays)
    if unusable is not None:
        return unusable
    if bench.profile.replay.headers is False:
        return skipped(f"{bench.profile.name} does not replay headers")
    if bench.profile.replay.model == "current":
        return skipped(f"{bench.profile.name} answers with the resource as it is, so headers may differ")
    first = replays.first
    names = ["location", "content-type", "content-location", "link", "etag", *_declared_headers(bench, first.status)]
    for duplicate in replays.answers(bench):
        for name in dict.fromkeys(names):
            if IGNORED_HEADERS.fullmatch(name) or bench.is_marker(name):
                continue
            before, after = _comparable(first, name), _comparable(duplicate, name)
            if before != after:
                worse = name == "location" and first.status == 201
                return failed(
                    f"{name} of the first answer is {shown(before)}, of its replay {shown(after)}",
                    severity=ERROR if worse else WARN,
                    exchanges=(first, duplicate),
                )
    return passed("the headers that matter are equal", exchanges=(first, *replays.answers(bench)))


def _declared_headers(bench: Bench, status: int | None) -> list[str]:
    response = bench.operation.response(str(status)) or bench.operation.response("default")
    headers = bench.references.child(response, "headers") if response is not None else None
    return (
        [str(name).lower() for name in headers.value] if headers is not None and isinstance(headers.value, dict) else []
    )


def _comparable(exchange: Exchange, name: str) -> list[str]:
    lines = exchange.lines(name)
    if name == "etag":  # compared weakly (RFC 9110, section 8.8.3.2)
        return [line.removeprefix("W/") for line in lines]
    return [line.replace("; ", ";").lower() if name == "content-type" else line for line in lines]


def shown(lines: list[str]) -> str:
    return ", ".join(lines) if lines else "absent"


@check(
    "RPL-14",
    "key honoured at all",
    axis="safety",
    severity=ERROR,
    promise="a declared key has a meaning",
    why="the document tells clients that they are protected, and they are not",
    source="draft-ietf-httpapi-idempotency-key-header-06, section 2.5.2",
    requests=16,
    needs=EFFECTS,
)
async def key_honoured(bench: Bench) -> Outcome:
    replays = await bench.once("replays", sequence)
    unusable = unusable_sequence(replays)
    if unusable is not None:
        return unusable
    evidence = {"exchanges": replays.all, "effects": replays.effects}
    if replays.effects.least > len(replays.duplicates):
        counted = f"{len(replays.all)} requests with one key had {replays.effects.least} effects"
        if all(bench.same_answer(replays.first, each) for each in replays.duplicates):
            return failed(f"honoured in the answers alone: {counted}", **evidence)
        return failed(f"declared but ignored: {counted}", **evidence)
    if replays.effects.least > 1:
        return inconclusive(
            f"the key held back some of the duplicates, not all ({replays.effects.least} effects)", **evidence
        )
    return passed("the key keeps duplicates from having effects", weak=bench.facts.natural, **evidence)
