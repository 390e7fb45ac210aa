"""Plain YAML scalars to values by the core schema (YAML 1.2.2, section 10.3.2).

`no`, `on`, `09:00` and `2024-04-31` are strings; `0o17` and `0x1F` are numbers, `0b1` and `1_000` are not.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

CONSTANTS: Final[dict[str, Any]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".inf": float("inf"),
    ".Inf": float("inf"),
    ".INF": float("inf"),
    "+.inf": float("inf"),
    "+.Inf": float("inf"),
    "+.INF": float("inf"),
    "-.inf": float("-inf"),
    "-.Inf": float("-inf"),
    "-.INF": float("-inf"),
    ".nan": float("nan"),
    ".NaN": float("nan"),
    ".NAN": float("nan"),
}
"""Every plain scalar that is neither a string nor written in digits."""

NUMBER_START: Final = frozenset("0123456789+-.")
MAX_DIGITS: Final = 3500
"""Python refuses to convert longer integers (4,300 decimal digits, which 3,500 hexadecimal ones stay below)."""

_NUMBER: Final = re.compile(
    r"(?P<int>[-+]?[0-9]+)|0o(?P<oct>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
)


def number_or_text(text: str) -> Any:
    """What a plain scalar that begins with a character of NUMBER_START and is no constant means.

    Raises ValueError for a number of more than MAX_DIGITS digits.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    kind = match.lastgroup
    if kind == "float":
        return float(text)
    if len(text) > MAX_DIGITS:
        raise ValueError("the number is too long")
    if kind == "int":
        return int(text)
    return int(match[str(kind)], 8 if kind == "oct" else 16)


def resolve(text: str) -> Any:
    """The value of a plain scalar. Raises ValueError for a number of more than MAX_DIGITS digits."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] in NUMBER_START:
        return number_or_text(text)
    return text
