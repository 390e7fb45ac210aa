"""What differs between two bodies, member by member where they are JSON."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.probe_report import CheckResult, ExchangeRecord, Message

_LINES: Final = 400
"""Of each body: comparing takes time that grows with their product."""
_SHOWN: Final = 80
_CONTEXT: Final = 2


class Difference(NamedTuple):
    """Two exchanges whose bodies differ, and how."""

    what: str
    """`request` or `answer`."""
    first: ExchangeRecord
    other: ExchangeRecord
    lines: tuple[tuple[str, str], ...]
    """A sign (`-`, `+` or a blank) and a line of text."""


def differences(check: CheckResult) -> list[Difference]:
    """The first other payload of a check, and the first success that is answered otherwise; without bursts just those."""
    found: list[Difference] = []
    for what in ("request", "answer"):
        pair = next(_pairs(check, what), None)
        if pair is not None:
            first, other = pair
            told = tuple(_lines(pretty(_body(first, what)), pretty(_body(other, what))))
            if told:
                found.append(Difference(what, first, other, told))
    return found


def _pairs(check: CheckResult, what: str) -> Iterator[tuple[ExchangeRecord, ExchangeRecord]]:
    """Exchanges with one key and one method whose bodies differ; answers where both say success."""
    leaders: dict[tuple[str, str], ExchangeRecord] = {}
    for each in check.exchanges:
        if not each.key or (what == "answer" and not 200 <= (each.status or 0) < 300):
            continue
        leader = leaders.setdefault((each.key, each.request.start.partition(" ")[0]), each)
        if leader is not each and _body(leader, what) != _body(each, what):
            yield leader, each


def _body(exchange: ExchangeRecord, what: str) -> str:
    message: Message | None = exchange.request if what == "request" else exchange.response
    return message.body if message is not None else ""


def pretty(body: str) -> str:
    """JSON with a member a line; other text as it is."""
    try:
        value = json.loads(body)
        if isinstance(value, (dict, list)):
            return json.dumps(value, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        pass
    return body


def _lines(first: str, other: str) -> Iterator[tuple[str, str]]:
    """Changed lines with what stands around them."""
    before, after = first.splitlines()[:_LINES], other.splitlines()[:_LINES]
    hunks = 0
    for number, line in enumerate(difflib.unified_diff(before, after, n=_CONTEXT, lineterm="")):
        if number >= _SHOWN:
            yield " ", "..."
            return
        if line.startswith("@@"):
            hunks += 1
            if hunks > 1:
                yield " ", "..."
        elif number > 1:
            yield line[:1], line[1:]
