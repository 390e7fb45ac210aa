r"""Sets of characters as an ECMAScript pattern writes them (ECMA-262, 22.2: classes, case folding, properties)."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Sorted, disjoint, both ends included."""

LAST = 0x10FFFF
DIGIT: Ranges = ((48, 57),)
WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
SPACE: Ranges = (
    (9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
LINE_END: Ranges = ((10, 10), (13, 13), (0x2028, 0x2029))
_SCRIPTS = {
    "Arabic": "ARABIC ", "Armenian": "ARMENIAN ", "Bengali": "BENGALI ", "Cyrillic": "CYRILLIC ",
    "Devanagari": "DEVANAGARI ", "Georgian": "GEORGIAN ", "Greek": "GREEK ", "Han": "CJK ", "Hangul": "HANGUL ",
    "Hebrew": "HEBREW ", "Hiragana": "HIRAGANA ", "Katakana": "KATAKANA ", "Latin": "LATIN ", "Tamil": "TAMIL ",
    "Thai": "THAI ",
}  # fmt: skip
"""Scripts by the beginning of their characters' names: exact for letters, which is what patterns ask for."""
_SHORT_SCRIPTS = {
    "Latn": "Latin",
    "Cyrl": "Cyrillic",
    "Grek": "Greek",
    "Hani": "Han",
    "Arab": "Arabic",
    "Hebr": "Hebrew",
}
_CATEGORIES = {
    "Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M", "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd",
    "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc",
    "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
    "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm", "Currency_Symbol": "Sc",
    "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs", "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc", "cntrl": "Cc", "Format": "Cf", "Surrogate": "Cs",
    "Private_Use": "Co", "Unassigned": "Cn",
}  # fmt: skip


class CharSet(NamedTuple):
    """Members by ranges of code points (code units without the `u` flag) and by property."""

    ranges: Ranges
    properties: tuple[Callable[[int], bool], ...] = ()
    negated: bool = False
    """Only with properties; a set of ranges alone is complemented at once."""

    def contains(self, code: int) -> bool:
        index = bisect_right(self.ranges, (code, LAST)) - 1
        found = index >= 0 and code <= self.ranges[index][1]
        return (found or any(has(code) for has in self.properties)) is not self.negated

    def disjoint(self, other: CharSet) -> bool:
        """False when they may share a member."""
        if self.properties or other.properties:
            return False
        i = j = 0
        while i < len(self.ranges) and j < len(other.ranges):
            (low, high), (other_low, other_high) = self.ranges[i], other.ranges[j]
            if high < other_low:
                i += 1
            elif other_high < low:
                j += 1
            else:
                return False
        return True


def merge(ranges: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    gaps = []
    start = 0
    for low, high in ranges:
        if low > start:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        gaps.append((start, LAST))
    return tuple(gaps)


def close_over_case(ranges: Ranges, unicode: bool) -> Ranges:
    """The ranges and whatever the flag `i` takes for the same (Canonicalize, 22.2.2.7.3)."""
    extra: list[tuple[int, int]] = []
    if ranges and ranges[-1][1] < 128:
        for low, high in ranges:
            for shift, first, last in ((32, 65, 90), (-32, 97, 122)):
                begin, end = max(low, first), min(high, last)
                if begin <= end:
                    extra.append((begin + shift, end + shift))
        if unicode:
            closed = CharSet(merge((*ranges, *extra)))
            extra += [(alias, alias) for alias, letter in ((0x17F, 115), (0x212A, 107)) if closed.contains(letter)]
    else:
        variants = _variants(unicode)
        if sum(high - low for low, high in ranges) < 100:
            found = [code for low, high in ranges for code in range(low, high + 1) if code in variants]
        else:
            member = CharSet(ranges).contains
            found = [code for code in variants if member(code)]
        extra += [(variant, variant) for code in found for variant in variants[code]]
    return merge((*ranges, *extra))


@lru_cache(maxsize=2)
def _variants(unicode: bool) -> dict[int, list[int]]:
    """For each character that has any: all that differ from it by case only, itself among them."""
    groups: dict[str, list[int]] = {}
    for code in range(0x1E944 if unicode else 0x10000):
        char = chr(code)
        if unicode:
            folded = char.casefold()
            key = folded if len(folded) == 1 else char.lower() if len(char.lower()) == 1 else char
        else:
            key = char.upper()
            if len(key) != 1 or (code >= 128 and ord(key) < 128):
                key = char
        groups.setdefault(key, []).append(code)
    return {code: group for group in groups.values() if len(group) > 1 for code in group}


def unicode_property(text: str) -> Callable[[int], bool] | None:
    r"""The test that `\\p{text}` stands for, by Python's own Unicode data; None for what it cannot tell."""
    name, _, value = text.partition("=")
    if value and name in {"Script", "sc", "Script_Extensions", "scx"}:
        prefix = _SCRIPTS.get(_SHORT_SCRIPTS.get(value, value))
        return None if prefix is None else lambda code: _named(code, prefix)
    if value and name not in {"General_Category", "gc"}:
        return None
    wanted = value or name
    if not value and wanted in {
        "Any",
        "ASCII",
        "Assigned",
        "Alphabetic",
        "Alpha",
        "Uppercase",
        "Lowercase",
        "White_Space",
    }:
        return _binary(wanted)
    wanted = _CATEGORIES.get(wanted, wanted)
    if wanted not in _CATEGORIES.values():
        return None
    prefixes = ("Lu", "Ll", "Lt") if wanted == "LC" else (wanted,)
    return lambda code: _category(code).startswith(prefixes)


def property_test(test: Callable[[int], bool], *, negated: bool, any_case: bool) -> Callable[[int], bool]:
    r"""The test as `\\p` or `\\P` applies it: with the flag `i`, one variant of the character is enough."""
    wanted = (lambda code: not test(code)) if negated else test
    if not any_case:
        return wanted
    return lambda code: wanted(code) or any(map(wanted, _variants(unicode=True).get(code, ())))


def _binary(name: str) -> Callable[[int], bool]:
    tests: dict[str, Callable[[int], bool]] = {
        "Any": lambda _code: True,
        "ASCII": lambda code: code < 128,
        "Assigned": lambda code: _category(code) != "Cn",
        "Alphabetic": lambda code: chr(code).isalpha() or _category(code) == "Nl",
        "Uppercase": lambda code: chr(code).isupper(),
        "Lowercase": lambda code: chr(code).islower(),
        "White_Space": lambda code: code != 0xFEFF and (code == 0x85 or CharSet(SPACE).contains(code)),
    }
    return tests["Alphabetic" if name == "Alpha" else name]


def _category(code: int) -> str:
    from unicodedata import category

    return category(chr(code))


def _named(code: int, prefix: str) -> bool:
    from unicodedata import name

    return name(chr(code), "").startswith(prefix)
