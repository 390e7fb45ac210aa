"""The order in which JavaScript's `localeCompare` puts texts: Unicode collation as CLDR's root locale tailors it.

Python brings no collation. This covers ASCII and the Latin letters with their accents (Latin-1, Latin Extended-A and
those of -B that decompose) as ICU orders them: punctuation, digits, letters; case last (`a < A < á < b`); control
characters do not count. Greek, Cyrillic, and everything else stand behind Latin in the order of their code points,
lower case first; letters with a stroke or hook of Latin Extended-B, contractions, and other locales are not emulated.
"""

from __future__ import annotations

from functools import lru_cache

_ORDER = "\t\n\v\f\r\x85\u2028\u2029 _-,;:!¡?¿.·'\"«»()[]{}§¶@*/\\&#%`´^¯¨¸°©®+±÷×<=>¬|¦~¤¢$£¥"
"""CLDR's root order of spaces, punctuation, symbols, currency."""
_MARKS = "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304\u030f\u0311\u031b"
"""Accents by their secondary weight; \u0338 stands for the strokes below too."""
_EXPANSIONS = {
    "æ": ("ae", 90),
    "œ": ("oe", 90),
    "ß": ("ss", 90),
    "ĳ": ("ij", 90),
    "đ": ("d", 11),
    "ð": ("d", 91),
    "ħ": ("h", 11),
    "ł": ("l", 11),
    "ø": ("o", 11),
    "ŀ": ("l", 12),
    "ſ": ("s", 92),
    "¹": ("1", 0),
    "²": ("2", 0),
    "³": ("3", 0),
    "ª": ("a", 0),
    "º": ("o", 0),
}
"""Letters that no decomposition explains: what they sort as, and the secondary weight behind it (0: differs like case)."""
_DIGIT = 1000
_LETTER = 2000
_OTHER = 10_000
"""Weights of digits, of Latin letters (by their code point), and of everything behind them."""
_ISOLATED = {"ŋ": "n\u0001", "þ": "z\u0001", "ı": "i\u0001", "ĸ": "q\u0001", "ŧ": "t\u0001"}
"""Letters of their own, right behind another."""

Key = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def compare(left: str, right: str, *, numeric: bool = False) -> int:
    """-1, 0 or 1. `numeric` takes a run of digits as one number (`localeCompare`'s option of that name)."""
    first, second = sort_key(left, numeric), sort_key(right, numeric)
    return (first > second) - (first < second)


@lru_cache(maxsize=4096)
def sort_key(text: str, numeric: bool = False) -> Key:
    """Weights to sort by: letters, then accents, then case."""
    if not text.isascii():
        from unicodedata import normalize

        text = normalize("NFD", text)
    primary: list[int] = []
    secondary: list[int] = []
    tertiary: list[int] = []
    digits = ""
    for char in text:
        if numeric and "0" <= char <= "9":
            digits += char
            continue
        if digits:
            _number(digits, primary, secondary, tertiary)
            digits = ""
        _weigh(char, primary, secondary, tertiary)
    if digits:
        _number(digits, primary, secondary, tertiary)
    return tuple(primary), tuple(secondary), tuple(tertiary)


def _number(digits: str, primary: list[int], secondary: list[int], tertiary: list[int]) -> None:
    """A longer number is greater; equal lengths compare digit by digit."""
    significant = digits.lstrip("0")
    primary += [_DIGIT, len(significant), *map(int, significant)]
    secondary.append(0)
    tertiary.append(0)


def _weigh(char: str, primary: list[int], secondary: list[int], tertiary: list[int]) -> None:
    lower = char.lower()
    base, accent = _EXPANSIONS.get(lower, (lower, -1))
    if "a" <= base <= "zz" and base.isascii():
        primary += [_LETTER + 2 * ord(letter) for letter in base]
    elif "0" <= base <= "9":
        primary.append(_DIGIT + ord(base))
    elif (index := _ORDER.find(char)) >= 0:
        primary.append(index + 1)
    elif (index := _MARKS.find(char)) >= 0:
        secondary.append(index + 1)
        tertiary.append(0)
        return
    elif base in _ISOLATED:
        primary.append(_LETTER + 2 * ord(_ISOLATED[base][0]) + 1)
    elif char < " " or "\x7f" <= char <= "\x9f" or char == "\xad":
        return
    else:
        primary += [_OTHER + ord(letter) for letter in base]
    secondary += [0] * len(base) if accent <= 0 else [0] * len(base) + [accent]
    case = 1 if lower != char else 2 if accent == 0 else 0
    tertiary += [case] * len(base) if accent <= 0 else [case] * (len(base) + 1)
