"""Escapes and classes of ECMAScript patterns (ECMA-262, 22.2.1 and, without the flag `u`, annex B.1.2)."""

from __future__ import annotations

from typing import NoReturn

from idemlint.openapi.ecma_regex import PatternError
from idemlint.openapi.ecma_regex.charset import (
    DIGIT,
    SPACE,
    WORD,
    CharSet,
    Ranges,
    close_over_case,
    complement,
    merge,
    property_test,
    unicode_property,
)

_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_CLASSES: dict[str, Ranges] = {"d": DIGIT, "s": SPACE, "w": WORD}
LONGEST_NAME = 256
"""Of a group: no limit of the language, but what spares a hostile pattern from being searched again and again."""
DIGITS = "0123456789"
_HEX = DIGITS + "abcdefABCDEF"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Reader:
    """A position in a pattern, and what may stand there inside a class and out."""

    def __init__(self, source: str, flags: str) -> None:
        self.source = source
        self.flags = flags
        self.unicode = "u" in flags
        self.at = 0
        self.total, self.names = count_groups(source)
        self.properties = False

    def fail(self, message: str, offset: int | None = None) -> NoReturn:
        raise PatternError(message, self.at if offset is None else offset)

    def take(self, text: str) -> bool:
        if self.source.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def run(self, members: str, start: int, most: int = 1000) -> str:
        """What stands at `start`, as far as it is made of these characters."""
        end = start
        while end < len(self.source) and end - start < most and self.source[end] in members:
            end += 1
        return self.source[start:end]

    def folded(self, ranges: Ranges) -> Ranges:
        return close_over_case(ranges, self.unicode) if "i" in self.flags else ranges

    def class_escape(self) -> CharSet | None:
        r"""`\d`, `\p{...}` and their like, at the letter."""
        char = self.source[self.at]
        lower = char.lower()
        if lower in _CLASSES:
            self.at += 1
            ranges = _CLASSES[lower]
            if lower == "w" and self.unicode and "i" in self.flags:
                ranges = merge((*ranges, (0x17F, 0x17F), (0x212A, 0x212A)))
            return CharSet(ranges if char == lower else complement(ranges))
        if lower == "p" and self.unicode:
            name = self.run(_LETTERS + DIGITS + "_=", self.at + 2)
            test = unicode_property(name)
            if test is None or not self.source.startswith(f"{{{name}}}", self.at + 1):
                self.fail("unknown or unsupported Unicode property", self.at - 1)
            self.at += len(name) + 3
            self.properties = True
            return CharSet((), (property_test(test, negated=char == "P", any_case="i" in self.flags),))
        return None

    def char_escape(self, *, in_class: bool) -> int:
        """The one character that an escape stands for, at the letter."""
        char = self.source[self.at]
        start = self.at - 1
        self.at += 1
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "c":
            return self.control_escape(start, in_class=in_class)
        if char in "xu":
            return self.hex_escape(char, start)
        if char == "0" and not self.run(DIGITS, self.at, 1):
            return 0
        if self.unicode:
            if char in _SYNTAX or (in_class and char == "-"):
                return ord(char)
            self.fail(f"invalid escape \\{char} (with the flag u)", start)
        if "0" <= char <= "7":
            digits = self.run("01234567", start + 1, 3 if char < "4" else 2)
            self.at = start + 1 + len(digits)
            return int(digits, 8)
        if char == "k" and self.names:
            self.fail("invalid escape \\k", start)
        return ord(char)

    def control_escape(self, start: int, *, in_class: bool) -> int:
        r"""`\cJ`, behind the letter c; without the flag `u` anything else leaves the backslash to stand for itself."""
        letter = self.run(_LETTERS if self.unicode or not in_class else _LETTERS + DIGITS + "_", self.at, 1)
        if letter:
            self.at += 1
            return ord(letter) % 32
        if self.unicode:
            self.fail("invalid control escape", start)
        self.at -= 1
        return 92

    def hex_escape(self, char: str, start: int) -> int:
        size = 2 if char == "x" else 4
        digits = self.run(_HEX, self.at, size)
        if len(digits) == size:
            self.at += size
            code = int(digits, 16)
            if self.unicode and 0xD800 <= code <= 0xDBFF and self.source.startswith("\\u", self.at):
                low = self.run(_HEX, self.at + 2, 4)
                if len(low) == 4 and 0xDC00 <= int(low, 16) <= 0xDFFF:
                    self.at += 6
                    return 0x10000 + ((code - 0xD800) << 10) + int(low, 16) - 0xDC00
            return code
        if not self.unicode:
            return ord(char)
        digits = self.run(_HEX, self.at + 1) if char == "u" else ""
        if not digits or int(digits, 16) > 0x10FFFF or not self.source.startswith(f"{{{digits}}}", self.at):
            self.fail("invalid Unicode escape", start)
        self.at += len(digits) + 2
        return int(digits, 16)

    def char_class(self) -> CharSet:
        start = self.at - 1
        negated = self.take("^")
        explicit: list[tuple[int, int]] = []
        ranges: list[tuple[int, int]] = []
        properties: list[CharSet] = []
        while not self.take("]"):
            low = self.class_atom(start)
            if self.source.startswith("-", self.at) and not self.source.startswith("-]", self.at):
                self.at += 1
                high = self.class_atom(start)
                if isinstance(low, int) and isinstance(high, int):
                    if low > high:
                        self.fail("range out of order in character class")
                    explicit.append((low, high))
                    continue
                if self.unicode:
                    self.fail("invalid character class")
                atoms = [low, 45, high]
            else:
                atoms = [low]
            for atom in atoms:
                if isinstance(atom, int):
                    explicit.append((atom, atom))
                elif atom.properties:
                    properties.append(atom)
                else:
                    ranges += atom.ranges
        members = merge((*self.folded(merge(explicit)), *ranges))
        if properties:
            return CharSet(members, tuple(item.contains for item in properties), negated)
        return CharSet(complement(members) if negated else members)

    def class_atom(self, start: int) -> int | CharSet:
        if self.at >= len(self.source):
            self.fail("unterminated character class", start)
        char = self.source[self.at]
        self.at += 1
        if char != "\\":
            return ord(char)
        if self.at == len(self.source):
            self.fail("\\ at the end of the pattern", self.at - 1)
        if self.take("b"):
            return 8
        charset = self.class_escape()
        return charset if charset is not None else self.char_escape(in_class=True)


def group_name(source: str, at: int) -> str:
    """What stands before the next `>`; empty if there is none, or far away."""
    return source[at : max(source.find(">", at, at + LONGEST_NAME), at)]


def count_groups(source: str) -> tuple[int, dict[str, int]]:
    """Capture groups in the whole pattern, and the named ones: references may stand before their group."""
    total, names, in_class, at = 0, dict[str, int](), False, 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char == "(":
            if source.startswith("?<", at + 1) and source[at + 3 : at + 4] not in {"=", "!"}:
                total += 1
                names.setdefault(group_name(source, at + 3), total)
            elif not source.startswith("?", at + 1):
                total += 1
        at += 1
    return total, names
