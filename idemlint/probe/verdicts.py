"""From observations to verdicts: pure functions that several checks share (ground rules of section 3.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    effects: EffectCount,
    exchanges: Sequence[Exchange],
    *,
    bursts: Sequence[Burst] = (),
    at_most: int = 1,
    own: bool = False,
) -> Outcome | None:
    """The failure, if there was more than `at_most` one effect; what keeps the count from saying so; None if all is well.

    The caller goes on to judge what the duplicates were told, and to mark its pass as weak where the count is not exact.
    `own`: what the oracle shows was proven to be the work of this run.
    """
    evidence = {"exchanges": tuple(exchanges), "effects": effects, "bursts": tuple(bursts)}
    if effects.least > at_most:
        told = f"{_times(len(exchanges))} with one key had {effects.least} effects{_told(effects)}"
        return another_actor(effects, at_most, own=own, **evidence) or failed(told, **evidence)
    if any(exchange.ok for exchange in exchanges):
        return uncounted(effects, at_most, **evidence)
    return None


def another_actor(effects: EffectCount, keys: int, /, *, own: bool, **evidence: Any) -> Outcome | None:
    """The doubt, if only a number that others may move as well shows more effects than there were keys.

    `own`: this number was proven to show what this run did.
    """
    if own or not effects.exact or effects.attributed or not len(effects.ids) <= keys < effects.least:
        return None
    of = "" if keys == 1 else f" for {keys} keys"
    told = "all answers tell of one resource" if keys == 1 and effects.ids else "no answer tells of another resource"
    return inconclusive(f"{effects.oracle} rose by {effects.least}{of}, yet {told}: another actor?", **evidence)


def uncounted(effects: EffectCount, keys: int, /, **evidence: Any) -> Outcome | None:
    """Why a count proves nothing: it shows fewer effects than keys that got a successful answer. None: it shows them."""
    if effects.before is None or effects.after is None or effects.after - effects.before >= keys:
        return None
    after = "a successful answer" if keys == 1 else f"successful answers to {keys} keys"
    seen = effects.after - effects.before
    return inconclusive(f"{effects.oracle} shows {seen} effects after {after}, so it proves nothing", **evidence)


def in_numbers(effects: EffectCount, keys: int = 1) -> str:
    """`one effect`, as far as that was counted; else what there is in its place."""
    if not effects.exact:
        return "no second effect seen" if keys == 1 else "no further effect seen"
    return "one effect" if keys == 1 else f"{effects.least} effects for {keys} keys"


def _times(count: int) -> str:
    return "one request" if count == 1 else f"{count} requests"


def _told(effects: EffectCount) -> str:
    if effects.before is None:
        return f" ({effects.oracle}: {', '.join(effects.ids[:3])})"
    if not effects.exact:
        return f" (the answers name {', '.join(effects.ids[:3])}; {effects.oracle} does not show them all)"
    return f" ({effects.oracle}: {effects.before} before, {effects.after} after)"
