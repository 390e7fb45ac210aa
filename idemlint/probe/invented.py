"""Whether answers are invented anew for each request, as a mock does that generates them from the document's schemas.

Such ids tell nothing: two of them are no two effects.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from idemlint.probe.exchange import NOT_JSON
from idemlint.probe.masks import leaves, names_id, names_passing

if TYPE_CHECKING:
    from idemlint.probe.exchange import Exchange

_MOST_OF: Final = 0.5


def contradicted(first: Exchange, second: Exchange) -> list[str]:
    """Pointers of members that both requests set alike, and that came back with two values.

    A server may set what it likes in the place of what it was sent, but alike for the same request; ids and times excepted.
    Empty unless this holds for half of the members that could be looked at.
    """
    sent, one, two = _sent(first), leaves(first.json), leaves(second.json)
    again = _sent(second)
    common = [
        each
        for each, value in sent.items()
        if each in one and each in two and again.get(each) == value and not (names_id(each) or names_passing(each))
    ]
    differing = [each for each in common if one[each] != two[each] and not _adds_up(sent[each], one[each], two[each])]
    return differing if len(differing) >= _MOST_OF * len(common) else []


def _adds_up(sent: object, one: object, two: object) -> bool:
    """A number that grows by what is sent: a balance, a quantity in a cart."""
    if not (isinstance(sent, (int, float)) and isinstance(one, (int, float)) and isinstance(two, (int, float))):
        return False
    return abs((two - one) - sent) <= abs(sent) * 1e-9


def read_otherwise(made: Exchange, read: Exchange, identity: frozenset[str]) -> list[str]:
    """Pointers of ids that a resource has in the answer which made it, and has otherwise when it is read."""
    if not (made.ok and read.ok) or NOT_JSON in (made.json, read.json):
        return []
    before, after = leaves(made.json), leaves(read.json)
    names = [
        each for each in before if each in after and each in identity and names_id(each) and not names_passing(each)
    ]
    return [each for each in names if before[each] != after[each]]


def _sent(exchange: Exchange) -> dict[str, object]:
    try:
        return leaves(json.loads(exchange.call.body))
    except (ValueError, RecursionError):
        return {}
