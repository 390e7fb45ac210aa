"""Whatever a check kept as details, as JSON data that every reader takes."""

from __future__ import annotations

import math
from typing import Any, Final

DEEPEST: Final = 40
"""Levels that are kept; evidence that deep is a server's answer, which the exchanges hold as text."""


def plain(value: Any, depth: int = 0) -> Any:
    """A copy of dicts, lists, texts, numbers, booleans and None; NaN and infinities, which JSON lacks, become texts."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if type(value) is str else str(value)
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 1024 else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {str(name): plain(member, depth + 1) for name, member in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(member, depth + 1) for member in value]
    return str(value)
