"""The formats of keys that profiles name (`contract.profile.Key.pattern`), and why a key does not fit one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from idemlint.contract.key_format import is_uuid4, is_uuid7
from idemlint.contract.schema_samples import compile_pattern, is_uuid

if TYPE_CHECKING:
    from collections.abc import Callable


def wrong_format(pattern: str, key: str) -> str:
    """Why a key does not fit one of the profiles' formats (`contract.profile.Key.pattern`); empty if it does."""
    named = _FORMATS.get(pattern)
    if named is not None:
        check, reason = named
        return "" if check(key) else reason
    return "" if _pattern(pattern).search(key) else f"The key does not match {pattern}"


def _visible(key: str) -> bool:
    return key.isascii() and key.isprintable()


def _clean(key: str) -> bool:
    """No control characters: they are in no vendor's keys, and in logs they are a weapon."""
    return key.isprintable() or not any(letter < " " or "\x7f" <= letter < "\xa0" for letter in key)


_FORMATS: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    "any": (_clean, "The key holds control characters"),
    "ascii": (_visible, "The key holds other than visible ASCII characters"),
    "sf-string": (_visible, "The key holds other than visible ASCII characters"),
    "uuid": (is_uuid, "The key is no UUID"),
    "guid": (is_uuid, "The key is no GUID"),
    "uuid-v4": (is_uuid4, "The key is no UUID of version 4"),
    "uuid-v7": (is_uuid7, "The key is no UUID of version 7"),
    "uuid-v4-or-v7": (lambda key: is_uuid4(key) or is_uuid7(key), "The key is no UUID of version 4 or 7"),
}


@lru_cache(maxsize=16)
def _pattern(source: str) -> Any:
    return compile_pattern(source)
