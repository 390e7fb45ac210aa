"""KEY: which keys are taken and which are refused (draft-ietf-httpapi-idempotency-key-header-06, sections 2.1, 2.7, 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import ERROR, WARN, check, failed, inconclusive, passed, skipped
from idemlint.probe.expectations import has_code
from idemlint.probe.keys import admits
from idemlint.probe.needs import BASIC, HEADER_KEY, OTHER_PAYLOAD, SENSITIVE
from idemlint.probe.verdicts import not_about_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange

_DRAFT: Final = "draft-ietf-httpapi-idempotency-key-header-06"
_LONG: Final = 4096


@check(
    "KEY-01",
    "missing key",
    axis="conformance",
    severity=ERROR,
    promise="a request without the required key is refused and does nothing",
    why="a client that forgets the key believes that it is protected",
    source=f"{_DRAFT}, section 2.7",
    requests=12,
    needs=BASIC,
    core=True,
)
async def missing_key(bench: Bench) -> Outcome:
    expected = bench.expected.missing
    if expected is UNKNOWN:
        return skipped(f"profile-unknown: {bench.profile.name} does not say what a request without a key gets")
    before = await bench.before()
    exchange = await bench.send("no key", key=None)
    effects = await bench.since(before, [exchange])
    evidence = {"exchanges": (exchange,), "effects": effects}
    if expected != "reject":
        if exchange.ok:
            ran = not effects.exact or effects.least > 0
            told = "executed, as promised" if ran else "taken, as promised, though without an effect of its own"
            return passed(f"{exchange.status}: {told}", **evidence)
        innocent = not_about_keys([exchange])
        if innocent is not None:
            return inconclusive(innocent, **evidence)
        return failed(
            f"a request without a key got {exchange.status}, though the key is optional",
            difference=f"missing key: {exchange.status} in the place of execution",
            **evidence,
        )
    if exchange.ok:
        return failed(
            f"a request without the required key got {exchange.status}{' and had an effect' if effects.least else ''}",
            difference=f"missing key: {exchange.status} in the place of a refusal",
            **evidence,
        )
    innocent = not_about_keys([exchange])
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    bench.facts.errors["missing"] = exchange
    if effects.exact and effects.least:
        return failed(f"{exchange.status}, and yet the work was done", axis="safety", severity=ERROR, **evidence)
    return _status(bench, exchange, "missing key", bench.expected.missing_status, bench.profile.missing.level, evidence)


async def breaks_again(bench: Bench, exchange: Exchange) -> bool:
    """Whether it got a 5xx that comes again with the same request: once may be an accident."""
    return exchange.broken and (await bench.send_call(exchange.call.named(f"{exchange.call.label} again"))).broken


def _status(
    bench: Bench,
    exchange: Exchange,
    what: str,
    allowed: object,
    level: str | None,
    evidence: Mapping[str, Any],
) -> Outcome:
    """A refusal's status and code against what the profile says of it."""
    if not isinstance(allowed, tuple) or exchange.status in allowed:
        code = bench.profile.missing.code if what == "missing key" else None
        if has_code(exchange, code) is False and code is not None:
            return failed(f"{exchange.status} does not carry {', '.join(code.values)}", severity=WARN, **evidence)
        return passed(f"refused with {exchange.status}", observed={"onMissing": exchange.status}, **evidence)
    wanted = " or ".join(map(str, allowed))
    return failed(
        f"refused, but with {exchange.status}; {bench.profile.name} says {wanted}",
        severity=WARN if level is not None else ERROR,
        difference=f"{what}: {exchange.status} in the place of {wanted}",
        **evidence,
    )


@check(
    "KEY-04",
    "malformed key",
    axis="conformance",
    severity=ERROR,
    promise="keys are taken and refused as the document's schema says",
    why="clients that generate keys from the document are refused, or are let through with keys that nobody looks at",
    source=f"{_DRAFT}, section 5",
    requests=8,
    needs=(*BASIC, HEADER_KEY),
    core=True,
)
async def malformed_key(bench: Bench) -> Outcome:
    values = (f"not-a-uuid!!{bench.key()[:6]}", f"-{bench.key()[1:]}!")
    seen = [(value, await bench.send("malformed", lines=[value])) for value in values]
    evidence = {"exchanges": tuple(exchange for _, exchange in seen)}
    broken = [exchange for _, exchange in seen if await breaks_again(bench, exchange)]
    if broken:
        return failed(f"a malformed key gets {broken[0].status}", severity=WARN, **evidence)
    innocent = not_about_keys(exchange for _, exchange in seen)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    refused = [exchange for _, exchange in seen if not exchange.ok]
    if refused:
        bench.facts.errors["malformed"] = refused[0]
    for value, exchange in seen:
        if exchange.ok and not admits(bench.expected, value):
            return failed(
                f"the document's schema refuses {value!r}, the server took it ({exchange.status}): contract mismatch",
                difference="malformed key: taken, though the document's schema refuses it",
                **evidence,
            )
        if not exchange.ok and _open(bench) and admits(bench.expected, value):
            return failed(
                f"the document's schema takes {value!r}, the server refused it ({exchange.status}): contract mismatch",
                severity=WARN,
                difference="malformed key: refused, though the document's schema takes it",
                **evidence,
            )
    return passed(", ".join(f"{value!r} got {exchange.status}" for value, exchange in seen), **evidence)


def _open(bench: Bench) -> bool:
    """Whether the document says anything about the key's form, so that a refusal could contradict it."""
    parameter = bench.expected.parameter
    schema = parameter.schema() if parameter is not None else None
    return (
        schema is not None
        and isinstance(schema.value, dict)
        and bool({"pattern", "format", "enum"} & set(schema.value))
    )


@check(
    "KEY-05",
    "overlong key",
    axis="conformance",
    severity=WARN,
    promise="a key beyond the limit is refused, never cut off",
    why="two long keys with the same beginning become one, and one client gets the other's answer",
    source=f"{_DRAFT}, section 5; granit-fx/granit-dotnet#1151",
    requests=16,
    needs=(*BASIC, HEADER_KEY, OTHER_PAYLOAD),
    core=True,
)
async def overlong_key(bench: Bench) -> Outcome:
    assert bench.other is not None  # noqa: S101 - OTHER_PAYLOAD
    limit = _limit(bench)
    stem = "k" * (limit or _LONG)
    one = await bench.send("overlong", key=f"{stem}{bench.key()[:8]}1")
    two = await bench.send("overlong, same beginning", key=f"{stem}{bench.key()[:8]}2", sample=bench.other)
    seen = [one, two]
    if limit is not None and not one.ok and not two.ok:
        huge = await bench.send("4 KiB", key="h" * _LONG)
        seen.append(huge)
    evidence = {"exchanges": tuple(seen)}
    if bench.same_answer(one, two):
        return failed(
            "two long keys that differ in their last characters got one answer: the key is cut off",
            axis="safety",
            severity=ERROR,
            **evidence,
        )
    broken = [each for each in seen if await breaks_again(bench, each)]
    if broken:
        return failed(f"an overlong key gets {broken[0].status}", **evidence)
    innocent = not_about_keys(seen)
    if innocent is not None:
        return inconclusive(innocent, **evidence)
    if not one.ok:
        return passed(f"refused with {one.status}", **evidence)
    if limit is not None:
        return failed(f"a key of more than {limit} characters was taken ({one.status})", **evidence)
    if not admits(bench.expected, "k" * _LONG):
        return failed(f"a key of {_LONG} characters was taken ({one.status}), which the document refuses", **evidence)
    return passed(f"a key of {_LONG} characters was taken ({one.status}); nothing names a limit", weak=True, **evidence)


def _limit(bench: Bench) -> int | None:
    """The greatest length that document or profile name."""
    parameter = bench.expected.parameter
    schema = parameter.schema() if parameter is not None else None
    declared = schema.value.get("maxLength") if schema is not None and isinstance(schema.value, dict) else None
    if isinstance(declared, int) and not isinstance(declared, bool):
        return declared
    known = bench.profile.key.max
    return None if known is UNKNOWN else known


@check(
    "KEY-14",
    "refused before anything is done",
    axis="safety",
    severity=ERROR,
    promise="a request whose key is refused does nothing",
    why="the client corrects its key and sends again: the work is done twice",
    source=f"{_DRAFT}, section 5: validate the key before processing",
    requests=18,
    needs=(*BASIC, SENSITIVE),
    core=True,
)
async def refused_does_nothing(bench: Bench) -> Outcome:
    if not bench.effects.exact:
        return inconclusive("only ids tell of effects, and a refusal has none")
    before = await bench.before()
    seen: list[Exchange] = []
    if bench.expected.missing == "reject":
        seen.append(await bench.send("no key", key=None))
    if bench.expected.location == "header":
        seen += [
            await bench.send("bad key", lines=[value]) for value in ("", f"not-a-uuid!!{bench.key()[:6]}", "k" * _LONG)
        ]
    refused = [each for each in seen if each.status is not None and 400 <= each.status < 500]
    effects = await bench.since(before, seen)
    served = sum(each.ok for each in seen)
    evidence = {"exchanges": tuple(seen), "effects": effects}
    if not refused:
        return skipped("no bad key was refused", **evidence)
    if effects.least > served:
        return failed(
            f"{len(refused)} requests were refused for their key, and yet {effects.least - served} had an effect",
            **evidence,
        )
    return passed(f"{len(refused)} refusals without an effect", **evidence)
