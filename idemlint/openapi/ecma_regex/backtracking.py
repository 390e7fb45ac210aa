"""Runs an ECMAScript pattern the way the standard tells (ECMA-262, 22.2.2): groups, references, preferred ways.

Only for what the automaton cannot tell. Takes exponential time on some patterns, and so counts its steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from idemlint.openapi.ecma_regex import PatternCostError
from idemlint.openapi.ecma_regex.automaton import EDGE, IN_WORD, LINE, PLAIN, assertion_holds
from idemlint.openapi.ecma_regex.charset import LINE_END, WORD, CharSet, close_over_case
from idemlint.openapi.ecma_regex.program import Op, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

BUDGET = 600_000
"""Steps in one search, some 0.7 µs each."""

Captures: TypeAlias = tuple[int, ...]
"""Two offsets a group, -1 while unset."""


def matches(program: Program, text: str, most: int, *, sticky: bool) -> Iterator[tuple[str | None, ...]]:
    """Up to `most` matches, each the whole and its groups. Raises `PatternCostError`."""
    machine = _Machine(text)
    start = 0
    while start <= len(text) and most > 0:
        captures = machine.run(program, start, (-1,) * (2 * program.groups + 2))
        if captures is None:
            if sticky:
                return
            start += 1
            continue
        end = captures[1]
        spans = zip(captures[2::2], captures[3::2], strict=True)
        yield (text[start:end], *(None if last < 0 else text[first:last] for first, last in spans))
        most -= 1
        start = end if end > start else end + 1


class _Machine:
    def __init__(self, text: str) -> None:
        self.text = text
        self.steps = 0

    # A branch an instruction: split up, each step would pay for a call.
    def run(self, program: Program, start: int, captures: Captures) -> Captures | None:  # noqa: C901, PLR0912
        """Match at `start`; slot 1 of the result is where the match ends (in the program's direction)."""
        code = program.code
        text = self.text
        stack = [(0, start, captures, (-1,) * program.marks)]
        while stack:
            place, at, captures, marks = stack.pop()
            while True:
                self.steps += 1
                if self.steps > BUDGET:
                    raise PatternCostError("the pattern takes too many steps on a text this long")
                op, first, second = code[place]
                place += 1
                if op is Op.CHARS:
                    index = at - 1 if program.backward else at
                    if not 0 <= index < len(text) or not first.contains(ord(text[index])):
                        break
                    at = index if program.backward else at + 1
                elif op is Op.SPLIT:
                    stack.append((second, at, captures, marks))
                    place = first
                elif op is Op.JUMP:
                    place = first
                elif op is Op.SAVE:
                    self.steps += len(captures) // 32
                    captures = (*captures[:first], at, *captures[first + 1 :])
                elif op is Op.RESET:
                    self.steps += len(captures) // 32
                    captures = (*captures[: 2 * first], *(-1,) * (2 * (second - first)), *captures[2 * second :])
                elif op is Op.MARK:
                    self.steps += len(marks) // 32
                    marks = (*marks[:first], at, *marks[first + 1 :])
                elif op is Op.CHECK:
                    if marks[first] == at:
                        break
                elif op is Op.ASSERT:
                    if not self.holds(first, at, program):
                        break
                elif op is Op.LOOK:
                    inner = self.run(program.looks[first], at, captures)
                    if (inner is None) is not second:
                        break
                    if inner is not None:
                        captures = (*captures[:2], *inner[2:])
                elif op is Op.REFERENCE:
                    moved = self.refer(program, captures[2 * first], captures[2 * first + 1], at)
                    if moved is None:
                        break
                    at = moved
                else:
                    return (start, at, *captures[2:])
        return None

    def holds(self, kind: str, at: int, program: Program) -> bool:
        before = self.beside(at - 1, program) if at else EDGE
        after = self.beside(at, program) if at < len(self.text) else EDGE
        return assertion_holds(kind, before, after)

    def beside(self, index: int, program: Program) -> int:
        code = ord(self.text[index])
        if CharSet(LINE_END).contains(code):
            return LINE
        if CharSet(WORD).contains(code) or (program.unicode_case and code in {0x17F, 0x212A}):
            return IN_WORD
        return PLAIN

    def refer(self, program: Program, first: int, last: int, at: int) -> int | None:
        """Where the text goes on if what the group took stands here, too; an unset group took nothing."""
        if first < 0 or last < 0:
            return at
        length = last - first
        begin = at - length if program.backward else at
        if begin < 0 or begin + length > len(self.text):
            return None
        self.steps += length // 16
        for offset in range(length):
            one, other = self.text[first + offset], self.text[begin + offset]
            if one != other and not (program.ignore_case and _same(one, other, program.unicode_case)):
                return None
        return begin if program.backward else at + length


def _same(one: str, other: str, unicode: bool) -> bool:
    code = ord(one)
    return CharSet(close_over_case(((code, code),), unicode)).contains(ord(other))
