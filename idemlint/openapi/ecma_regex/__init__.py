"""ECMAScript regular expressions that no text can make slow.

A pattern comes from a ruleset or document, and so does the text: both may be hostile. Whether a text matches is told
by Python's `re` (the pattern translated) when an estimate says that it cannot take many steps on a text of that length,
and else by an automaton whose time grows with the text only. Back-references fit no automaton, and which part of the
text a group took is beyond it; those are left to a backtracking matcher that counts its steps and gives up.

- `parser`, `escapes`, `charset`: from the source to a `tree`.
- `translation`: from the tree to a pattern for `re`, and the estimate.
- `program`: from the tree to instructions, which `automaton` and `backtracking` run.

Mere texts and single classes, which most patterns in rulesets are, are matched without any of these being imported.

Unsupported: the flag `v`; Unicode properties that Python has no data for (they are `PatternError`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.openapi.ecma_regex.automaton import Matcher
    from idemlint.openapi.ecma_regex.program import Program
    from idemlint.openapi.ecma_regex.tree import Tree

_ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
_LITERAL = frozenset(_ALPHANUMERIC + " /:,@#%&=~\"'<>!;-\0")
_MEMBERS = frozenset(_ALPHANUMERIC + " -")
_UNLIMITED = 1 << 62


class PatternError(ValueError):
    """A pattern that is none. `offset` counts from the source's first character."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class PatternCostError(PatternError):
    """Telling whether the pattern matches would take too long: on this text, or on any."""


class Pattern:
    """A compiled pattern; see `compile_pattern`."""

    __slots__ = ("_automaton", "_limit", "_program", "_quick", "_tree", "flags", "source")

    def __init__(self, source: str, flags: str) -> None:
        self.source = source
        self.flags = flags
        self._tree: Tree | None = None
        self._program: Program | None = None
        self._automaton: Matcher | None = None
        quick = _plain(source) if not flags or flags == "g" else None
        limit = _UNLIMITED
        if quick is None:
            from idemlint.openapi.ecma_regex.translation import translate

            quick, limit = translate(self._parsed())
        self._quick = quick
        self._limit = limit

    def search(self, text: str) -> bool:
        """`RegExp.prototype.test`, with `lastIndex` 0. Raises `PatternCostError`."""
        if not text.isascii():
            text = self._units(text)
        if len(text) <= self._limit:
            return bool(self._quick(text))
        if self._automaton is None:
            tree = self._parsed()
            if tree.references:
                return self.match_groups(text) is not None
            from idemlint.openapi.ecma_regex.automaton import Matcher

            self._automaton = Matcher(tree)
        return self._automaton.search(text)

    def match_groups(self, text: str) -> tuple[str | None, ...] | None:
        """`RegExp.prototype.exec`: the whole match, then what each group took; None without a match."""
        return next(iter(self._matches(text, 1)), None)

    def find_all(self, text: str) -> list[str]:
        """All matches, from left to right: `String.prototype.match` with the flag `g`."""
        return [groups[0] or "" for groups in self._matches(text, 1 << 62)]

    def _matches(self, text: str, most: int) -> list[tuple[str | None, ...]]:
        from idemlint.openapi.ecma_regex.backtracking import matches
        from idemlint.openapi.ecma_regex.program import compile_program

        tree = self._parsed()
        units = text if text.isascii() else self._units(text)
        if not tree.references and not self.search(text):
            return []
        if self._program is None:
            self._program = compile_program(tree)
        found = matches(self._program, units, most, sticky="y" in self.flags)
        return [tuple(None if part is None else _characters(part) for part in groups) for groups in found]

    def _parsed(self) -> Tree:
        if self._tree is None:
            from idemlint.openapi.ecma_regex.parser import parse

            self._tree = parse(self._units(self.source), self.flags)
        return self._tree

    def _units(self, text: str) -> str:
        """What the pattern sees as one character: a UTF-16 code unit, or a code point with the flag `u`."""
        if "u" in self.flags:
            return _characters(text)
        if max(text, default="") <= "\uffff":
            return text
        return "".join(_surrogates(ord(char)) if char > "\uffff" else char for char in text)


def _plain(source: str) -> Callable[[str], object] | None:
    """The matcher of a pattern that is a mere text, or one class repeated from the beginning of the text on.

    Most patterns are, and need not be parsed; an unanchored repeat would take quadratic time.
    """
    body = source.removeprefix("^")
    anchored = len(body) < len(source)
    ends = body.endswith("$") and not body.endswith("\\$")
    if ends:
        body = body[:-1]
    text = body.replace("\\/", "/").replace("\\.", "\0")
    if _LITERAL.issuperset(text) and "\0" not in source:
        return _text_matcher(text.replace("\0", "."), anchored=anchored, ends=ends)
    members = body[1:-2]
    if not (anchored and members and body[0] == "[" and body[-2:] in {"]*", "]+"} and _MEMBERS.issuperset(members)):
        return None
    if "--" in members:
        return None
    try:
        return re.compile(body + "\\Z" if ends else body).match
    except re.error:
        return None  # the parser tells what is wrong


def _text_matcher(text: str, *, anchored: bool, ends: bool) -> Callable[[str], object]:
    if anchored and ends:
        return text.__eq__
    if anchored:
        return lambda subject: subject.startswith(text)
    if ends:
        return lambda subject: subject.endswith(text)
    return lambda subject: text in subject


def _surrogates(code: int) -> str:
    return chr(0xD7C0 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def _characters(text: str) -> str:
    """Pairs of surrogates joined."""
    if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@lru_cache(maxsize=512)
def compile_pattern(source: str, flags: str = "") -> Pattern:
    """What `new RegExp(source, flags)` makes of them. Raises `PatternError`."""
    for index, flag in enumerate(flags):
        if flag not in "dgimsuy" or flag in flags[:index]:
            raise PatternError(f"invalid or repeated flag {flag!r}")
    try:
        return Pattern(source, flags)
    except RecursionError:
        raise PatternError("the pattern is nested too deeply") from None
