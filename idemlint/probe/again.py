"""Which of a check's requests a person would send again to see what it saw, and what each is to carry then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from idemlint.openapi.pointers import at
from idemlint.probe.carried import keys_of
from idemlint.probe.curl import Sending, at_work_with, commands
from idemlint.probe.exchange import NOT_JSON, parsed
from idemlint.probe.fresh_keys import another
from idemlint.probe.uniqueness import for_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome
    from idemlint.probe.exchange import Exchange
    from idemlint.probe.masking import Masking

_MOST: Final = 3
"""Commands where nothing says which requests decide."""
_SEQUENCE: Final = 5
"""Commands up to the second time that a key's work ran: more are not typed again by anybody."""


def reproduction(
    outcome: Outcome, seen: Sequence[Exchange], ran: Mapping[int, bool], bench: Bench, masking: Masking
) -> str:
    """Commands for a shell; `seen` in the order of the evidence, `ran` by number which did work of their own."""
    chosen = _telling(outcome, seen, ran, bench)
    # one that was refused may owe that to an earlier one with its key, which only the server knows
    refused = len(chosen) == 1 and not chosen[0].ok
    return commands([_sending(each, bench, fresh=not refused) for each in chosen], masking)


def _telling(outcome: Outcome, seen: Sequence[Exchange], ran: Mapping[int, bool], bench: Bench) -> Sequence[Exchange]:
    """What the check names, else the requests of a key that ran twice, else two that were at work at once, else the first."""
    if outcome.telling:
        return outcome.telling
    groups: dict[tuple[str, ...], list[Exchange]] = {}
    for each in seen:
        groups.setdefault(keys_of(each, bench), []).append(each)
    groups.pop((), None)
    for group in groups.values():
        runs = [place for place, each in enumerate(group) if ran.get(each.number)]
        if len(runs) > 1:
            # what else arrived in a burst may have set it off, whenever it did
            whole = group if group[runs[0]].beside else group[runs[0] : runs[1] + 1]
            return whole if len(whole) <= _SEQUENCE else (group[runs[0]], group[runs[1]])
    raced_first = next((each for each in seen if at_work_with(each) is not None), None)
    if raced_first is not None and (len(seen) == 1 or seen[0].beside):
        beside = at_work_with(raced_first)
        return (raced_first,) if beside is None else (raced_first, beside)
    return seen[:_MOST]


def _sending(exchange: Exchange, bench: Bench, *, fresh: bool) -> Sending:
    keys = {key: another(key, bench.options.seed) if fresh else key for key in keys_of(exchange, bench)}
    body = exchange.call.body
    if bench.renewing and fresh:
        body = _renewed(body, "".join(keys.values()) or f"{bench.options.seed} {exchange.number}", bench)
    return Sending(exchange, body if exchange.body_sent is None else body[: exchange.body_sent], keys)


def _renewed(body: bytes, key: str, bench: Bench) -> bytes:
    """The target takes some values just once, and has seen those of the run."""
    value = parsed(body)
    unique = tuple(each for each in bench.sample.unique if value is not NOT_JSON and isinstance(at(value, each), str))
    _, new = for_key(replace(bench.sample, value=value, unique=unique), body, key) if unique else (None, body)
    return body if new is None else new
