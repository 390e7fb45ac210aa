"""A text that an ECMAScript pattern matches, by a walk through the pattern's tree.

What a tree cannot tell by itself (lookarounds, word boundaries, anchors in the middle) is left to chance and a check:
each text is held to the pattern before it is given out, and after some hundred there is none.
"""

from __future__ import annotations

from string import ascii_letters, digits
from typing import TYPE_CHECKING

from idemlint.openapi.ecma_regex import PatternError, compile_pattern
from idemlint.openapi.ecma_regex.parser import parse
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
    from random import Random

    from idemlint.openapi.ecma_regex import Pattern
    from idemlint.openapi.ecma_regex.charset import CharSet

_TRIES = 150
_MOST_TOO_LONG = 10
_LONGEST = 20_000
"""Characters of one text; a pattern may ask for more than there is memory."""
_USUAL = ascii_letters + digits
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_SCANNED = 0x3000
_MOST_CHOICES = 200


class _TooLongError(Exception):
    """The text outgrew what it may be."""


class PatternSampler:
    """Texts for one pattern."""

    __slots__ = ("_choices", "_ends", "_looks", "_pattern", "_root")

    def __init__(self, source: str) -> None:
        """Raises PatternError."""
        self._pattern = _compiled(source)
        tree = parse(source, self._pattern.flags)
        self._root = tree.root
        self._looks = [look.body for look in tree.looks if look.ahead and not look.negated]
        self._ends = source.endswith("$") and not source.endswith("\\$")
        self._choices: dict[int, str] = {}

    def matches(self, text: str) -> bool:
        try:
            return self._pattern.search(text)
        except PatternError:
            return False

    def text(
        self, rng: Random, least: int, most: int, fits: Callable[[str], bool], *, longest: int = _LONGEST
    ) -> str | None:
        """A match of `least` to `most` characters that also `fits`; None if none was found.

        A text that outgrows `longest` is given up half-way, and after some of them the search is.
        """
        too_long = 0
        for turn in range(_TRIES):
            if too_long > _MOST_TOO_LONG:
                break
            # First the shortest, then longer and longer, with repeats that differ from each other.
            stretch = (0, 1, 3, least, 8, max(least // 2, 2), 16)[turn % 7]
            try:
                candidate = self._candidate(rng, min(stretch, _LONGEST), least, turn, longest)
            except _TooLongError:
                too_long += 1
                continue
            if least <= len(candidate) <= most and self.matches(candidate) and fits(candidate):
                return candidate
        return None

    def _candidate(self, rng: Random, stretch: int, least: int, turn: int, longest: int) -> str:
        walk = _Walk(rng, stretch, self._chosen, longest)
        if self._looks and turn % 2:
            # `^(?=.*\d)(?=.*[a-z]).{8,}$`: what is looked for, in turn, and as much more as is needed.
            for look in self._looks:
                walk.add(look)
            found = "".join(dict.fromkeys(walk.parts))
            rest = max(least, 8 + stretch) - len(found)
            return found + "".join(rng.choice(_USUAL) for _ in range(rest))
        walk.add(self._root)
        found = "".join(walk.parts)
        if len(found) < least and not self._ends:
            found += "".join(rng.choice(_USUAL) for _ in range(least - len(found)))
        return found

    def _chosen(self, charset: CharSet) -> str:
        """Characters of a set to choose from, the readable ones if it has any."""
        known = self._choices.get(id(charset))
        if known is None:
            usual = "".join(char for char in _USUAL if charset.contains(ord(char)))
            printable = "".join(char for char in _PRINTABLE if charset.contains(ord(char)))
            known = (3 * usual + printable if self._looks else usual or printable) or _scanned(charset)
            self._choices[id(charset)] = known
        return known


class _Walk:
    """One text in the making."""

    __slots__ = ("_choose", "_groups", "_longest", "_rng", "_stretch", "parts", "size")

    def __init__(self, rng: Random, stretch: int, choose: Callable[[CharSet], str], longest: int) -> None:
        self._rng = rng
        self._stretch = stretch
        self._choose = choose
        self._longest = longest
        self._groups: dict[int, str] = {}
        self.parts: list[str] = []
        self.size = 0

    def add(self, node: Node) -> None:
        """What the node matches is added to `parts`."""
        if isinstance(node, Chars):
            choices = self._choose(node.set)
            if not choices:
                raise _TooLongError
            self._put(self._rng.choice(choices))
        elif isinstance(node, Sequence):
            for item in node.items:
                self.add(item)
        elif isinstance(node, Alternatives):
            self.add(self._rng.choice(node.branches))
        elif isinstance(node, Repeat):
            self._repeat(node)
        elif isinstance(node, Group):
            start = len(self.parts)
            self.add(node.body)
            self._groups[node.number] = "".join(self.parts[start:])
        elif isinstance(node, Reference):
            self._put(self._groups.get(node.number, ""))
        else:
            assert isinstance(node, Assertion | Look)  # noqa: S101 # nothing to add: the check decides

    def _repeat(self, node: Repeat) -> None:
        most = node.least + self._stretch if node.most is None else min(node.most, node.least + self._stretch)
        if node.least > self._longest:
            raise _TooLongError
        times = most if most - node.least < 2 else self._rng.randint((node.least + most + 1) // 2, most)
        for _ in range(times):
            before = self.size
            self.add(node.body)
            if self.size == before:
                break  # a body that matches nothing matches it as often as one likes

    def _put(self, text: str) -> None:
        self.size += len(text)
        if self.size > self._longest:
            raise _TooLongError
        self.parts.append(text)


def _compiled(source: str) -> Pattern:
    """Read with the flag `u` if it can be, as the validator reads it; many patterns of documents cannot."""
    try:
        return compile_pattern(source, "u")
    except PatternError:
        return compile_pattern(source)


def _scanned(charset: CharSet) -> str:
    found = []
    for code in range(0x20, _SCANNED):
        if not 0x7F <= code < 0xA0 and charset.contains(code):
            found.append(chr(code))
            if len(found) == _MOST_CHOICES:
                break
    if not found and charset.ranges:
        low = charset.ranges[0][0]
        found = [] if 0xD800 <= low < 0xE000 else [chr(low)]
    return "".join(found)
