"""From the tree of an ECMAScript pattern to instructions for a matcher."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, TypeAlias

from idemlint.named_tuple import NamedTuple
from idemlint.openapi.ecma_regex import PatternCostError
from idemlint.openapi.ecma_regex.tree import (
    Alternatives,
    Assertion,
    Chars,
    Group,
    Look,
    Node,
    Repeat,
    Sequence,
    Tree,
)

LONGEST = 20_000
"""Instructions: counted repeats are written out, and `((x{99}){99}){99}` would be a million."""


class Op(IntEnum):
    CHARS = 0
    SPLIT = 1
    """Two ways on, the first preferred."""
    JUMP = 2
    SAVE = 3
    """Where a group begins (2n) or ends (2n + 1)."""
    RESET = 4
    """Groups from, up to."""
    ASSERT = 5
    LOOK = 6
    REFERENCE = 7
    MARK = 8
    """A round of a repeat begins; CHECK fails if it took nothing."""
    CHECK = 9
    MATCH = 10


Instruction: TypeAlias = tuple[Op, Any, Any]


class Program(NamedTuple):
    code: list[Instruction]
    backward: bool
    """Reads the text from right to left, as the inside of a lookbehind does."""
    groups: int
    marks: int
    looks: dict[int, Program]
    unicode_case: bool
    """Flags `i` and `u` together: what they change of references."""
    ignore_case: bool


def compile_program(tree: Tree) -> Program:
    """The whole pattern as one program, lookarounds as programs of their own in their direction."""
    looks: dict[int, Program] = {}
    for look in tree.looks:
        looks[look.place] = compile_node(look.body, tree, looks, backward=not look.ahead)
    return compile_node(tree.root, tree, looks, backward=False)


def compile_node(node: Node, tree: Tree, looks: dict[int, Program] | None = None, *, backward: bool) -> Program:
    """Raises `PatternCostError` when repeats make it too long."""
    writer = _Writer(backward)
    writer.write(node)
    writer.add(Op.MATCH)
    ignore_case = "i" in tree.flags
    return Program(
        writer.code, backward, tree.groups, writer.marks, looks or {}, ignore_case and "u" in tree.flags, ignore_case
    )


class _Writer:
    def __init__(self, backward: bool) -> None:
        self.backward = backward
        self.code: list[Instruction] = []
        self.marks = 0

    def add(self, op: Op, first: Any = None, second: Any = None) -> int:
        if len(self.code) >= LONGEST:
            raise PatternCostError("the pattern's repeat counts are too large")
        self.code.append((op, first, second))
        return len(self.code) - 1

    def write(self, node: Node) -> None:
        if isinstance(node, Chars):
            self.add(Op.CHARS, node.set)
        elif isinstance(node, Sequence):
            for item in reversed(node.items) if self.backward else node.items:
                self.write(item)
        elif isinstance(node, Alternatives):
            self.alternatives(node)
        elif isinstance(node, Repeat):
            self.repeat(node)
        elif isinstance(node, Group):
            self.add(Op.SAVE, 2 * node.number + self.backward)
            self.write(node.body)
            self.add(Op.SAVE, 2 * node.number + (not self.backward))
        elif isinstance(node, Assertion):
            self.add(Op.ASSERT, node.kind)
        elif isinstance(node, Look):
            self.add(Op.LOOK, node.place, node.negated)
        else:
            self.add(Op.REFERENCE, node.number)

    def alternatives(self, node: Alternatives) -> None:
        exits = []
        for branch in node.branches[:-1]:
            split = self.add(Op.SPLIT)
            self.write(branch)
            exits.append(self.add(Op.JUMP))
            self.code[split] = (Op.SPLIT, split + 1, len(self.code))
        self.write(node.branches[-1])
        for place in exits:
            self.code[place] = (Op.JUMP, len(self.code), None)

    def repeat(self, node: Repeat) -> None:
        for _ in range(node.least):
            start = len(self.code)
            self.round(node, checked=False)
            if len(self.code) == start:
                return  # nothing at all, however often
        if node.most is None:
            split = self.add(Op.SPLIT)
            self.round(node, checked=True)
            self.add(Op.JUMP, split)
            self.split(split, node)
            return
        splits = []
        for _ in range(node.most - node.least):
            splits.append(self.add(Op.SPLIT))
            self.round(node, checked=True)
        for split in splits:
            self.split(split, node)

    def split(self, place: int, node: Repeat) -> None:
        ways = (place + 1, len(self.code))
        self.code[place] = (Op.SPLIT, *(ways if node.greedy else reversed(ways)))

    def round(self, node: Repeat, *, checked: bool) -> None:
        first, behind = node.groups
        if behind > first:
            self.add(Op.RESET, first, behind)
        checked = checked and not isinstance(node.body, Chars)
        if checked:
            mark = self.marks
            self.marks += 1
            self.add(Op.MARK, mark)
            self.write(node.body)
            self.add(Op.CHECK, mark)
        else:
            self.write(node.body)
