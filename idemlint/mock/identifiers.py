"""Fresh identifiers: in the likeness of the document's example, valid by its schema, and unique.

Unique across processes and restarts without a counter in a store: random where there is room (UUIDs, 24 digits behind a
prefix, 53 bits), and where an integer has no such room, counted up from a random place.
"""

from __future__ import annotations

import re
import string
from itertools import count
from os import urandom
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Fresh: TypeAlias = "Callable[[], str | int]"
Fits: TypeAlias = "Callable[[Any], bool]"
"""Whether an identifier is one that the document allows."""

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID_CAPITALS: Final = re.compile(_UUID.pattern.replace("a-f", "A-F"))
_PREFIXED: Final = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z]+)*[_-])[A-Za-z0-9]+")
_HEX: Final = re.compile(r"[0-9a-f]{16,}")
_INTEGER: Final = re.compile(r"-?[0-9]{1,30}")
_DIGITS: Final = re.compile(r"[0-9]+")
_LETTERS: Final = string.ascii_lowercase + string.digits
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ROUND: Final = 2**20
_INT32: Final = 2**31 - 1
_INT53: Final = 2**53 - 1
_TRIALS: Final = 6


def fresh_ids(example: Any, fits: Fits, drawn: Sequence[Fresh] = ()) -> Fresh:
    """A source of identifiers like `example`, all of which fit; where nothing that is tried does, of UUIDs.

    `drawn`: sources by schemas alone, the last to be tried.
    """
    makers = [*_makers(example, fits), *drawn]
    for maker in makers:
        if all(fits(maker()) for _ in range(_TRIALS)):
            return maker
    return makers[0]


def typed(text: str, fits: Fits, example: Any = None) -> str | int:
    """An identifier from a path, as the type that its schema asks for."""
    integer = isinstance(example, int) and not isinstance(example, bool)
    if _INTEGER.fullmatch(text) and (integer or not fits(text)) and fits(int(text)):
        return int(text)
    return text


def _makers(example: Any, fits: Fits) -> Iterator[Fresh]:
    if isinstance(example, str):
        yield from _like(example)
    if (isinstance(example, int) and not isinstance(example, bool)) or (
        fits(_INT32) and not any(fits(text) for text in ("a", "1", example))
    ):
        yield from _integers(fits)
    yield _uuid
    for length in (24, 20, 16, 12, 10, 8, 36, 32, 40, 64):
        yield _text(length, _LETTERS)
        yield _text(length, string.ascii_uppercase + string.digits)
        yield _text(length, string.digits)
    yield from _integers(fits)
    if isinstance(example, str) and example:
        yield _alike(example)
        for length in range(min(len(example), 16) - 1, 3, -1):
            yield _text(length, _LETTERS)


def _like(example: str) -> Iterator[Fresh]:
    if _UUID.fullmatch(example):
        yield _uuid
    elif _UUID_CAPITALS.fullmatch(example):
        yield lambda: str(uuid4()).upper()
    elif len(example) == 26 and set(_CROCKFORD).issuperset(example):
        yield lambda: "0" + _random(25, _CROCKFORD)
    elif found := _PREFIXED.fullmatch(example):
        prefix = found[1]
        yield lambda: prefix + urandom(12).hex()
        length = len(example) - len(prefix)
        for alphabet in (_LETTERS, string.hexdigits[:16], string.ascii_letters + string.digits, string.digits):
            yield _prefixed(prefix, max(length, 10), alphabet)
            yield _prefixed(prefix, length, alphabet)
    elif _DIGITS.fullmatch(example):
        yield _text(max(len(example), 18), string.digits[1:])
        yield _text(len(example), string.digits[1:])
    elif _HEX.fullmatch(example):
        yield lambda: urandom((len(example) + 1) // 2).hex()[: len(example)]
    elif len(example) >= 12:
        for kept in (2, 3, 4) if len(example) >= 20 and example[:2].isalpha() else ():
            yield _prefixed(example[:kept], len(example) - kept, string.hexdigits[:16])
        yield _alike(example)


def _alike(example: str) -> Fresh:
    """Letters where it has letters and digits where it has digits; at least its last twenty characters are drawn."""
    kept = len(example) - 20 if len(example) > 20 else 0

    def fresh() -> str:
        drawn = example[:kept]
        for letter, byte in zip(example[kept:], urandom(len(example)), strict=False):
            for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
                if letter in alphabet:
                    drawn += alphabet[byte % len(alphabet)]
                    break
            else:
                drawn += letter
        return drawn

    return fresh


def _integers(fits: Fits) -> Iterator[Fresh]:
    """Random where 53 bits fit; they are what JavaScript can read."""
    if fits(_INT53):
        yield lambda: (int.from_bytes(urandom(7)) >> 3) | 1 << 51
    for most in (_INT32, 10**9 - 1, 10**8 - 1, 10**6 - 1, 2**15 - 1, 10**4 - 1):
        if fits(most):
            yield _counted(most)
    yield _counted(99)


def _counted(most: int) -> Fresh:
    start = int.from_bytes(urandom(8)) % most
    numbers = count(start)
    return lambda: next(numbers) % most + 1


def _prefixed(prefix: str, length: int, alphabet: str) -> Fresh:
    return lambda: prefix + _random(length, alphabet)


def _text(length: int, alphabet: str) -> Fresh:
    return lambda: _random(length, alphabet)


def _random(length: int, alphabet: str) -> str:
    size = len(alphabet)
    return "".join([alphabet[byte % size] for byte in urandom(length)])


def _uuid() -> str:
    return str(uuid4())
