"""How JavaScript sees the values of a document, where Python sees them otherwise.

Spectral's functions, messages and filters are JavaScript; to say the same, `[]` must be truthy, `1.0` must print as `1`,
`True` must not equal `1`, and a text's length counts UTF-16 code units. Sections are those of ECMA-262 (2024).
"""

from __future__ import annotations

import re

from idemlint.check.function import UNDEFINED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeGuard

WHITESPACE = "\t\n\v\f\r \xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
"""WhiteSpace and LineTerminator (12.2, 12.3): what `trim` takes away, and the inside of a character class."""


class Native:
    """An object that no document holds but a filter may: a regular expression, a constructor."""

    __slots__ = ()
    type = "object"
    """`typeof`."""
    text = "[object Object]"
    """`String(value)`."""


def is_number(value: Any) -> TypeGuard[int | float]:
    """A number, NaN and the infinities too; a boolean is none."""
    kind = type(value)
    return kind is int or kind is float


def is_finite(value: Any) -> TypeGuard[int | float]:
    """A number that JSON can hold."""
    kind = type(value)
    return kind is int or (kind is float and value - value == 0)


def is_truthy(value: Any) -> bool:
    """ToBoolean (7.1.2): every object is truthy, the empty list and mapping too."""
    kind = type(value)
    if kind is dict or kind is list:
        return True
    return value is not UNDEFINED and bool(value) and value == value  # noqa: PLR0124 -- NaN is the one that is not


def strict_equal(left: Any, right: Any) -> bool:
    """`===` (7.2.15): `1` is `1.0` but not `true`; objects are equal to themselves alone."""
    kind = type(left)
    if kind is str or kind is bool:
        return type(right) is kind and bool(left == right)
    if kind is int or kind is float:
        return is_number(right) and bool(left == right)
    return left is right


def number_text(number: float) -> str:
    """Number::toString (6.1.6.1.20): shortest digits, an exponent from 1e21 up and below 1e-6."""
    if isinstance(number, int) and -(2**53) <= number <= 2**53:
        return str(number)
    try:
        text = repr(float(number))
    except OverflowError:
        return "Infinity" if number > 0 else "-Infinity"
    if text in {"nan", "inf", "-inf"}:
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]
    sign, text = ("-", text[1:]) if text[0] == "-" else ("", text)
    mantissa, _, power = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits))  # value = 0.digits * 10**point
    digits = digits.rstrip("0")
    if not digits:
        return "0"
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"


def to_text(value: Any) -> str:
    """`String(value)`: a mapping is `[object Object]`, a list its joined items."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, list):
        return _join(value)
    if value is UNDEFINED:
        return "undefined"
    return value.text if isinstance(value, Native) else "[object Object]"


def _join(items: list[Any]) -> str:
    """`Array.prototype.join`, whose holes and cycles are empty; iterates, since nesting is the document's choice."""
    parts: list[str] = []
    active = {id(items)}
    stack: list[tuple[list[Any], int]] = [(items, 0)]
    while stack:
        current, index = stack.pop()
        if index == len(current):
            active.discard(id(current))
            continue
        if index:
            parts.append(",")
        stack.append((current, index + 1))
        item = current[index]
        if isinstance(item, list):
            if id(item) not in active:
                active.add(id(item))
                stack.append((item, 0))
        elif item is not None and item is not UNDEFINED:
            parts.append(to_text(item))
    return "".join(parts)


def trim(text: str) -> str:
    """`text.trim()` (22.1.3.32)."""
    return text.strip(WHITESPACE)


def to_number(text: str) -> float | None:
    """`Number(text)` (7.1.4.1); None is NaN."""
    text = trim(text)
    if not text:
        return 0.0
    if text[0] not in "+-.0123456789I":  # words, which most texts are, need no pattern
        return None
    if re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|Infinity)", text):
        return float(text)
    if re.fullmatch(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)", text):
        try:
            return float(int(text, 0))
        except OverflowError:
            return float("inf")
    return None


def utf16_length(text: str) -> int:
    """`text.length`."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def print_value(value: Any) -> str:
    """How a message shows a value: JSON of a scalar, `Array[]` and `Object{}` of the others."""
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, list):
        return "Array[]"
    if isinstance(value, dict):
        return "Object{}"
    if isinstance(value, float) and not is_finite(value):
        return "null"
    return to_text(value)


def _quote(text: str) -> str:
    """`JSON.stringify` of a text: lone surrogates become escapes, everything else that is printable stays."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    import json

    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", quoted)
