"""From observations to verdicts: pure functions that several checks share (ground rules of section 3.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.probe.check import failed, inconclusive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Burst, Exchange
    from idemlint.probe_report import EffectCount

GATEWAY = (502, 503, 504)
UNTOLD = "the answers of this operation do not tell one execution from another"


def not_about_keys(exchanges: Iterable[Exchange]) -> str | None:
    """Why refusals say nothing about keys: rate, credentials, a server that failed, no answer. None: they may."""
    for exchange in exchanges:
        status = exchange.status
        if status is None:
            return f"no answer: {exchange.error}"
        if status == 429:
            return "rate: the target answered 429 and went on so"
        if status in (401, 403) and not exchange.call.refusal_expected:
            return f"auth: the target answered {status}"
        if status >= 500:
            return f"server: the target answered {status}"
    return None


def one_effect(
    effects: EffectCount, exchanges: Sequence[Exchange], *, bursts: Sequence[Burst] = (), at_most: int = 1
) -> Outcome | None:
    """The failure, if there was more than `at_most` one effect; what keeps the count from saying so; None if all is well.

    The caller goes on to judge what the duplicates were told, and to mark its pass as weak where the count is not exact.
    """
    evidence = {"exchanges": tuple(exchanges), "effects": effects, "bursts": tuple(bursts)}
    if effects.least > at_most:
        distinct = len(effects.ids)
        if effects.exact and distinct == 1 and effects.oracle.startswith("GET"):
            # somebody else may have added to the list: the ids say one, the list says more
            return inconclusive(
                f"{effects.oracle} rose by {effects.least}, yet all answers tell of one resource: another actor?",
                **evidence,
            )
        return failed(f"{_times(len(exchanges))} with one key had {effects.least} effects{_told(effects)}", **evidence)
    if effects.exact and effects.least < at_most and any(exchange.ok for exchange in exchanges):
        return inconclusive(f"{effects.oracle} shows {effects.least} effects after a successful answer", **evidence)
    return None


def _times(count: int) -> str:
    return "one request" if count == 1 else f"{count} requests"


def _told(effects: EffectCount) -> str:
    if effects.before is not None:
        return f" ({effects.oracle}: {effects.before} before, {effects.after} after)"
    return f" ({effects.oracle}: {', '.join(effects.ids[:3])})"
