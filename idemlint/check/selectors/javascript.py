"""JavaScript's primitive semantics over Python values: ECMA-262, sections 7.1 (conversion) and 7.2 (comparison).

None is `null`, UNDEFINED is `undefined`, dict and list are objects that compare by identity. Where JavaScript would
throw (a member of `undefined`), the result is `undefined`: in Spectral such an exception ends the whole run.
"""

from __future__ import annotations

import math
from typing import Any, Final

from idemlint.check.function import UNDEFINED
from idemlint.check.selectors.syntax import SelectorError

NAN: Final = math.nan
_DIGITS: Final = frozenset("0123456789+-.eE")
_DEPTH: Final = 20


class RegExp:
    """A regular expression literal."""

    __slots__ = ("flags", "pattern", "source")

    def __init__(self, source: str, flags: str) -> None:
        from idemlint.openapi.ecma_regex import compile_pattern

        self.source = source
        self.flags = flags
        self.pattern = compile_pattern(source, flags)

    def test(self, text: str) -> bool:
        try:
            return self.pattern.search(text)
        except ValueError as error:
            raise self._too_costly(text) from error

    def match(self, text: str) -> list[Any] | None:
        """The whole match and its groups; with the flag `g` all matches."""
        try:
            if "g" in self.flags:
                return list(self.pattern.find_all(text)) or None
            groups = self.pattern.match_groups(text)
        except ValueError as error:
            raise self._too_costly(text) from error
        return None if groups is None else [UNDEFINED if group is None else group for group in groups]

    def _too_costly(self, text: str) -> SelectorError:
        size = f"a text of {len(text)} characters"
        return SelectorError(f"the regular expression /{self.source}/ takes too long on {size}", 0)


class Constructor:
    """What `.constructor` and the global names `Array`, `Object`, … give; only its name and its functions matter."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


METHOD: Final = Constructor("Function")
"""A built-in method that is looked at, not called."""
CONSTRUCTORS: Final = {name: Constructor(name) for name in ("Array", "Boolean", "Number", "Object", "RegExp", "String")}


def is_number(value: Any) -> bool:
    kind = type(value)
    return kind is int or kind is float


def is_integer(value: Any) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


def is_nan(value: Any) -> bool:
    return type(value) is float and math.isnan(value)


def truthy(value: Any) -> bool:
    kind = type(value)
    if kind is dict or kind is list:
        return True
    return value is not UNDEFINED and bool(value) and value == value  # noqa: PLR0124 -- NaN is the one that is not


def type_of(value: Any) -> str:
    if value is UNDEFINED:
        return "undefined"
    kind = type(value)
    if kind is bool:
        return "boolean"
    if kind is str:
        return "string"
    if kind is Constructor:
        return "function"
    return "number" if kind is int or kind is float else "object"


def strict_equal(left: Any, right: Any) -> bool:
    kind = type(left)
    if kind is str or kind is bool:
        return type(right) is kind and bool(left == right)
    if kind is int or kind is float:
        return is_number(right) and bool(left == right)
    return left is right


def loose_equal(left: Any, right: Any) -> bool:
    if left is None or left is UNDEFINED:
        return right is None or right is UNDEFINED
    if right is None or right is UNDEFINED:
        return False
    left_object, right_object = _is_object(left), _is_object(right)
    if left_object and right_object:
        return left is right
    if left_object:
        left = to_string(left)
    elif right_object:
        right = to_string(right)
    if type(left) is type(right):
        return bool(left == right)
    return to_number(left) == to_number(right)


def less(left: Any, right: Any) -> bool | None:
    """`left < right`; None when the two cannot be compared (NaN)."""
    left, right = _primitive(left), _primitive(right)
    if type(left) is str and type(right) is str:
        if left.isascii() and right.isascii():
            return left < right
        return left.encode("utf-16-be", "surrogatepass") < right.encode("utf-16-be", "surrogatepass")
    left, right = to_number(left), to_number(right)
    if is_nan(left) or is_nan(right):
        return None
    return bool(left < right)


def to_number(value: Any) -> int | float:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    if value is None:
        return 0
    if value is UNDEFINED:
        return NAN
    text = to_string(value).strip()
    if not text:
        return 0
    try:
        if text[:2] in {"0x", "0X"}:
            return int(text, 16)
        if text.lstrip("+-") == "Infinity":
            return -math.inf if text[0] == "-" else math.inf
        return float(text) if _DIGITS.issuperset(text) else NAN
    except ValueError:
        return NAN


def to_string(value: Any, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number_text(value)
    if isinstance(value, list):
        if depth > _DEPTH:
            return ""
        return ",".join("" if item is None or item is UNDEFINED else to_string(item, depth + 1) for item in value)
    if isinstance(value, RegExp):
        return f"/{value.source}/{value.flags}"
    return "[object Object]"


def arithmetic(operator: str, left: Any, right: Any) -> Any:
    """`+`, `-`, `*`, `/` or `%`; `+` joins as soon as one side is a string or an object."""
    left, right = _primitive(left), _primitive(right)
    if operator == "+" and (type(left) is str or type(right) is str):
        return to_string(left) + to_string(right)
    left, right = to_number(left), to_number(right)
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
    return isinstance(value, (dict, list, RegExp, Constructor))


def _primitive(value: Any) -> Any:
    return to_string(value) if _is_object(value) else value


def _number_text(value: float) -> str:
    if type(value) is int and abs(value) < 10**21:
        return str(value)
    value = float(value) if abs(value) < 1e308 else math.copysign(math.inf, value)
    if is_nan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    mantissa, mark, exponent = repr(value).partition("e")
    if not mark:
        return mantissa
    exponent_value = int(exponent)
    if -7 < exponent_value < 0:
        return f"{value:.20f}".rstrip("0")
    return f"{mantissa.removesuffix('.0')}e{'+' if exponent_value > 0 else ''}{exponent_value}"
