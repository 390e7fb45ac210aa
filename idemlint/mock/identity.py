"""Who asks, which key is looked up, and what makes two payloads the same."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Principal(NamedTuple):
    """Whose request it is (section 5 of the draft: keys of different clients must not meet)."""

    name: str
    """A hash of the credential, never the credential; empty: anonymous."""


ANONYMOUS = Principal("")


def digest(parts: Iterable[str | bytes]) -> str:
    """A hash of several texts, each with its length, so that no two lists of parts run together (`a:b`, `c` and `a`,
    `b:c`). 32 hexadecimal digits.
    """
    state = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(len(raw).to_bytes(8))
        state.update(raw)
    return state.hexdigest()


def canonical(value: Any) -> bytes:
    """JSON in one spelling, whatever the order of members, the white space, and the spelling of numbers (1.0 and 1)."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
