"""What the operators of a filter do: ECMA-262 (2024), sections 7.1 (conversion), 7.2 (comparison) and 13.5 to 13.10.

None is `null`, UNDEFINED is `undefined`, dict and list are objects that compare by identity. Where JavaScript would
throw (a member of `undefined`), the result is `undefined`: in Spectral such an exception ends the whole run.
"""

from __future__ import annotations

import math
from typing import Any, Final

from idemlint.check.function import UNDEFINED
from idemlint.check.javascript import Native, to_number, to_text

NAN: Final = math.nan


def is_integer(value: Any) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


def is_nan(value: Any) -> bool:
    return type(value) is float and math.isnan(value)


def type_of(value: Any) -> str:
    if value is UNDEFINED:
        return "undefined"
    kind = type(value)
    if kind is bool:
        return "boolean"
    if kind is str:
        return "string"
    if kind is int or kind is float:
        return "number"
    return value.type if isinstance(value, Native) else "object"


def loose_equal(left: Any, right: Any) -> bool:
    if left is None or left is UNDEFINED:
        return right is None or right is UNDEFINED
    if right is None or right is UNDEFINED:
        return False
    left_object, right_object = _is_object(left), _is_object(right)
    if left_object and right_object:
        return left is right
    if left_object:
        left = to_text(left)
    elif right_object:
        right = to_text(right)
    if type(left) is type(right):
        return bool(left == right)
    return numeric(left) == numeric(right)


def less(left: Any, right: Any) -> bool | None:
    """`left < right`; None when the two cannot be compared (NaN)."""
    left, right = _primitive(left), _primitive(right)
    if type(left) is str and type(right) is str:
        if left.isascii() and right.isascii():
            return left < right
        return left.encode("utf-16-be", "surrogatepass") < right.encode("utf-16-be", "surrogatepass")
    left, right = numeric(left), numeric(right)
    if is_nan(left) or is_nan(right):
        return None
    return bool(left < right)


def numeric(value: Any) -> int | float:
    """ToNumber (7.1.4)."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if value is None:
        return 0
    if value is UNDEFINED:
        return NAN
    number = to_number(to_text(value))
    return NAN if number is None else number


def arithmetic(operator: str, left: Any, right: Any) -> Any:
    """`+`, `-`, `*`, `/` or `%`; `+` joins as soon as one side is a string or an object."""
    left, right = _primitive(left), _primitive(right)
    if operator == "+" and (type(left) is str or type(right) is str):
        return to_text(left) + to_text(right)
    left, right = numeric(left), numeric(right)
    try:
        if operator == "+":
            return left + right
        if operator == "-":
            return left - right
        if operator == "*":
            return left * right
        if operator == "/":
            if right == 0:
                return NAN if left == 0 or is_nan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
            return left / right
        return math.fmod(left, right)
    except (OverflowError, ValueError):
        return NAN


def _is_object(value: Any) -> bool:
    return isinstance(value, dict | list | Native)


def _primitive(value: Any) -> Any:
    return to_text(value) if _is_object(value) else value
