"""RPL: what is replayed and what must not be: cookies, encodings, large and empty bodies, resources that changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.pointers import at
from idemlint.probe.check import ERROR, INFO, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.exchange import NOT_JSON, Call
from idemlint.probe.needs import EFFECTS, SWITCHES
from idemlint.probe.verdicts import not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06, section 2.6"
_BIG: Final = 1_500_000


async def _pair(bench: Bench, label: str, **more: Any) -> tuple[Exchange, Exchange]:
    key = bench.key()
    return await bench.send(label, key=key, **more), await bench.send("duplicate", key=key, **more)


def _unusable(bench: Bench, first: Exchange, again: Exchange) -> Outcome | None:
    evidence: dict[str, Any] = {"exchanges": (first, again)}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    if not again.ok:
        if bench.profile.replay.model == "refuse":
            return skipped(f"{bench.profile.name} refuses duplicates, so there is no replay", **evidence)
        return inconclusive(not_about_keys([again]) or f"the duplicate got {again.status}", **evidence)
    return None


@check(
    "RPL-07",
    "per-exchange headers not replayed",
    axis="safety",
    severity=WARN,
    promise="Set-Cookie, request ids and rate headers of the first exchange stay with it",
    why="a session cookie is given out a second time",
    source="granit-fx/granit-dotnet#1151",
    requests=6,
    needs=EFFECTS,
)
async def per_exchange_headers(bench: Bench) -> Outcome:
    first, again = await _pair(bench, "first")
    unusable = _unusable(bench, first, again)
    if unusable is not None:
        return unusable
    third = await bench.send("another key", key=bench.key())
    seen = (first, again, third)
    for name in ("set-cookie", "www-authenticate", "x-csrf-token"):
        before, after = first.lines(name), again.lines(name)
        if before and before == after and third.ok and third.lines(name) != before:
            return failed(f"{name} of the first exchange came with the replay", exchanges=seen)
    for name in ("x-request-id", "request-id", "x-correlation-id"):
        before = first.lines(name)
        if before and before == again.lines(name) and third.lines(name) not in (before, []):
            return failed(
                f"{name} of the first exchange came with the replay", severity=INFO, axis="conformance", exchanges=seen
            )
    return passed("nothing of the first exchange came with the replay", exchanges=seen)


@check(
    "RPL-08",
    "content negotiation",
    axis="conformance",
    severity=ERROR,
    promise="a replay comes in an encoding that its own request accepts",
    why="the client gets bytes that it cannot read",
    source="RFC 9110, section 12.5.3; gin-contrib/cache#69; ikyriak/IdempotentAPI#21",
    requests=8,
    needs=EFFECTS,
)
async def content_negotiation(bench: Bench) -> Outcome:
    seen: list[Exchange] = []
    for one, two in (("gzip", "identity"), ("identity", "gzip")):
        key = bench.key()
        first = await bench.send(f"accepts {one}", key=key, more=(("Accept-Encoding", one),))
        again = await bench.send(f"accepts {two}", key=key, more=(("Accept-Encoding", two),))
        seen += [first, again]
        if first.ok and again.status is None and "decod" in again.error:
            return failed(f"the replay cannot be decoded: {again.error}", exchanges=(first, again))
        unusable = _unusable(bench, first, again)
        if unusable is not None:
            return unusable
        coding = (again.header("content-encoding") or "identity").lower()
        if two == "identity" and coding != "identity":
            return failed(
                f"the replay comes as {coding} to a client that accepts no encoding", exchanges=(first, again)
            )
        equal, where = bench.masks.equal(first, again)
        if not equal:
            return failed(f"the replay in another encoding differs at {', '.join(where[:3])}", exchanges=(first, again))
    return passed("readable either way", exchanges=tuple(seen))


@check(
    "RPL-09",
    "large answer",
    axis="safety",
    severity=ERROR,
    promise="a large answer is replayed, or its omission is told; the work does not run again",
    why="the store refuses the record, and nobody notices until the retry runs",
    source="gofiber/fiber#4018, gofiber/fiber#4287",
    requests=8,
    needs=(*EFFECTS, SWITCHES),
)
async def large_answer(bench: Bench) -> Outcome:
    before = await bench.before()
    first, again = await _pair(bench, "large answer", more=(("Prefer", f"size={_BIG}"),), refusal_expected=True)
    effects = await bench.since(before, [first, again])
    evidence: dict[str, Any] = {"exchanges": (first, again), "effects": effects}
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    if effects.least > 1:
        return failed(f"an answer of {first.size} bytes was not kept: the duplicate ran again", **evidence)
    if again.ok and bench.profile.replay.model == "transparent" and not bench.masks.equal(first, again)[0]:
        return failed(
            f"the first answer had {first.size} bytes, its replay {again.size}", axis="conformance", **evidence
        )
    return passed(f"{first.size} bytes, replayed with {again.size}", **evidence)


@check(
    "RPL-10",
    "empty and streamed bodies",
    axis="conformance",
    severity=ERROR,
    promise="an empty body stays empty, and a streamed one is whole",
    why="the replay of a stream is {} or nothing",
    source="pathosDev/actor-ts#1308",
    requests=4,
    needs=EFFECTS,
)
async def empty_and_streamed(bench: Bench) -> Outcome:
    first, again = await _pair(bench, "first", more=(("Accept", "*/*"),))
    unusable = _unusable(bench, first, again)
    if unusable is not None:
        return unusable
    chunked = "chunked" in (first.header("transfer-encoding") or "").lower()
    if first.body and not chunked and first.status != 204:
        if again.body in (b"", b"{}", b"null") and first.body != again.body:
            return failed("the replay's body is empty", exchanges=(first, again))
        return passed("the body is whole, and neither empty nor streamed", weak=True, exchanges=(first, again))
    if bool(first.body) != bool(again.body) or (again.body in (b"{}", b"null") and first.body != again.body):
        return failed(
            f"the first body has {len(first.body)} bytes, its replay {len(again.body)}", exchanges=(first, again)
        )
    return passed("streamed and whole" if chunked else "empty both times", exchanges=(first, again))


@check(
    "RPL-11",
    "original request named",
    axis="conformance",
    severity=WARN,
    promise="a replay names the request that did the work",
    why="support cannot find the first request in the logs",
    source="the profile's own text",
    requests=4,
    needs=EFFECTS,
)
async def original_request(bench: Bench) -> Outcome:
    name = bench.profile.replay.body_field
    if name is None:
        return skipped(f"{bench.profile.name} does not promise it")
    first, again = await _pair(bench, "first")
    unusable = _unusable(bench, first, again)
    if unusable is not None:
        return unusable
    value = at(again.json, f"/{name}") or again.header(name.replace("_", "-"))
    evidence: dict[str, Any] = {"exchanges": (first, again)}
    if value is None:
        return failed(f"the replay has no {name}", **evidence)
    known = {line for each in ("x-request-id", "request-id") for line in first.lines(each)}
    if known and value not in known:
        return failed(f"{name} is {value}, the first request's id {', '.join(sorted(known))}", **evidence)
    return passed(f"{name}: {value}", weak=not known, **evidence)


@check(
    "RPL-12",
    "replay after the resource changed",
    axis="safety",
    severity=ERROR,
    promise="a duplicate does not undo what happened to the resource since",
    why="a late retry takes back the customer's change",
    source=f"{_DRAFT}; google.aip.dev/155",
    requests=12,
    needs=EFFECTS,
)
async def replay_after_change(bench: Bench) -> Outcome:
    change = await _changed_resource(bench)
    if isinstance(change, str):
        return skipped(change)
    first, read, pointer, value = change
    again = await bench.send_call(first.call.named("duplicate after the change"))
    now = await bench.client.send(read)
    evidence: dict[str, Any] = {"exchanges": (first, again, now), "details": {"changed": pointer}}
    if not now.ok:
        return inconclusive(f"the resource could not be read afterwards: {now.said}", **evidence)
    if at(now.json, pointer) != value:
        return failed(f"the duplicate undid the change of {pointer}", **evidence)
    snapshot = again.ok and at(again.json, pointer) != value
    note = "the first answer, as it was" if snapshot else f"the duplicate got {again.status}"
    observed = {"replays": "snapshot" if snapshot else "current"} if again.ok else {}
    return passed(f"the change stands; {note}", observed=observed, **evidence)


async def _changed_resource(bench: Bench) -> tuple[Exchange, Call, str, Any] | str:
    """A resource that was made and then changed by PATCH: the creation, a read, and what was changed to what."""
    from idemlint.openapi.operations import operations
    from idemlint.probe.checks.fingerprint_members import changed
    from idemlint.probe.reading import item_operation

    if bench.operation.method != "post":
        return "needs an operation that makes a resource"
    item = item_operation(bench.references, bench.operation.template)
    patch = [
        each
        for each in operations(bench.references)
        if item and each.template == item.template and each.method == "patch"
    ]
    first = await bench.send("first", key=bench.key())
    read = bench.item_call(first)
    if not patch or read is None or not first.ok:
        return "the document has no PATCH and GET of what the operation makes"
    before = await bench.client.send(read)
    if before.json is NOT_JSON or not isinstance(before.json, dict) or not isinstance(bench.sample.value, dict):
        return "the resource could not be read"
    for name, member in before.json.items():
        if name not in bench.sample.value or not isinstance(member, (str, int)) or isinstance(member, bool):
            continue
        for value in changed(member):
            body = f'{{"{name}": {_json(value)}}}'.encode()
            headers: tuple[tuple[str, str], ...] = (
                ("Content-Type", "application/json"),
                (bench.key_header, bench.wire(bench.key())),
            )
            done = await bench.client.send(Call("change", "PATCH", read.url, headers, body, refusal_expected=True))
            after = await bench.client.send(read)
            if done.ok and after.ok and at(after.json, f"/{name}") == value:
                return first, read, f"/{name}", value
            break
    return "no member of the resource could be changed"


def _json(value: Any) -> str:
    import json

    return json.dumps(value)


@check(
    "RPL-13",
    "replay after deletion",
    axis="safety",
    severity=ERROR,
    promise="a duplicate does not bring back what was deleted since",
    why="a late retry brings back the cancelled order",
    source=_DRAFT,
    requests=14,
    needs=EFFECTS,
)
async def replay_after_deletion(bench: Bench) -> Outcome:
    from idemlint.openapi.operations import operations
    from idemlint.probe.reading import item_operation

    item = item_operation(bench.references, bench.operation.template)
    deletes = item is not None and any(
        each.template == item.template and each.method == "delete" for each in operations(bench.references)
    )
    if bench.operation.method != "post" or not deletes or (item and item.template == bench.operation.template):
        return skipped("the document has no DELETE of what the operation makes")
    first = await bench.send("first", key=bench.key())
    read = bench.item_call(first)
    if read is None:
        return skipped("the document has no DELETE of what the operation makes")
    gone = await bench.client.send(Call("delete", "DELETE", read.url, principal=read.principal, refusal_expected=True))
    missing = await bench.client.send(read)
    if not gone.ok or missing.ok:
        return inconclusive(f"it could not be deleted: {gone.said}", exchanges=(first, gone, missing))
    again = await bench.send_call(first.call.named("duplicate after the deletion"))
    back = await bench.client.send(read)
    evidence: dict[str, Any] = {"exchanges": (first, gone, again, back)}
    if back.ok:
        return failed("the duplicate brought the deleted resource back", **evidence)
    if again.ok and bench.masks.alike(first, again) is False:
        return failed("the duplicate made a new resource in the place of the deleted one", **evidence)
    return passed(f"the duplicate got {again.said}; what was deleted stays deleted", **evidence)
