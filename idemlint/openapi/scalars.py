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

_FLOAT: Final = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_BASES: Final = {"0o": (8, "01234567"), "0x": (16, "0123456789abcdefABCDEF")}


def number_or_text(text: str) -> Any:
    """What a plain scalar that begins with a character of NUMBER_START and is no constant means.

    Raises ValueError for a number of more than MAX_DIGITS digits.
    """
    digits = text[1:] if text[0] in "+-" else text
    if digits.isascii() and digits.isdecimal():
        return _whole(text, text, 10)
    if text[:2] in _BASES:
        base, known = _BASES[text[:2]]
        digits = text[2:]
        return _whole(text, digits, base) if digits and not digits.strip(known) else text
    # versions, dates and times are most of what is left, and to compile the pattern takes as long as to read a page
    if digits.count(".") > 1 or digits.strip("0123456789.eE+-"):
        return text
    return float(text) if re.fullmatch(_FLOAT, text) else text


def _whole(text: str, digits: str, base: int) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("the number is too long")
    return int(digits, base)


def resolve(text: str) -> Any:
    """The value of a plain scalar. Raises ValueError for a number of more than MAX_DIGITS digits."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] in NUMBER_START:
        return number_or_text(text)
    return text
