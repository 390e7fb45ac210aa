"""KEY: what kinds of keys a server takes, and what it makes of odd ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import ERROR, INFO, WARN, check, failed, inconclusive, passed
from idemlint.probe.checks.duplicates import sequence
from idemlint.probe.checks.fingerprint_bytes import compares_nothing
from idemlint.probe.checks.key import breaks_again
from idemlint.probe.keys import admits, uuid1, uuid4, uuid7
from idemlint.probe.needs import BASIC, HEADER_KEY, HTTP1, OTHER_PAYLOAD, SENSITIVE, WIRE
from idemlint.probe.verdicts import UNTOLD, not_about_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06"
_QUOTES: Final = '""'
_HOSTILE: Final = (
    "../../etc/passwd",
    "k%00k",
    "*",
    "{}",
    "$ne",
    "' OR 1=1--",
    "a%0d%0aX-Injected: 1",
    "schlüssel-日本",
)


@check(
    "KEY-02",
    "empty key",
    axis="conformance",
    severity=WARN,
    promise="an empty key is no key, and certainly not one that all careless clients share",
    why="two clients with an empty key get each other's answers",
    source=f"{_DRAFT}, section 2.1; josipmusa/idempotency4j#20",
    requests=16,
    needs=(*BASIC, HEADER_KEY, OTHER_PAYLOAD, WIRE, HTTP1),
    core=True,
)
async def empty_key(bench: Bench) -> Outcome:
    return await _careless_keys(bench, ("", _QUOTES), "an empty key")


@check(
    "KEY-03",
    "blank key",
    axis="conformance",
    severity=WARN,
    promise="a key of white space is no key",
    why="two clients with a blank key get each other's answers",
    source=f"{_DRAFT}, section 2.1; RFC 9110, section 5.5",
    requests=16,
    needs=(*BASIC, HEADER_KEY, OTHER_PAYLOAD, WIRE, HTTP1),
)
async def blank_key(bench: Bench) -> Outcome:
    return await _careless_keys(bench, ("   ", "\t"), "a blank key")


async def _careless_keys(bench: Bench, values: Sequence[str], what: str) -> Outcome:
    """Each value with two payloads: refused, or at least not shared."""
    assert bench.other is not None  # noqa: S101 - OTHER_PAYLOAD
    seen: list[Exchange] = []
    untold = opaque = False
    label = what.partition(" ")[2]
    for value in values:
        line = f"{bench.key_header}: {value}".encode()
        first = await bench.send_lines(label, line)
        second = await bench.send_lines(f"{label}, other payload", line, sample=bench.other)
        seen += [first, second]
        same = bench.same_answer(first, second)
        untold = untold or same is None
        if same and value == _QUOTES and await compares_nothing(bench):
            opaque = True
        elif same:
            return failed(
                f"two payloads with {what} ({value!r}) got one answer: everybody without a key shares it",
                axis="safety",
                severity=ERROR,
                exchanges=(first, second),
            )
    evidence = {"exchanges": tuple(seen)}
    broken = [one for one, two in zip(seen[::2], seen[1::2], strict=True) if one.broken and two.broken]
    if broken:
        return failed(f"{what} gets {broken[0].status}", **evidence)
    innocent = not_about_keys(seen)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if bench.expected.missing == "reject":
        # Two quotes are an empty key just to a server that parses structured fields: what others make of them is theirs.
        bare = [each for place, each in enumerate(seen) if values[place // 2] != _QUOTES]
        accepted = next((each for each in bare if each.ok), None)
        if accepted is not None:
            return failed(
                f"{what} is taken ({accepted.status}), though the key is required",
                difference=f"{what}: {accepted.status} in the place of a refusal",
                **evidence,
            )
        if bare and await _like_a_duplicate(bench, bare[0]):
            return inconclusive(f"{what} gets {bare[0].status}, as a key that was used before does", **evidence)
    if untold:
        return inconclusive(UNTOLD, **evidence)
    if opaque:
        return inconclusive(
            "two quotes are a key like others, and no key's payloads are compared (see FPR-01)", **evidence
        )
    return passed(f"{what}: {', '.join(str(each.status) for each in seen)}", **evidence)


async def _like_a_duplicate(bench: Bench, exchange: Exchange) -> bool:
    """Whether duplicates of finished requests are refused with that status."""
    replays = await bench.once("replays", sequence)
    return any(not each.ok and each.status == exchange.status for each in replays.duplicates)


@check(
    "KEY-10",
    "case of the value",
    axis="conformance",
    severity=INFO,
    promise="whether keys are compared with regard to case is known",
    why="a proxy or a library that changes case makes a second key",
    source="EC2 and Column document case-sensitive keys; RFC 9562, section 4, reads UUIDs in either case",
    requests=14,
    needs=(*BASIC, SENSITIVE),
)
async def key_case(bench: Bench) -> Outcome:
    key = uuid4(bench.fresh, first="a")
    before = await bench.before()
    lower = await bench.send("lower case", key=key)
    upper = await bench.send("upper case", key=key.upper())
    effects = await bench.since(before, [lower, upper])
    evidence = {"exchanges": (lower, upper), "effects": effects}
    if not lower.ok:
        return inconclusive(f"the key was refused with {lower.said}", **evidence)
    if not upper.ok:
        return passed(f"upper case is refused with {upper.status}", **evidence)
    same = effects.least < 2
    return passed("compared without regard to case" if same else "compared with regard to case", **evidence)


@check(
    "KEY-11",
    "UUID versions",
    axis="conformance",
    severity=ERROR,
    promise="the UUID versions that the document admits are taken",
    why="clients that go over to UUIDv7, as RFC 9562 advises, are refused from that day on",
    source="RFC 9562, section 4; draft section 2.2",
    requests=6,
    needs=BASIC,
    core=True,
)
async def uuid_versions(bench: Bench) -> Outcome:
    keys = {"v4": uuid4(bench.fresh), "v7": uuid7(bench.fresh), "v1": uuid1(bench.fresh)}
    seen = {version: await bench.send(f"UUID{version}", key=key) for version, key in keys.items()}
    evidence = {"exchanges": tuple(seen.values()), "details": {version: each.status for version, each in seen.items()}}
    innocent = not_about_keys(seen.values())
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    refused = [version for version, exchange in seen.items() if not exchange.ok]
    if len({exchange.status for exchange in seen.values()}) == 1 and refused:
        return inconclusive(f"every key got {seen['v4'].status}: it is not the version that is refused", **evidence)
    pattern = bench.profile.key.pattern
    for version in refused:
        if version == "v1":
            continue
        promised = bench.expected.parameter is not None and _names_uuid(bench) and admits(bench.expected, keys[version])
        named = {"v4": ("uuid", "uuid-v4", "uuid-v4-or-v7"), "v7": ("uuid", "uuid-v7", "uuid-v4-or-v7")}[version]
        if promised or (pattern is not UNKNOWN and pattern in named):
            says = "the document" if promised else bench.profile.name
            return failed(
                f"UUID{version} is refused with {seen[version].status}, though {says} admits it",
                difference=f"key: UUID{version} is refused",
                **evidence,
            )
    return passed("taken: " + (", ".join(version for version in seen if version not in refused) or "none"), **evidence)


def _names_uuid(bench: Bench) -> bool:
    parameter = bench.expected.parameter
    schema = parameter.schema() if parameter is not None else None
    value = schema.value if schema is not None and isinstance(schema.value, dict) else {}
    return "format" in value or "pattern" in value


@check(
    "KEY-12",
    "low-entropy key",
    axis="conformance",
    severity=INFO,
    promise="a key that anybody could guess is refused, or shared with nobody",
    why="with keys that are not kept apart by client, a guess is enough to read another's answer",
    source=f"{_DRAFT}, sections 2.2 and 5",
    requests=4,
    needs=BASIC,
)
async def low_entropy_key(bench: Bench) -> Outcome:
    exchange = await bench.send("low entropy", key="1")
    innocent = not_about_keys([exchange])
    if innocent is not None:
        return inconclusive(innocent, exchanges=(exchange,))
    return passed(f"the key 1 got {exchange.status}", exchanges=(exchange,))


@check(
    "KEY-13",
    "hostile characters",
    axis="safety",
    severity=ERROR,
    promise="whatever stands in a key is refused or opaque: it breaks nothing and meets no other key",
    why="a key is text from outside that goes into a store's lookup",
    source=f"{_DRAFT}, section 5",
    requests=20,
    needs=(*BASIC, HEADER_KEY, OTHER_PAYLOAD),
)
async def hostile_characters(bench: Bench) -> Outcome:
    tail = bench.key()[:8]
    seen: list[Exchange] = []
    for index, value in enumerate(_HOSTILE):
        sample = bench.sample if index % 2 == 0 else bench.other
        seen.append(await bench.send("hostile key", lines=[f"{value}{tail}"], sample=sample))
    evidence = {"exchanges": tuple(seen)}
    broken = [each for each in seen if await breaks_again(bench, each)]
    if broken:
        return failed(f"a key with odd characters gets {broken[0].status}", exchanges=(broken[0],))
    served = [each for each in seen if each.ok]
    told = [identity for identity in bench.masks.identities_of(served) if identity]
    if bench.masks.telling and len(set(told)) < len(told):
        shared = next(each for each in told if told.count(each) > 1)
        identities = bench.masks.identities_of(served)
        both = [each for each, identity in zip(served, identities, strict=True) if identity == shared]
        return failed("two different hostile keys got one answer", telling=tuple(both[:2]), **evidence)
    if any(each.status == 403 for each in seen):
        return passed("some were refused with 403, by a firewall perhaps", **evidence)
    return passed(f"{len(served)} of {len(seen)} were taken, each for itself; the others refused", **evidence)
