"""From what a check saw to what the report keeps: masked, cut, and with a `curl` that does it again."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from idemlint.probe.again import reproduction
from idemlint.probe.carried import keys_of
from idemlint.probe.principals import WHOSE
from idemlint.probe_report import BODY_KEPT, CheckResult, ExchangeRecord, Message, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Check, Outcome
    from idemlint.probe.exchange import Burst, Exchange
    from idemlint.probe.masking import Masking
    from idemlint.probe_report import EffectCount

_PASS_BODY: Final = 400
"""Characters of a body that a check keeps which passed: its evidence is rarely read, and reports stay small."""
_PASS_BURSTS: Final = 1
_PASS_EXCHANGES: Final = 12
"""Bursts, and exchanges outside of bursts, that are kept of a check that did not fail."""
_ROOM: Final = 4_000
"""Exchanges in a report after which it holds evidence for failures only, and less of it: some 25 MB of JSON."""
_CRAMPED: Final = 3


def record(exchange: Exchange, masking: Masking, *, origin: float, keep: int = BODY_KEPT) -> ExchangeRecord:
    """The exchange as the report holds it; times count from `origin`."""
    call = exchange.call
    body = call.body if exchange.body_sent is None else call.body[: exchange.body_sent]
    target = call.url.partition("://")[2]
    target = "/" + target.partition("/")[2]
    request = Message(
        masking.text(f"{call.method} {target} {exchange.http}"),
        masking.lines(exchange.sent or call.headers, WHOSE.get(call.principal, "")),
        masking.text(_text(body, keep)),
        len(body),
    )
    response = None
    if exchange.status is not None:
        response = Message(
            f"{exchange.http} {exchange.status}",
            masking.lines(exchange.headers),
            masking.text(_text(exchange.body, keep)),
            max(exchange.size, len(exchange.body)),
        )
    return ExchangeRecord(
        exchange.number,
        call.label,
        masking.text(call.url),
        request,
        response,
        masking.text(exchange.error),
        exchange.started - origin,
        exchange.ended - origin,
        None if exchange.released is None else exchange.released - origin,
        None if exchange.first_byte is None else exchange.first_byte - origin,
    )


def result_of(
    check: Check, outcome: Outcome, bench: Bench, masking: Masking, *, origin: float, kept: int = 0
) -> CheckResult:
    """The check's result with its evidence; `kept` exchanges are in the report already."""
    keep = _PASS_BODY if outcome.verdict in (Verdict.PASS, Verdict.SKIPPED) else BODY_KEPT
    seen: dict[int, Exchange] = {}
    for exchange in (*outcome.exchanges, *(each for burst in outcome.bursts for each in burst.exchanges)):
        seen[exchange.number] = exchange
    ran = _who_ran(check, outcome, bench, list(seen.values()))
    bursts, shown = _evidence(outcome, list(seen.values()), kept)
    left_out = {"exchanges_left_out": len(seen) - len(shown)} if len(shown) < len(seen) else {}
    records = [
        record(exchange, masking, origin=origin, keep=keep)._replace(
            ran=ran.get(exchange.number),
            replay=bench.replayed(exchange) if exchange.status is not None else None,
            key=masking.text(_key_of(exchange, bench)),
        )
        for exchange in shown
    ]
    return CheckResult(
        id=check.id,
        name=check.name,
        group=check.group,
        axis=outcome.axis or check.axis,
        severity=outcome.severity if outcome.severity is not None else check.severity,
        verdict=outcome.verdict,
        reason=masking.text(outcome.reason),
        weak=outcome.weak,
        promise=check.promise,
        why=check.why,
        source=check.source,
        exchanges=tuple(records),
        bursts=tuple(burst.record for burst in bursts),
        effects=_masked(outcome.effects, masking),
        details={**masking.data(dict(outcome.details)), **left_out},
        reproduce=reproduction(outcome, list(seen.values()), ran, bench, masking),
    )


def _evidence(outcome: Outcome, seen: Sequence[Exchange], kept: int) -> tuple[Sequence[Burst], Sequence[Exchange]]:
    """All of it for what failed, a sample of what did not; less and less of both where hundreds of operations are probed.

    What is left out is counted in the result's details.
    """
    failed = outcome.verdict is Verdict.FAIL
    if failed and kept < _ROOM:
        return outcome.bursts, seen
    if kept >= _ROOM and not failed:
        return (), seen[: _CRAMPED if outcome.verdict is Verdict.INCONCLUSIVE else 0]
    bursts = outcome.bursts[:_PASS_BURSTS]
    in_some = {each.number for burst in outcome.bursts for each in burst.exchanges}
    wanted = {each.number for burst in bursts for each in burst.exchanges}
    wanted |= {each.number for each in [each for each in seen if each.number not in in_some][:_PASS_EXCHANGES]}
    return bursts, [each for each in seen if each.number in wanted]


def _who_ran(check: Check, outcome: Outcome, bench: Bench, exchanges: Sequence[Exchange]) -> dict[int, bool]:
    """By number, which exchanges did work of their own: those whose answer names a resource that none before it named.

    Nothing is told where answers do not tell: if they name one resource under several keys, as updates do, or if safety
    failed on a count of effects while no key's answers name more than one.
    """
    ran: dict[int, bool] = {}
    keys: dict[tuple[str, ...], str] = {}
    method = bench.operation.method.upper()
    answers = [each for each in exchanges if each.ok and each.call.method == method]
    for exchange, identity in zip(answers, bench.masks.identities_of(answers), strict=True):
        if not identity:
            continue
        key = _key_of(exchange, bench)
        ran[exchange.number] = identity not in keys and bench.replayed(exchange) is not True
        if keys.setdefault(identity, key) != key:
            return {}
    seen_twice = len(set(keys.values())) < len(keys)
    unsafe = outcome.verdict is Verdict.FAIL and (outcome.axis or check.axis) == "safety"
    if unsafe and not seen_twice and outcome.effects is not None and outcome.effects.least > len(keys):
        return {}
    return ran


def _key_of(exchange: Exchange, bench: Bench) -> str:
    return ", ".join(keys_of(exchange, bench))


def _text(body: bytes, keep: int) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "base64:" + base64.b64encode(body[:keep]).decode()
    return text if len(text) <= keep else f"{text[:keep]}… ({len(body)} bytes in all)"


def _masked(effects: EffectCount | None, masking: Masking) -> EffectCount | None:
    if effects is None:
        return None
    return effects._replace(oracle=masking.text(effects.oracle), ids=tuple(map(masking.text, effects.ids)))
