"""FPR: which members of a payload count (section 2.4 of the draft)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.contract.profile import UNKNOWN
from idemlint.openapi.pointers import encode_pointer
from idemlint.probe.check import WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.needs import EFFECTS, JSON_BODY, OTHER_PAYLOAD
from idemlint.probe.verdicts import UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_MOST_MEMBERS = 12


@check(
    "FPR-09",
    "fingerprint coverage",
    axis="conformance",
    severity=WARN,
    promise="a change of any member makes another payload",
    why="the member that is left out of the fingerprint is the one that the client corrected",
    source="aws-powertools/powertools-lambda-typescript#2058, aws-powertools/powertools-lambda-java#2260",
    requests=60,
    needs=(*EFFECTS, JSON_BODY, OTHER_PAYLOAD),
)
async def fingerprint_coverage(bench: Bench) -> Outcome:
    if bench.profile.mismatch.model in ("replay", "execute"):
        return skipped(f"{bench.profile.name} does not refuse other payloads")
    undetected: list[str] = []
    tried: list[str] = []
    kept: list[Exchange] = []
    untold = False
    for pointer, sample in _mutants(bench):
        key = bench.key()
        first = await bench.send("first", key=key)
        second = await bench.send(f"other {pointer}", key=key, sample=sample)
        if not first.ok or second.status is None or (not second.ok and second.status >= 500):
            continue
        same = bench.same_answer(first, second)
        if same is None:
            untold = True
            continue
        tried.append(pointer)
        if same:
            undetected.append(pointer)
            kept += [first, second]
    details = {"members": tried, "undetected": undetected}
    if not tried:
        return inconclusive(UNTOLD if untold else "no member could be changed validly", details=details)
    if undetected == tried and bench.profile.mismatch.model is UNKNOWN:
        return inconclusive(
            f"no change is noticed; {bench.profile.name} does not say that any should be (see FPR-01)",
            exchanges=tuple(kept[:6]),
            details=details,
        )
    if undetected:
        return failed(
            f"a change of {', '.join(undetected)} is not noticed ({len(undetected)} of {len(tried)} members)",
            exchanges=tuple(kept[:6]),
            details=details,
        )
    return passed(f"a change of each of {len(tried)} members is noticed", details=details)


def _mutants(bench: Bench) -> Iterator[tuple[str, Any]]:
    """The sample with one member changed at a time, as far as the document allows it."""
    from idemlint.openapi.validation import validator_for
    from idemlint.probe.reading import body_schema

    value = bench.sample.value
    schema = body_schema(bench)
    if not isinstance(value, dict) or schema is None:
        return
    validator = validator_for(bench.references, schema, direction="request")
    count = 0
    for name, member in value.items():
        inner = next(iter(member)) if isinstance(member, dict) and member else None
        pointer = encode_pointer((name,) if inner is None else (name, inner))[1:]
        if pointer in bench.sample.fixed:  # another one does not exist, and is refused for that
            continue
        for another in changed(member if inner is None else member[inner]):
            body = {**value, name: another if inner is None else {**member, inner: another}}
            if validator.is_valid(body):
                count += 1
                yield pointer, bench.sample.with_value(body)
                break
        if count >= _MOST_MEMBERS:
            return


def changed(value: Any) -> Iterator[Any]:
    """Other values of the same kind."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (value + 1, value - 1, value * 2)
    elif isinstance(value, str):
        yield from (f"{value} x", value + "x", value[:-1] + ("b" if value.endswith("a") else "a"), value[::-1])
    elif isinstance(value, list) and value:
        yield from ([*value, value[0]], value[:-1])
