"""The first request of an operation that its server takes; every other one of the probe is like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.probe.keys import REFUSED_FORM

if TYPE_CHECKING:
    from idemlint.probe.bench import Bench
    from idemlint.probe.exchange import Exchange

_SERVER_TRIES: Final = 3
_MOST_TRIES: Final = 7


async def first_success(bench: Bench) -> Exchange:
    """The first request that succeeds: other samples after a 4xx, the same with a fresh key after a 5xx.

    Where the server may want keys in the other form, quoted (RFC 9651) or bare, that is tried too, with each sample as
    long as the two are refused with different words: then the form matters, and so may the sample.
    """
    bench.quote = bench.facts.forms.quoted(bench.label, bench.expected)
    either = bench.expected.location == "header"
    exchange = await bench.send("first", key=bench.key())
    for tries in range(1, _MOST_TRIES + 1):
        if exchange.ok:
            break
        if either and exchange.status in REFUSED_FORM:
            bench.quote = not bench.quote
            turned = await bench.send("first, the key in its other form", key=bench.key())
            if turned.ok:
                bench.facts.forms.learn(bench.label, bench.expected, quoted=bench.quote)
                return turned
            bench.quote = not bench.quote
            either = _words(turned) != _words(exchange)
        if tries == _MOST_TRIES or not _tried_again(bench, exchange, tries):
            break
        exchange = await bench.send("first", key=bench.key())
    return exchange


def _tried_again(bench: Bench, exchange: Exchange, tries: int) -> bool:
    """Whether another request may succeed after this answer; the bench is then ready for it."""
    if exchange.status is None or exchange.status >= 500:
        return tries < _SERVER_TRIES
    if exchange.status in (401, 403, 404, 405, 429) or not bench.alternatives:
        return False
    bench.sample = bench.alternatives.pop(0)
    if bench.maker is not None:
        bench.other = bench.maker.chosen(bench.operation, bench.sample)
    return True


def _words(exchange: Exchange) -> tuple[int | None, str | bytes]:
    return exchange.status, _detail(exchange) or exchange.body


def why_blocked(bench: Bench, exchange: Exchange) -> str:
    """Of an operation whose first request got no success, but this."""
    hint = f" {bench.hint}" if bench.hint else ""
    if exchange.status is None:
        return f"no answer: {exchange.error}"
    detail = _detail(exchange)
    said = f"{exchange.status}{f' ({detail})' if detail else ''}"
    if exchange.status in (401, 403):
        return f"the credentials were refused: {said}"
    if exchange.status >= 500:
        return f"the server failed three times: {said}"
    return f"no valid request could be made: {said}.{hint}"


def _detail(exchange: Exchange) -> str:
    """A sentence out of an error body, at most 120 characters."""
    data = exchange.json
    if isinstance(data, dict):
        for name in ("detail", "message", "error_description", "title", "error"):
            value: Any = data.get(name)
            if isinstance(value, dict):
                value = value.get("message")
            if isinstance(value, str) and value:
                return " ".join(value.split())[:120]
    return ""
