"""CRS: whether browsers may send the key and read the marker (Fetch standard, CORS protocol)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.exchange import Call
from idemlint.probe.needs import BASIC, EFFECTS, HEADER_KEY

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_FETCH: Final = "Fetch standard, section 3.2 (CORS protocol)"
_ORIGIN: Final = "https://app.example.com"


async def preflight(bench: Bench) -> Exchange:
    """`OPTIONS` as a browser sends it ahead of the operation."""
    call = bench.call("preflight")
    headers = (
        ("Origin", _ORIGIN),
        ("Access-Control-Request-Method", bench.operation.method.upper()),
        ("Access-Control-Request-Headers", f"content-type, {bench.key_header.lower()}"),
    )
    exchange = await bench.client.send(
        Call("preflight", "OPTIONS", call.url, headers, principal="none", refusal_expected=True)
    )
    if any(name.lower().startswith("access-control-") for name, _ in exchange.headers):
        bench.facts.serves_browsers = True
    return exchange


def _tokens(exchange: Exchange, name: str) -> set[str]:
    return {part.strip().lower() for line in exchange.lines(name) for part in line.split(",") if part.strip()}


@check(
    "CRS-01",
    "preflight allows the key",
    axis="conformance",
    severity=ERROR,
    promise="a browser may send the key",
    why="the browser refuses to send the request at all, or developers leave the key out",
    source=f"{_FETCH}; superseriousbusiness/gotosocial#1664",
    requests=2,
    needs=(*BASIC, HEADER_KEY),
    core=True,
)
async def preflight_allows_key(bench: Bench) -> Outcome:
    exchange = await bench.once("preflight", preflight)
    evidence: dict[str, Any] = {"exchanges": (exchange,)}
    allowed = _tokens(exchange, "access-control-allow-headers")
    if not bench.facts.serves_browsers:
        return skipped("no CORS header was seen: the API does not serve browsers of other origins", **evidence)
    if exchange.status is None:
        return inconclusive(f"no answer: {exchange.error}", **evidence)
    if not exchange.ok:
        if not allowed and exchange.header("access-control-allow-origin") is None:
            return inconclusive(f"the preflight got {exchange.status}", **evidence)
        return failed(f"the preflight got {exchange.status}, which a browser takes for a refusal", **evidence)
    if exchange.header("access-control-allow-origin") is None:
        return skipped(f"the origin {_ORIGIN} is not allowed, so nothing can be said of the key", **evidence)
    credentials = (exchange.header("access-control-allow-credentials") or "").lower() == "true"
    if bench.key_header.lower() in allowed or ("*" in allowed and not credentials):
        return passed("Access-Control-Allow-Headers lists the key", **evidence)
    shown = ", ".join(sorted(allowed)) or "nothing"
    return failed(
        f"Access-Control-Allow-Headers lists {shown}, not {bench.key_header}",
        difference="cors: the preflight does not allow the key",
        **evidence,
    )


@check(
    "CRS-02",
    "marker readable",
    axis="conformance",
    severity=WARN,
    promise="a browser's script may read the marker, Retry-After and Location",
    why="the script cannot tell a replay from a first answer, nor find what it made",
    source=_FETCH,
    requests=4,
    needs=(*BASIC, HEADER_KEY),
)
async def marker_readable(bench: Bench) -> Outcome:
    key = bench.key()
    origin = (("Origin", _ORIGIN),)
    first = await bench.send("first, from a browser", key=key, more=origin)
    again = await bench.send("duplicate, from a browser", key=key, more=origin)
    evidence: dict[str, Any] = {"exchanges": (first, again)}
    if again.header("access-control-allow-origin") is None:
        return skipped("answers are not open to other origins", **evidence)
    exposed = _tokens(again, "access-control-expose-headers")
    marker = bench.profile.replay.marker
    wanted = [
        name for name in ("location", "retry-after") if again.header(name) is not None or first.header(name) is not None
    ]
    if marker is not UNKNOWN and marker is not None and again.header(marker.name) is not None:
        wanted.append(marker.name.lower())
    hidden = [name for name in wanted if name not in exposed and "*" not in exposed]
    if hidden:
        return failed(f"Access-Control-Expose-Headers does not list {', '.join(hidden)}", **evidence)
    return passed("what the answer tells is readable", **evidence)


@check(
    "CRS-03",
    "preflight has no effect",
    axis="safety",
    severity=ERROR,
    promise="a preflight does nothing and records no key",
    why="each browser request would run twice",
    source=_FETCH,
    requests=10,
    needs=(*EFFECTS, HEADER_KEY),
)
async def preflight_has_no_effect(bench: Bench) -> Outcome:
    if not bench.effects.exact:
        return inconclusive("only ids tell of effects, and a preflight has none")
    before = await bench.before()
    exchange = await preflight(bench)
    effects = await bench.since(before, [])
    if effects.least > 0:
        return failed(f"OPTIONS had {effects.least} effects", exchanges=(exchange,), effects=effects)
    return passed(f"OPTIONS got {exchange.said} and had no effect", exchanges=(exchange,), effects=effects)
