"""ALT: keys that travel elsewhere than in a header, and what refusals point at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.pointers import at
from idemlint.probe.check import INFO, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.checks.duplicates import sequence
from idemlint.probe.exchange import Call
from idemlint.probe.needs import EFFECTS
from idemlint.probe.reading import ID_NAMES, item_operation, list_operation
from idemlint.probe.verdicts import UNTOLD, in_numbers, one_effect

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome

_SQUARE: Final = "developer.squareup.com/docs/build-basics/common-api-patterns/idempotency"


@check(
    "ALT-01",
    "key in the body",
    axis="conformance",
    severity=WARN,
    promise="a key in the body protects as one in a header does, and is no part of the payload",
    why="with the key in the fingerprint every retry is another payload",
    source=_SQUARE,
    requests=16,
    needs=EFFECTS,
)
async def key_in_body(bench: Bench) -> Outcome:
    if bench.expected.location not in ("body", "field"):
        return skipped("the key travels in a header or parameter")
    replays = await bench.once("replays", sequence)
    if not replays.first.ok:
        return inconclusive(f"the first request got {replays.first.said}", exchanges=replays.all)
    outcome = one_effect(replays.effects, replays.all)
    return outcome or passed(
        f"{in_numbers(replays.effects)} for a key in the body",
        weak=not replays.effects.exact,
        exchanges=replays.all,
        effects=replays.effects,
    )


@check(
    "ALT-02",
    "two carriers disagree",
    axis="conformance",
    severity=WARN,
    promise="of a key in the header and another in the body, one is documented to win, or both are refused",
    why="the client believes in the one, the server in the other",
    source="draft-ietf-httpapi-idempotency-key-header-06, section 2.5.2: the owner publishes which one counts",
    requests=8,
    needs=EFFECTS,
)
async def carriers_disagree(bench: Bench) -> Outcome:
    if bench.expected.location not in ("body", "field"):
        return skipped("keys have one carrier here")
    header = bench.operation.header("Idempotency-Key")
    if header is None:
        return skipped("the document declares no key in a header beside the one in the body")
    one, two = bench.key(), bench.key()
    both = await bench.send("two keys", key=one, more=(("Idempotency-Key", two),))
    evidence: dict[str, Any] = {"exchanges": (both,)}
    if not both.ok:
        return passed(f"refused with {both.said}", **evidence)
    by_body = await bench.send("the body's key", key=one)
    alike = bench.masks.alike(both, by_body) if by_body.ok else False
    if alike is None:
        return inconclusive(UNTOLD, exchanges=(both, by_body))
    if alike:
        return passed("the body's key counts", exchanges=(both, by_body))
    return failed("a header's key is put before the body's, and no document says so", exchanges=(both, by_body))


@check(
    "ALT-03",
    "lookup by key",
    axis="conformance",
    severity=INFO,
    promise="a list can be filtered by key, where that is promised",
    why="a client that lost the answer finds out what became of its order",
    source="increase.com/documentation/idempotency-keys",
    requests=4,
    needs=EFFECTS,
)
async def lookup_by_key(bench: Bench) -> Outcome:
    listing = list_operation(bench.references, bench.operation.template)
    names = ("idempotency_key", "idempotencyKey", "idempotency-key")
    pick = None
    if listing is not None:
        pick = next((each for each in listing.parameters() if each.location == "query" and each.name in names), None)
    if listing is None or pick is None:
        return skipped("no list takes the key as a filter")
    key = bench.key()
    made = await bench.send("first", key=key)
    url = bench.base_url + bench.sample.target(((pick.name, key),))
    found = await bench.client.send(Call("lookup", "GET", url, bench.read_headers))
    evidence: dict[str, Any] = {"exchanges": (made, found)}
    if not (made.ok and found.ok):
        return inconclusive("the list could not be read", **evidence)
    from idemlint.probe.oracle import items_of

    items = items_of(found)
    if items is not None and len(items) == 1:
        return passed("found by its key", **evidence)
    return failed(f"the list filtered by key has {'no' if items is None else len(items)} items", **evidence)


@check(
    "ALT-04",
    "refusal points at the resource",
    axis="conformance",
    severity=WARN,
    promise="the refusal of a duplicate names the resource that the first request made",
    why="a client that lost the answer cannot find what it made",
    source="docs.mangopay.com/guide/idempotency-support; GoCardless: links.conflicting_resource_id",
    requests=8,
    needs=EFFECTS,
)
async def refusal_points(bench: Bench) -> Outcome:
    replay = bench.profile.replay
    if replay.model != "refuse":
        return skipped(f"{bench.profile.name} does not refuse duplicates")
    if replay.resource_pointer is None:
        return skipped(f"{bench.profile.name} does not say where the resource is named")
    replays = await bench.once("replays", sequence)
    refused = next((each for each in replays.duplicates if not each.ok and each.status is not None), None)
    if refused is None or not replays.first.ok:
        return inconclusive("no duplicate was refused", exchanges=replays.all)
    identifier = at(refused.json, replay.resource_pointer)
    evidence: dict[str, Any] = {"exchanges": (replays.first, refused)}
    if identifier is None:
        return failed(f"the refusal has nothing at {replay.resource_pointer}", **evidence)
    own = [at(replays.first.json, f"/{name}") for name in ID_NAMES]
    if identifier not in own and str(identifier) not in (replays.first.header("location") or ""):
        return failed(f"the refusal names {identifier}, which is not what the first request made", **evidence)
    if item_operation(bench.references, bench.operation.template) is None:
        return passed(f"names {identifier}", weak=True, **evidence)
    return passed(f"names {identifier}", **evidence)
