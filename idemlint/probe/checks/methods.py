"""MTH: keys with other methods than POST (ietf-wg-httpapi/idempotency#44)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.check import ERROR, INFO, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.exchange import NOT_JSON, Call
from idemlint.probe.needs import EFFECTS, HEADER_KEY
from idemlint.probe.reading import list_operation
from idemlint.probe.verdicts import in_numbers

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome

_ISSUE: Final = "ietf-wg-httpapi/idempotency#44"


@check(
    "MTH-01",
    "key on GET ignored",
    axis="conformance",
    severity=WARN,
    promise="a key on a GET has no meaning",
    why="a stored answer to a GET is stale data",
    source=_ISSUE,
    requests=4,
    needs=(*EFFECTS, HEADER_KEY),
)
async def key_on_get(bench: Bench) -> Outcome:
    listing = list_operation(bench.references, bench.operation.template)
    if listing is None or bench.operation.method != "post":
        return skipped("the document has no list of what the operation makes")
    key = bench.key()
    headers = (*bench.read_headers, (bench.key_header, bench.wire(key)))
    url = bench.base_url + bench.sample.target(())
    get = Call("list, with a key", "GET", url, headers, refusal_expected=True)
    before = await bench.client.send(get)
    made = await bench.send("made in between", key=bench.key())
    after = await bench.client.send(get.named("the same list again"))
    plain = await bench.client.send(Call("list, without a key", "GET", url, bench.read_headers))
    evidence: dict[str, Any] = {"exchanges": (before, made, after, plain)}
    if not (before.ok and made.ok and plain.ok) or plain.json is NOT_JSON:
        return inconclusive("the list could not be read", **evidence)
    if before.body == plain.body:
        return inconclusive("the list does not show what was made", **evidence)
    if not after.ok:
        return passed(f"the second GET with the key got {after.status}", weak=True, **evidence)
    if after.body == before.body:
        return failed("a GET with a key was answered with the state before", **evidence)
    return passed("a GET with a key shows the state as it is", **evidence)


@check(
    "MTH-02",
    "PATCH protected",
    axis="safety",
    severity=ERROR,
    promise="a PATCH that declares the key has one effect",
    why="an increment is applied twice",
    source="draft-ietf-httpapi-idempotency-key-header-06, section 1",
    requests=10,
    needs=EFFECTS,
)
async def patch_protected(bench: Bench) -> Outcome:
    if bench.operation.method != "patch":
        return skipped("the operation is no PATCH")
    key = bench.key()
    before = await bench.before()
    seen = [await bench.send("first", key=key), await bench.send("duplicate", key=key)]
    effects = await bench.since(before, seen)
    evidence: dict[str, Any] = {"exchanges": tuple(seen), "effects": effects}
    if not seen[0].ok:
        return inconclusive(f"the first request got {seen[0].said}", **evidence)
    if effects.least > 1:
        if "PATCH" not in bench.profile.methods and bench.expected.parameter is None:
            return skipped(f"{bench.profile.name} ignores keys on PATCH", **evidence)
        return failed("two PATCH requests with one key had two effects", **evidence)
    return passed(in_numbers(effects), weak=not effects.exact or bench.facts.natural, **evidence)


@check(
    "MTH-03",
    "PUT and DELETE with a key",
    axis="conformance",
    severity=INFO,
    promise="what a key on PUT or DELETE does is known",
    why="a client that sends the key with everything needs an answer, not a surprise",
    source=_ISSUE,
    requests=6,
    needs=(*EFFECTS, HEADER_KEY),
)
async def delete_with_key(bench: Bench) -> Outcome:
    if bench.operation.method != "post":
        return skipped("the operation makes nothing that could be deleted")
    made = await bench.send("made to be deleted", key=bench.key())
    read = bench.item_call(made)
    if read is None:
        return skipped("the document has no item of what the operation makes")
    headers = ((bench.key_header, bench.wire(bench.key())),)
    call = Call("delete, with a key", "DELETE", read.url, headers, refusal_expected=True)
    first = await bench.client.send(call)
    again = await bench.client.send(call.named("the same again"))
    evidence: dict[str, Any] = {"exchanges": (made, first, again)}
    if not first.ok:
        return skipped(f"DELETE got {first.said}", **evidence)
    return passed(f"DELETE with a key got {first.status}, then {again.said}", **evidence)
