"""FLT: failures of what lies between: the store of keys, proxies, and the framing of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed
from idemlint.probe.checks.faults import in_progress
from idemlint.probe.needs import BASIC, EFFECTS, HTTP1, SWITCHES, WIRE
from idemlint.probe.verdicts import not_about_keys

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome


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
        return failed(f"a request that was sent again at once had {effects.least} effects", **evidence)
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
    closed = await bench.send("connection closed", key=key, more=(("Connection", "close"),))
    call = bench.call("chunked", key=key, more=(("Transfer-Encoding", "chunked"),))
    chunked = bench.noted(await bench.client.raw(call, _chunked(bench.client.message_of(call))))
    seen = [first, closed, chunked]
    effects = await bench.since(before, seen)
    evidence: dict[str, Any] = {"exchanges": tuple(seen), "effects": effects}
    if effects.least > 1:
        return failed(
            f"the same request in other framing had {effects.least} effects", axis="safety", severity=ERROR, **evidence
        )
    innocent = not_about_keys(seen)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if chunked.status in (411, 501):
        return passed(f"chunked bodies are not taken ({chunked.status})", **evidence)
    return passed(", ".join(f"{each.call.label} {each.status}" for each in seen), weak=not effects.exact, **evidence)


def _chunked(message: bytes) -> bytes:
    """The message without a Content-Length, which must not stand beside a Transfer-Encoding (RFC 9112, section 6.2)."""
    head, blank, body = message.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join(lines) + blank + body
