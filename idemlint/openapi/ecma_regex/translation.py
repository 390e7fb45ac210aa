"""From the tree of an ECMAScript pattern to one for Python's `re`, and how long a text `re` may be given.

The estimate counts the ways a backtracking matcher may try, as `factor * length ** degree`. It takes the worst for
granted: a repeat of what may itself match in several ways counts as exponential, though many such patterns are
harmless. The automaton is nearly as fast, so nothing is lost by that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from idemlint.named_tuple import NamedTuple
from idemlint.openapi.ecma_regex.charset import LAST, CharSet, complement
from idemlint.openapi.ecma_regex.tree import (
    Alternatives,
    Assertion,
    Chars,
    Group,
    Look,
    Node,
    Reference,
    Repeat,
    Sequence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.openapi.ecma_regex.tree import Tree

MOST_STEPS = 5_000_000
"""Some 0.1 s of `re`."""
_UNLIMITED = 1 << 62
_HUGE = 1e9
_MOST_REPEATS = 65_535
_MOST_COMPARED = 50
"""Alternatives that are compared with each other."""


def translate(tree: Tree) -> tuple[Callable[[str], object], int]:
    """`re`'s matching method and the longest text for it; -1 when `re` cannot do it at all."""
    if tree.references or tree.properties or any(not look.ahead for look in tree.looks):
        return _never, -1
    if "i" in tree.flags and "u" in tree.flags and _has_boundary(tree.root):
        return _never, -1
    anchored = "y" in tree.flags or _anchored(tree.root)
    limit = _limit(tree.root, anchored=anchored)
    if limit < 0:
        return _never, -1
    try:
        python = re.compile(_python(tree.root), re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return _never, -1
    return (python.match if anchored else python.search), limit


def _never(_text: str) -> object:
    raise AssertionError("a text longer than the limit")


class _Cost(NamedTuple):
    """Ways to match a text of length n: up to `factor * n ** degree`."""

    factor: float
    degree: int
    length: int | None
    """The only length it can match, if there is one."""


def _limit(root: Node, *, anchored: bool) -> int:
    cost = _cost(root)
    if cost.factor >= _HUGE:
        return -1
    degree = cost.degree + (0 if anchored else 1)
    per_start = max(cost.factor, 1) * (1 if cost.length is None else max(cost.length / 8, 1))
    if per_start > MOST_STEPS:
        return -1
    if degree <= 1 and per_start <= 50:
        return _UNLIMITED
    if degree == 0:
        return _UNLIMITED
    return int((MOST_STEPS / per_start) ** (1 / degree))


def _cost(node: Node) -> _Cost:
    if isinstance(node, Chars):
        return _Cost(1, 0, 1)
    if isinstance(node, Group):
        return _cost(node.body)
    if isinstance(node, Look):
        return _cost(node.body)._replace(length=0)
    if isinstance(node, Sequence):
        return _in_turn([_cost(item) for item in node.items])
    if isinstance(node, Alternatives):
        return _either(node)
    if isinstance(node, Repeat):
        return _repeated(node)
    return _Cost(1, 0, 0)


def _in_turn(costs: list[_Cost]) -> _Cost:
    factor, degree, length = 1.0, 0, 0
    known = True
    for cost in costs:
        factor = min(factor * cost.factor, _HUGE)
        degree += cost.degree
        known = known and cost.length is not None
        length += cost.length or 0
    return _Cost(factor, degree, length if known else None)


def _either(node: Alternatives) -> _Cost:
    costs = [_cost(branch) for branch in node.branches]
    lengths = {cost.length for cost in costs}
    firsts = [_first(branch) for branch in node.branches]
    decided = (
        len(firsts) <= _MOST_COMPARED
        and all(one is not None for one in firsts)
        and all(
            one.disjoint(other)
            for index, one in enumerate(firsts)
            for other in firsts[:index]
            if one is not None and other is not None
        )
    )
    factors = [cost.factor for cost in costs]
    factor = max(factors) if decided else sum(factors)
    return _Cost(min(factor, _HUGE), max(cost.degree for cost in costs), lengths.pop() if len(lengths) == 1 else None)


def _repeated(node: Repeat) -> _Cost:
    body = _cost(node.body)
    fixed = node.least == node.most
    if body.length is not None and body.factor == 1 and body.degree == 0:
        if fixed:
            return _Cost(1, 0, body.length * node.least)
        if node.most is None or node.most > 1000:
            return _Cost(1, 1, None)
        return _Cost(node.most - node.least + 1, 0, None)
    if node.most == 1:
        return _Cost(min(body.factor + 1, _HUGE), body.degree, None)
    if node.most is None or node.most > 64:
        return _Cost(_HUGE, 0, None)
    factor = min(body.factor, 30) ** min(node.most, 30) if body.factor > 1 else 1
    length = body.length * node.least if fixed and body.length is not None else None
    return _Cost(min(factor * (node.most - node.least + 1), _HUGE), body.degree * node.most, length)


def _first(node: Node) -> CharSet | None:
    """The characters a match can begin with, if it must begin with any and they are easily told."""
    if isinstance(node, Chars):
        return node.set
    if isinstance(node, Group):
        return _first(node.body)
    if isinstance(node, Repeat) and node.least > 0:
        return _first(node.body)
    if isinstance(node, Sequence) and node.items and not isinstance(node.items[0], Assertion | Look):
        return _first(node.items[0])
    return None


def _anchored(node: Node) -> bool:
    """Whether every match begins at the beginning of the text."""
    if isinstance(node, Assertion):
        return node.kind == "^"
    if isinstance(node, Sequence):
        return bool(node.items) and _anchored(node.items[0])
    if isinstance(node, Alternatives):
        return all(map(_anchored, node.branches))
    return isinstance(node, Group) and _anchored(node.body)


def _has_boundary(node: Node) -> bool:
    if isinstance(node, Assertion):
        return node.kind in "bB"
    if isinstance(node, Sequence):
        return any(map(_has_boundary, node.items))
    if isinstance(node, Alternatives):
        return any(map(_has_boundary, node.branches))
    return isinstance(node, Group | Repeat | Look) and _has_boundary(node.body)


_ASSERTIONS = {
    "^": r"\A",
    "$": r"\Z",
    "^m": r"(?<![^\n\r\u2028\u2029])",
    "$m": r"(?![^\n\r\u2028\u2029])",
    "b": r"\b",
    "B": r"(?!\b)",  # Python's own \B denies the empty text before 3.14
}


def _python(node: Node) -> str:
    if isinstance(node, Chars):
        return _class(node.set)
    if isinstance(node, Sequence):
        return "".join(map(_python, node.items))
    if isinstance(node, Alternatives):
        return "(?:" + "|".join(map(_python, node.branches)) + ")"
    if isinstance(node, Group):
        return f"(?:{_python(node.body)})"
    if isinstance(node, Look):
        return f"(?{'!' if node.negated else '='}{_python(node.body)})"
    if isinstance(node, Assertion):
        return _ASSERTIONS[node.kind]
    if isinstance(node, Reference):
        raise TypeError("a back-reference is for the backtracking matcher")
    most = "" if node.most is None else min(node.most, _MOST_REPEATS)
    if node.least > _MOST_REPEATS or (node.most or 0) > _MOST_REPEATS:
        raise OverflowError
    return f"(?:{_python(node.body)}){{{node.least},{most}}}" + ("" if node.greedy else "?")


def _class(charset: CharSet) -> str:
    ranges = charset.ranges
    if not ranges:
        return r"(?!)"
    if ranges == ((0, LAST),):
        return r"[\s\S]"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return re.escape(chr(ranges[0][0]))
    negated = ranges[-1][1] == LAST
    members = complement(ranges) if negated else ranges
    parts = (_code(low) if low == high else f"{_code(low)}-{_code(high)}" for low, high in members)
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _code(code: int) -> str:
    if code < 128:
        char = chr(code)
        return char if char.isalnum() else f"\\x{code:02x}"
    return f"\\U{code:08x}"
