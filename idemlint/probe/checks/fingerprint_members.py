"""FPR: which members of a payload count (section 2.4 of the draft)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from idemlint.contract.profile import UNKNOWN
from idemlint.openapi.pointers import encode_pointer
from idemlint.openapi.samples import Sampler
from idemlint.probe.check import WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.needs import EFFECTS, JSON_BODY, OTHER_PAYLOAD
from idemlint.probe.reading import body_schema
from idemlint.probe.verdicts import UNTOLD, not_about_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange
    from idemlint.probe.samples import RequestSample

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
    untried: dict[str, str] = {}
    kept: list[Exchange] = []
    for pointer, sample in _mutants(bench):
        seen = sample if isinstance(sample, str) else await _seen(bench, pointer, sample)
        if isinstance(seen, str):
            untried[pointer] = seen
            continue
        tried.append(pointer)
        if seen:
            undetected.append(pointer)
            kept += seen
    details = {"members": tried, "undetected": undetected, "not tried": untried}
    rest = _rest(untried)
    if not tried:
        return inconclusive(f"no change could be judged{rest}", details=details)
    if undetected == tried and bench.profile.mismatch.model is UNKNOWN:
        return inconclusive(
            f"no change is noticed; {bench.profile.name} does not say that any should be (see FPR-01)",
            exchanges=tuple(kept[:6]),
            details=details,
        )
    if undetected:
        return failed(
            f"a change of {', '.join(undetected)} is not noticed ({len(undetected)} of {len(tried)} members){rest}",
            exchanges=tuple(kept[:6]),
            details=details,
        )
    return passed(f"a change of {', '.join(tried)} is noticed{rest}", details=details)


async def _seen(bench: Bench, pointer: str, sample: RequestSample) -> tuple[Exchange, ...] | str:
    """The exchanges that show a change unnoticed, none where it was noticed; text: why that cannot be said."""
    key = bench.key()
    first = await bench.send("first", key=key)
    if not first.ok:
        return f"the first request got {first.said}"
    second = await bench.send(f"other {pointer}", key=key, sample=sample)
    if second.ok:
        same = bench.same_answer(first, second)
        return UNTOLD if same is None else (first, second) if same else ()
    innocent = not_about_keys([second])
    if innocent is not None:
        return innocent
    control = await bench.send(f"other {pointer}, fresh key", key=bench.key(), sample=sample)
    return () if control.ok else f"the other value gets {control.said} under a fresh key as well"


def _rest(untried: dict[str, str]) -> str:
    """What a verdict does not speak of."""
    if not untried:
        return ""
    reasons = dict.fromkeys(untried.values())
    grouped = [f"{', '.join(each for each in untried if untried[each] == why)} ({why})" for why in reasons]
    return f"; not tried: {'; '.join(grouped)}"


def _mutants(bench: Bench) -> Iterator[tuple[str, RequestSample | str]]:
    """Members of the sample, each with a sample in which it alone, or a member of it, is another; or why there is none."""
    value = bench.sample.value
    schema = body_schema(bench)
    if not isinstance(value, dict) or schema is None:
        return
    sampler = bench.maker.sampler if bench.maker is not None else Sampler(bench.references)
    for name, member in list(value.items())[:_MOST_MEMBERS]:
        pointer = encode_pointer((name,))[1:]
        inner = list(member)[:_MOST_MEMBERS] if isinstance(member, dict) else []
        pointers = [encode_pointer((name, each))[1:] for each in inner] or [pointer]
        if isinstance(member, list):
            pointers.append(f"{pointer}/0")
        free = [each for each in pointers if each not in bench.sample.fixed]
        found = ((each, sampler.changed(schema, value, each)) for each in free)
        pointer, body = next(((each, body) for each, body in found if body is not None), (pointer, None))
        if body is not None:
            # the changed member is none of those that get a value of their key's: that would be the same again
            unique = tuple(each for each in bench.sample.unique if each != pointer)
            yield pointer, replace(bench.sample, value=body, unique=unique)
        else:
            yield pointer, "no other value is valid" if free else "it names what has to exist"
    for name in list(value)[_MOST_MEMBERS:]:
        yield encode_pointer((name,))[1:], f"more than {_MOST_MEMBERS} members"


def changed(value: Any) -> Iterator[Any]:
    """Other values of the same kind, where no schema tells which are allowed."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (value + 1, value - 1, value * 2)
    elif isinstance(value, str):
        yield from (f"{value} x", value + "x", value[:-1] + ("b" if value.endswith("a") else "a"), value[::-1])
    elif isinstance(value, list) and value:
        yield from ([*value, value[0]], value[:-1])
