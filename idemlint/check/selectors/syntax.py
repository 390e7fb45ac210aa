"""The path part of Spectral's JSONPath dialect: text to steps.

The grammar is what nimma and its fallback jsonpath-plus (Spectral's two engines) accept together: member names after a
dot or in brackets, unquoted unions, slices, wildcards, filters `[?()]`, scripts `[()]`, type filters such as
`@string()`, `..` before any of them, and the modifiers `^` (parent, anywhere) and `~` (property name, last).

Where those engines silently select nothing, or less than is written, this does what is written: `[get, put]` selects
both in spite of the space, `[-1]` is the last item, `[(@.length-2)]` the last but one, `[1::2]` each second item.
"""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from idemlint.check.selectors.script import Script

MEMBER, WILDCARD, UNION, FILTER, SCRIPT, PARENT, SELF = range(7)
"""Kinds of step. Their arguments: a name; None; a tuple of Selection; a Script; a Script; None; None."""

_NAME_ENDS = frozenset(".[]~^(),?*'\" \t\n")
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "scalar", "string")

Selection: TypeAlias = "str | tuple[int | None, int | None, int | None] | None"
"""One of a bracket's alternatives: a member name (or index as text), the bounds of a slice, None for `*`."""


class SelectorError(Exception):
    """An expression that cannot be read; `offset` counts characters from the start of the expression."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Step(NamedTuple):
    """One step; `deep` says that it applies to every container below, not just to the children of the node at hand."""

    kind: int
    deep: bool
    argument: Any = None


class Expression(NamedTuple):
    """A parsed expression; `keyed`: the result is the property name instead of the value."""

    steps: tuple[Step, ...]
    keyed: bool


def parse(text: str) -> Expression:
    """Raise SelectorError for what is no expression of the dialect."""
    return _Reader(text).expression()


class _Reader:
    __slots__ = ("end", "offset", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.end = len(text.rstrip())
        self.offset = 0

    def expression(self) -> Expression:
        text = self.text
        if not text.startswith("$"):
            raise SelectorError("a path begins with `$`, the document's root, as in `$.paths[*]`", 0)
        self.offset = 1
        steps: list[Step] = []
        keyed = False
        while self.offset < self.end:
            character = text[self.offset]
            if character == "~":
                self.offset += 1
                keyed = True
                if text[self.offset : self.end].strip("~^"):
                    raise SelectorError("`~` (the property's name) comes last: nothing lies below a name", self.offset)
                break
            if character == "]" and self.offset == self.end - 1 and steps:
                break  # Spectral does not see a stray bracket at the end, and public rulesets have it
            if character == "^":
                self.offset += 1
                steps.append(Step(PARENT, False))
            else:
                steps.append(self.step(character))
        return Expression(tuple(_compacted(steps)), keyed)

    def step(self, character: str) -> Step:
        if character == ".":
            return self.dotted()
        if character == "[":
            return self.bracket(deep=False)
        if character == "@" and (step := self.type_filter(deep=False)):
            return step
        raise SelectorError(f"`{character}` cannot stand here: a step begins with `.`, `..` or `[`", self.offset)

    def dotted(self) -> Step:
        text = self.text
        self.offset += 1
        deep = text.startswith(".", self.offset)
        if deep:
            self.offset += 1
            if self.offset >= self.end or text[self.offset] in "~^":
                return Step(SELF, True)
        elif self.offset >= self.end:
            raise SelectorError("the expression ends in a dot: a member name or `*` is missing", self.offset - 1)
        character = text[self.offset]
        if character == "[":
            # `.[` descends like `..[` in both of Spectral's engines, and public rulesets rely on it.
            return self.bracket(deep=True)
        if character == "*":
            self.offset += 1
            return Step(WILDCARD, deep)
        if character == "@" and (step := self.type_filter(deep=deep)):
            return step
        if character in "'\"":
            return Step(MEMBER, deep, self.quoted(character))
        return Step(MEMBER, deep, self.name())

    def name(self) -> str:
        text, start, end = self.text, self.offset, self.end
        offset = start
        while offset < end and text[offset] not in _NAME_ENDS:
            if text[offset] == "@" and text.find("()", offset, end) > offset:
                break
            offset += 1
        if offset == start:
            raise SelectorError(f"a name is missing before `{text[start]}`; quote odd ones: ['odd name']", start)
        if offset < end and text[offset] not in ".[~^@":
            raise SelectorError(f"`{text[offset]}` cannot stand in a bare name; write ['…']", offset)
        self.offset = offset
        return text[start:offset]

    def quoted(self, quote: str) -> str:
        """`.'odd name'`: a bracket's name without the brackets."""
        close = self.text.find(quote, self.offset + 1, self.end)
        if close < 0:
            raise SelectorError(f"the string that begins here is never closed with {quote}", self.offset)
        name = self.text[self.offset + 1 : close]
        self.offset = close + 1
        return name

    def type_filter(self, *, deep: bool) -> Step | None:
        text, start = self.text, self.offset
        close = text.find("()", start, self.end)
        if close < 0:
            return None
        name = text[start + 1 : close]
        if not name.isalpha():
            return None
        if name not in _TYPES:
            known = ", ".join(f"@{known}()" for known in _TYPES)
            raise SelectorError(f"`@{name}()` is not known; there are {known}", start)
        from idemlint.check.selectors.script import type_script

        self.offset = close + 2
        return Step(FILTER, deep, type_script(f"@{name}"))

    def bracket(self, *, deep: bool) -> Step:
        text = self.text
        opened = self.offset
        offset = self.skip_space(opened + 1)
        if text.startswith("[", offset):  # `[[name]]` stands in public rulesets, and means `[name]`
            self.offset = offset
            step = self.bracket(deep=deep)
            if not text.startswith("]", self.offset):
                raise SelectorError("`[` is never closed", opened)
            self.offset += 1
            return step
        if text.startswith("?(", offset):
            return Step(FILTER, deep, self.script(offset + 1, opened))
        if text.startswith("(", offset):
            return Step(SCRIPT, deep, self.script(offset, opened))
        if text.startswith("?", offset):
            raise SelectorError("a filter is written [?(…)], with parentheses", offset)
        selections = self.selections(offset, opened)
        if None in selections:
            return Step(WILDCARD, deep)
        if len(selections) == 1 and isinstance(selections[0], str):
            return Step(MEMBER, deep, selections[0])
        return Step(UNION, deep, selections)

    def selections(self, offset: int, opened: int) -> tuple[Selection, ...]:
        text = self.text
        selections: dict[Selection, None] = {}
        while True:
            selection, offset = self.selection(offset, opened)
            selections[selection] = None
            offset = self.skip_space(offset)
            if text.startswith("]", offset):
                self.offset = offset + 1
                return tuple(selections)
            if text.startswith(",", offset):
                offset = self.skip_space(offset + 1)
            elif offset >= self.end:
                raise SelectorError("`[` is never closed", opened)
            elif text[offset] not in "'\"":  # nimma's grammar does without the comma between quoted names
                raise SelectorError(f"expected `,` or `]`, found `{text[offset]}`", offset)

    def selection(self, offset: int, opened: int) -> tuple[Selection, int]:
        text, end = self.text, self.end
        if offset >= end:
            raise SelectorError("`[` is never closed", opened)
        quote = text[offset]
        if quote in "'\"":
            close = text.find(quote, offset + 1, end)
            if close < 0:
                raise SelectorError(f"the string that begins here is never closed with {quote}", offset)
            return text[offset + 1 : close], close + 1
        start = offset
        while offset < end and text[offset] not in ",]'\"":
            offset += 1
        bare = text[start:offset].strip()
        if not bare:
            raise SelectorError("a name, an index, `*` or a filter is missing between the brackets", start)
        if bare == "*":
            return None, offset
        if ":" in bare:
            return _slice(bare, start), offset
        if bare[0] == "-" and bare[1:].isdecimal():
            last = int(bare)
            return (last, last + 1 or None, None), offset
        if " " in bare or "[" in bare or "(" in bare:
            raise SelectorError(f"`{bare}` is no name; put commas between names, quote odd ones: ['…']", start)
        return bare, offset

    def script(self, opened: int, bracket: int) -> Script:
        """From `(` to the `)` that stands right before the closing `]`."""
        from idemlint.check.selectors.script import read_script  # only expressions with a script pay for the import

        script, close = read_script(self.text, opened + 1, self.end)
        end = self.skip_space(close + 1)
        if not self.text.startswith("]", end):
            if end >= self.end:
                raise SelectorError("`[` is never closed", bracket)
            raise SelectorError("`)` must be followed by `]`", close)
        self.offset = end + 1
        return script

    def skip_space(self, offset: int) -> int:
        text, end = self.text, self.end
        while offset < end and text[offset] in " \t\n":
            offset += 1
        return offset


def array_index(name: str) -> int | None:
    """`0`, `12`, but neither `-1` nor `007`: what JavaScript takes for an index of an array."""
    if name.isdecimal() and name.isascii() and (name[0] != "0" or name == "0") and len(name) < 16:
        return int(name)
    return None


def _compacted(steps: list[Step]) -> list[Step]:
    """`..*` before another step only makes that one deep, as in nimma: `$..*.info` selects `$.info`, too."""
    compact: list[Step] = []
    for step in steps:
        if compact and compact[-1].kind == WILDCARD and compact[-1].deep and step.kind != PARENT:
            compact[-1] = Step(step.kind, True, step.argument)
        else:
            compact.append(step)
    return compact


def _slice(bare: str, start: int) -> Selection:
    parts = [part.strip() for part in bare.split(":")]
    if len(parts) > 3 or any(part and not part.removeprefix("-").isdecimal() for part in parts):
        raise SelectorError(f"`{bare}` is no slice; write [start:end] or [start:end:step] with whole numbers", start)
    bounds = [int(part) if part else None for part in parts]
    bounds += [None] * (3 - len(bounds))
    if bounds[2] == 0:
        raise SelectorError("a slice cannot step by 0", start)
    return bounds[0], bounds[1], bounds[2]
