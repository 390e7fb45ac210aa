"""The requests that decide, a line each: those of a burst with the time of their release, else in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.reporters.columns import width
from idemlint.reporters.escaping import terminal
from idemlint.reporters.probe.evidence import KeyGroup, counted, deciding_burst, hidden, identity, note, of_burst, said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe_report import CheckResult, ExchangeRecord

_MOST: Final = 6
"""Lines; more do not make it clearer."""

_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "one more")


def request_lines(check: CheckResult, columns: int) -> list[str]:
    """Lines of at most `columns`, of a key that ran twice if there is one. What ran from the second on says so at its end."""
    burst = deciding_burst(check)
    unclear = hidden(check)
    if burst is None:
        shown = check.exchanges[:_MOST]
        lines = _table(
            [_row(each, each.label, _again(check.exchanges, each), unclear=unclear) for each in shown], columns
        )
        left = len(check.exchanges) - len(shown)
        return [*lines, f"and {left} more"] if left else lines
    groups = of_burst(check, burst)
    group = groups[0]
    told = [each for each in group.exchanges if each.ran or each.error] or list(group.exchanges[:2])
    start = min((each.released for each in group.exchanges if each.released is not None), default=0.0)
    rows = [_row(each, _after(each, start), _again(group.exchanges, each), unclear=unclear) for each in told[:_MOST]]
    lines = _table(rows, columns)
    others = [each for each in group.exchanges if each not in told]
    lines += _others(others, "other", "others", unclear=unclear)
    lines += _others(told[_MOST:], "more", "more", unclear=unclear)
    if groups[1:]:
        lines.append(_beside(groups[1:])[:columns])
    return lines


def _after(exchange: ExchangeRecord, start: float) -> str:
    return "" if exchange.released is None else f"+{1e3 * (exchange.released - start):.2f} ms"


def _again(exchanges: Sequence[ExchangeRecord], exchange: ExchangeRecord) -> str:
    """`second effect` if one other request with this key had one before."""
    ran = [each for each in exchanges if each.ran and each.key and each.key == exchange.key]
    place = ran.index(exchange) if exchange in ran else 0
    return f"{_ORDINALS[min(place, len(_ORDINALS) - 1)]} effect" if place else ""


def _row(exchange: ExchangeRecord, when: str, again: str, *, unclear: bool) -> tuple[str, ...]:
    known = identity(exchange) if exchange.ran else ""
    did = note(exchange, unclear=unclear)
    return tuple(map(terminal, (f"#{exchange.number}", when, said(exchange), known, did, again)))


def _table(rows: Sequence[Sequence[str]], columns: int) -> list[str]:
    """Cells below each other; where they do not fit, the resources' names and then the times are left out."""
    if not rows:
        return []
    widest = [min(max(width(row[place]) for row in rows), 34) for place in range(len(rows[0]))]
    for place in (3, 1):
        if sum(size + 2 for size in widest if size) - 2 > columns:
            widest[place] = 0
    return [
        "  ".join(_fit(text, size) for text, size in zip(row, widest, strict=True) if size).rstrip() for row in rows
    ]


def _fit(text: str, size: int) -> str:
    if width(text) > size:
        kept = ""
        for character in text:
            if width(kept + character) >= size:
                break
            kept += character
        text = f"{kept}…"
    return text + " " * (size - width(text))


def _others(others: Sequence[ExchangeRecord], one: str, many: str, *, unclear: bool) -> list[str]:
    """`8 others  409`."""
    counts: dict[str, int] = {}
    for each in others:
        told = "  ".join(part for part in (said(each), note(each, unclear=unclear)) if part)
        counts[told] = counts.get(told, 0) + 1
    return [terminal(f"{count} {one if count == 1 else many}  {told}") for told, count in counts.items()]


def _beside(groups: Sequence[KeyGroup]) -> str:
    """What the other keys of the burst came to."""
    twice = sum(group.twice for group in groups)
    text = f"{counted(len(groups), 'other key')} in the same burst"
    if twice:
        text += f": {twice} with a second effect too" if twice < len(groups) else ": a second effect too"
    return text
