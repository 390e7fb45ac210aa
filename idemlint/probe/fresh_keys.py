"""Keys for sending a run's requests again: the server has seen the run's own, and would answer with replays."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_UUID: Final = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.IGNORECASE)
_WORD: Final = re.compile(r"[0-9A-Za-z]{12,255}")
_DISTINCT: Final = 8
"""Characters of a word from which on it is taken for a random one."""
_DIGITS: Final = "0123456789"
_HEXADECIMAL: Final = "0123456789abcdef"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def another(key: str, seed: int) -> str:
    """A key that the run did not use, the same for the same key; a key that is no random one is a check's point and stays.

    What a check may have meant by a key is kept: the version of a UUID and, behind 1 and 7, its moment, whether the first
    digit is a letter, upper and lower case; and keys with one beginning get one beginning.
    """
    found = _UUID.fullmatch(key)
    if found is None and not (_WORD.fullmatch(key) and len(set(key)) >= _DISTINCT):
        return key
    hexadecimal = found is not None or set(key.lower()) <= set(_HEXADECIMAL)
    fixed = _fixed(key) if found is not None else frozenset({0})
    moved = "".join(
        char if place in fixed else _moved(char, f"{seed} {key[:place].lower()}", hexadecimal=hexadecimal)
        for place, char in enumerate(key)
    )
    return moved.upper() if key.isupper() else moved.lower() if hexadecimal and key.islower() else moved


def _fixed(uuid: str) -> frozenset[int]:
    """Places of the digits that say what kind of UUID it is (RFC 9562, section 4)."""
    digits = [place for place, char in enumerate(uuid) if char != "-"]
    version, variant = digits[12], digits[16]
    if uuid[version] == "4":
        return frozenset({0, version, variant})
    return frozenset(range(variant + 1))


def _moved(char: str, before: str, *, hexadecimal: bool) -> str:
    """Another character of the same kind, or the same: which one, what stands before it decides."""
    kinds = (_HEXADECIMAL,) if hexadecimal else (_DIGITS, _LETTERS)
    kind = next((each for each in kinds if char.lower() in each), "")
    if not kind:
        return char
    step = int.from_bytes(hashlib.sha256(before.encode()).digest()[:8], "big")
    moved = kind[(kind.index(char.lower()) + step) % len(kind)]
    return moved.upper() if char.isupper() else moved
