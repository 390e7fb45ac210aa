"""Tells whether an ECMAScript pattern matches, in time that grows with the text only.

The program's possible places after each character form a state; states and their transitions are computed when first
met and kept (a lazily built deterministic automaton, as in RE2: Cox, "Regular Expression Matching in the Wild", 2010).
A lookaround is decided for every position of the text beforehand, by running its own automaton over the text towards
that position: lookaheads from right to left, lookbehinds from left to right. Back-references are not for this matcher.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.openapi.ecma_regex import PatternCostError
from idemlint.openapi.ecma_regex.charset import LINE_END, WORD, CharSet
from idemlint.openapi.ecma_regex.program import Op, compile_node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.openapi.ecma_regex.program import Program
    from idemlint.openapi.ecma_regex.tree import Tree

BUDGET = 3_000_000
"""Steps spent on new states in one search, some 0.2 µs each."""
MOST_TRANSITIONS = 100_000
EDGE, LINE, IN_WORD, PLAIN = range(4)
"""What stands beside a position: the text's edge, a line end, a word character, anything else."""


class _State(dict[object, "tuple[bool, _State]"]):
    """Transitions by the next character (and the lookarounds that hold before it)."""

    __slots__ = ("beside", "places")

    def __init__(self, places: frozenset[int], beside: int) -> None:
        super().__init__()
        self.places = places
        self.beside = beside


class Matcher:
    """Automata of a pattern and its lookarounds."""

    def __init__(self, tree: Tree) -> None:
        word_ends = CharSet(_word(tree.flags))
        self._looks = [
            (_Automaton(compile_node(look.body, tree, backward=look.ahead), word_ends), look.ahead)
            for look in tree.looks
        ]
        self._main = _Automaton(compile_node(tree.root, tree, backward=False), word_ends)
        self._sticky = "y" in tree.flags

    def search(self, text: str) -> bool:
        holds: list[int] | None = None
        for index, (automaton, ahead) in enumerate(self._looks):
            found = automaton.everywhere(text, holds, backward=ahead)
            bit = 1 << index
            if holds is None:
                holds = [0] * (len(text) + 1)
            holds = [held | bit if here else held for held, here in zip(holds, found, strict=True)]
        return self._main.search(text, holds, sticky=self._sticky)


def _word(flags: str) -> tuple[tuple[int, int], ...]:
    return (*WORD, (0x17F, 0x17F), (0x212A, 0x212A)) if "i" in flags and "u" in flags else WORD


class _Automaton:
    def __init__(self, program: Program, word: CharSet) -> None:
        self._code = program.code
        self._backward: Final = program.backward
        self._word = word
        kinds = {first for op, first, _ in program.code if op is Op.ASSERT}
        self._words = bool(kinds & {"b", "B"})
        self._lines = bool(kinds & {"^m", "$m"})
        self._anchored = _begins_at_edge(program)
        self._states: dict[tuple[frozenset[int], int], _State] = {}
        self._transitions = 0
        self._spent = 0

    def search(self, text: str, holds: list[int] | None, *, sticky: bool = False) -> bool:
        """Whether a match begins anywhere, or at the very beginning."""
        self._spent = 0
        once = sticky or self._anchored
        state = self._state(frozenset((0,)), EDGE)
        for position, char in enumerate(text):
            key = char if holds is None else (char, holds[position])
            step = state.get(key)
            if step is None:
                step = self._step(state, char, 0 if holds is None else holds[position], key, restart=not once)
            accepted, state = step
            if accepted:
                return True
            if once and not state.places:
                return False
        return self._accepts(state, EDGE, 0 if holds is None else holds[-1])[0]

    def everywhere(self, text: str, holds: list[int] | None, *, backward: bool) -> list[bool]:
        """For each position, whether a match ends there, reading in the program's direction."""
        self._spent = 0
        state = self._state(frozenset((0,)), EDGE)
        found = []
        positions: Iterable[int] = range(len(text), 0, -1) if backward else range(len(text))
        for position in positions:
            char = text[position - 1] if backward else text[position]
            held = 0 if holds is None else holds[position]
            key = char if holds is None else (char, held)
            step = state.get(key)
            if step is None:
                step = self._step(state, char, held, key, restart=True)
            accepted, state = step
            found.append(accepted)
        last = 0 if holds is None else holds[0 if backward else -1]
        found.append(self._accepts(state, EDGE, last)[0])
        return found[::-1] if backward else found

    def _state(self, places: frozenset[int], beside: int) -> _State:
        state = self._states.get((places, beside))
        if state is None:
            state = self._states[places, beside] = _State(places, beside)
        return state

    def _step(self, state: _State, char: str, held: int, key: object, *, restart: bool) -> tuple[bool, _State]:
        """`restart`: a match may begin behind the character, too."""
        code = ord(char)
        beside = self._beside(code)
        accepted, waiting = self._accepts(state, beside, held)
        places = {place + 1 for place in waiting if self._code[place][1].contains(code)}
        self._spend(len(waiting))
        if restart:
            places.add(0)
        self._transitions += 1
        if self._transitions > MOST_TRANSITIONS:
            self._states.clear()
            self._transitions = 0
        step = (accepted, self._state(frozenset(places), beside))
        state[key] = step
        return step

    def _beside(self, code: int) -> int:
        if self._lines and _LINE_END.contains(code):
            return LINE
        return IN_WORD if self._words and self._word.contains(code) else PLAIN

    def _spend(self, steps: int) -> None:
        self._spent += steps
        if self._spent > BUDGET:
            raise PatternCostError("the pattern takes too many steps on a text this long")

    def _accepts(self, state: _State, following: int, held: int) -> tuple[bool, list[int]]:
        """Whether the state matches before what follows, and the places that wait for a character."""
        before, after = (following, state.beside) if self._backward else (state.beside, following)
        seen = set(state.places)
        stack = list(seen)
        waiting = []
        accepted = False
        while stack:
            place = stack.pop()
            op, first, second = self._code[place]
            if op is Op.CHARS:
                waiting.append(place)
                continue
            if op is Op.MATCH:
                accepted = True
                continue
            ways: tuple[int, ...]
            if op is Op.SPLIT:
                ways = (first, second)
            elif op is Op.JUMP:
                ways = (first,)
            elif op is Op.ASSERT:
                ways = (place + 1,) if assertion_holds(first, before, after) else ()
            elif op is Op.LOOK:
                ways = (place + 1,) if bool(held >> first & 1) is not second else ()
            else:  # groups and rounds do not change which texts match
                ways = (place + 1,)
            for way in ways:
                if way not in seen:
                    seen.add(way)
                    stack.append(way)
        self._spend(len(seen))
        return accepted, waiting


_LINE_END = CharSet(LINE_END)


def assertion_holds(kind: str, before: int, after: int) -> bool:
    if kind[0] == "^":
        return before == EDGE or (before == LINE and kind == "^m")
    if kind[0] == "$":
        return after == EDGE or (after == LINE and kind == "$m")
    return ((before == IN_WORD) is not (after == IN_WORD)) is (kind == "b")


def _begins_at_edge(program: Program) -> bool:
    """Whether every way into the program leads through `^`."""
    seen = {0}
    stack = [0]
    while stack:
        place = stack.pop()
        op, first, second = program.code[place]
        if op is Op.ASSERT and first == "^":
            continue
        if op in {Op.CHARS, Op.MATCH}:
            return False
        for way in (first, second) if op is Op.SPLIT else (first,) if op is Op.JUMP else (place + 1,):
            if way not in seen:
                seen.add(way)
                stack.append(way)
    return True
