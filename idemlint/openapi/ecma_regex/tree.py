"""The parts of an ECMAScript pattern as values: what `parser` makes and the engines read."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from idemlint.openapi.ecma_regex.charset import CharSet


class Chars(NamedTuple):
    """One character of a set."""

    set: CharSet


class Sequence(NamedTuple):
    items: tuple[Node, ...]


class Alternatives(NamedTuple):
    branches: tuple[Node, ...]


class Repeat(NamedTuple):
    body: Node
    least: int
    most: int | None
    greedy: bool
    groups: tuple[int, int]
    """Capture groups inside: the first's number and the one behind the last's; each round begins with them unset."""


class Group(NamedTuple):
    body: Node
    number: int


class Assertion(NamedTuple):
    kind: str
    """`^`, `$`, `b` or `B`; with the flag `m`, `^m` and `$m`."""


class Look(NamedTuple):
    body: Node
    ahead: bool
    negated: bool
    place: int
    """Lookarounds are numbered from 0, inner ones first."""


class Reference(NamedTuple):
    number: int


Node: TypeAlias = Chars | Sequence | Alternatives | Repeat | Group | Assertion | Look | Reference


class Tree(NamedTuple):
    root: Node
    groups: int
    names: dict[str, int]
    looks: list[Look]
    references: bool
    properties: bool
    flags: str
