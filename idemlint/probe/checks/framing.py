"""FLT: failures of what lies between: the store of keys, proxies, and the framing of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed
from idemlint.probe.checks.duplicates import runs_anyway
from idemlint.probe.checks.faults import in_progress
from idemlint.probe.needs import BASIC, EFFECTS, HTTP1, SWITCHES, WIRE
from idemlint.probe.verdicts import another_actor, not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_CLOSED: Final = "connection closed"
_CHUNKED: Final = "chunked"
_NOT_TAKEN: Final = (411, 501)
"""Statuses of a server that takes no body in chunks (RFC 9110, section 15.5.12; RFC 9112, section 6.1)."""


@check(
    "FLT-06",
    "store of keys down",
    axis="conformance",
    severity=ERROR,
    promise="without its store of keys the server refuses and does nothing",
    why="while the store is down every retry is new work",
    source="developer.worldpay.com/docs/wpg/idempotency documents the opposite; jcagarcia/grape-idempotency#20",
    requests=10,
    needs=(*EFFECTS, SWITCHES),
)
async def store_down(bench: Bench) -> Outcome:
    key = bench.key()
    before = await bench.before()
    more = (("Prefer", "fail=store"),)
    first = await bench.send("store down", key=key, more=more, refusal_expected=True)
    again = await bench.send("store down, again", key=key, more=more, refusal_expected=True)
    effects = await bench.since(before, [first, again])
    evidence: dict[str, Any] = {"exchanges": (first, again), "effects": effects}
    if effects.least > 0:
        return failed(f"fails open: with the store down the work ran {effects.least} times", **evidence)
    return passed(f"refused with {first.status}, no effect", **evidence)


@check(
    "FLT-07",
    "a proxy that sends again",
    axis="safety",
    severity=ERROR,
    promise="a request that a proxy sends again has one effect",
    why="gateways retry on their own, and the client never learns of it",
    source="RFC 9110, section 9.2.2",
    requests=12,
    needs=(*EFFECTS, WIRE),
)
async def proxy_retry(bench: Bench) -> Outcome:
    key = bench.key()
    before = await bench.before()
    call = bench.call("through a proxy", key=key, more=(("Via", "1.1 idemlint"),))
    # half of the time that the work takes: the proxy knows nothing of the server's state and sends the same bytes at once
    lost = bench.noted(await bench.client.abandon(call, after=min(0.05, bench.facts.latency / 2), reset=True))
    again = await bench.send_call(call.named("sent again by the proxy"))
    third = await bench.send_call(call.named("and once more"))
    effects = await bench.since(before, [again, third])
    evidence: dict[str, Any] = {"exchanges": (lost, again, third), "effects": effects}
    if effects.least > 1:
        doubt = another_actor(effects, 1, own=bench.facts.counts_own, **evidence)
        return doubt or failed(f"a request that was sent again at once had {effects.least} effects", **evidence)
    innocent = not_about_keys(each for each in (again, third) if not in_progress(each))
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    return passed(f"sent again: {again.status}, {third.status}", weak=not effects.exact, **evidence)


@check(
    "FLT-08",
    "chunked, 100-continue, closed connections",
    axis="conformance",
    severity=WARN,
    promise="a retry is the same request however its bytes are framed",
    why="proxies reframe what passes through them",
    source="RFC 9112, sections 7.1 and 9.6; RFC 9110, section 10.1.1",
    requests=16,
    needs=(*BASIC, WIRE, HTTP1),
)
async def other_framing(bench: Bench) -> Outcome:
    if not bench.facts.sensitive:
        return inconclusive("oracle blind")
    key = bench.key()
    before = await bench.before()
    first = await bench.send("first", key=key)
    seen = [first, *[await _framed(bench, label, key) for label in (_CLOSED, _CHUNKED)]]
    effects = await bench.since(before, seen)
    evidence: dict[str, Any] = {"exchanges": tuple(seen), "effects": effects}
    if effects.least > 1:
        anyway = await runs_anyway(bench)
        if anyway is not None:
            return anyway
        return failed(
            f"the same request in other framing had {effects.least} effects", axis="safety", severity=ERROR, **evidence
        )
    innocent = not_about_keys(each for each in seen if each.status not in _NOT_TAKEN)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if not first.ok:
        return inconclusive(f"the first request got {first.said}", **evidence)
    said = [f"{each.call.label} {each.status}" for each in seen]
    refused = [index for index, each in enumerate(seen) if not each.ok]
    plain = await bench.send("first again", key=key) if refused else first
    for index in refused if plain.ok else ():
        label, status = seen[index].call.label, seen[index].status
        fresh = await _framed(bench, label, bench.key()) if status not in _NOT_TAKEN else seen[index]
        if not fresh.ok:
            said[index] = f"{label}: not taken ({status})"
            continue
        again = await _framed(bench, label, key)  # the first time, the answer may not have been stored yet
        if again.status == status:
            evidence["exchanges"] = (first, seen[index], plain, fresh, again)
            return failed(f"a retry is refused with {status} for its framing alone ({label})", **evidence)
    return passed(", ".join(said), weak=not effects.exact, **evidence)


async def _framed(bench: Bench, label: str, key: str) -> Exchange:
    if label == _CLOSED:
        return await bench.send(label, key=key, more=(("Connection", "close"),))
    call = bench.call(label, key=key, more=(("Transfer-Encoding", "chunked"),))
    return bench.noted(await bench.client.raw(call, _chunked(bench.client.message_of(call))))


def _chunked(message: bytes) -> bytes:
    """The message without a Content-Length, which must not stand beside a Transfer-Encoding (RFC 9112, section 6.2)."""
    head, blank, body = message.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join(lines) + blank + body
