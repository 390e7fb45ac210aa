"""The order in which JavaScript tells the members of an object."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def own_keys(members: Iterable[str]) -> list[str]:
    """`Object.keys` (ECMA-262, 10.1.11): array indices ascending, then the others as inserted."""
    keys = list(members)
    indices = [
        key for key in keys if key.isdigit() and key.isascii() and (key == "0" or key[0] != "0") and len(key) < 11
    ]
    indices = [key for key in indices if int(key) < 2**32 - 1]
    if not indices:
        return keys
    taken = set(indices)
    return sorted(indices, key=int) + [key for key in keys if key not in taken]
