"""JSON values as ajv sees them: their types, when two are equal, how they are written."""

from __future__ import annotations

from idemlint.check.javascript import is_number, number_text
from idemlint.openapi.member_order import own_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    TypeTest: TypeAlias = Callable[[Any], bool]


def is_integer(value: Any) -> bool:
    """1.0 is an integer; so is infinity, by ajv's test."""
    if type(value) is int:
        return True
    return type(value) is float and (value.is_integer() or value in (float("inf"), float("-inf")))


def is_string(value: Any) -> bool:
    return isinstance(value, str)


def is_array(value: Any) -> bool:
    return isinstance(value, list)


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def is_boolean(value: Any) -> bool:
    return value is True or value is False


def is_null(value: Any) -> bool:
    return value is None


TYPE_TESTS: dict[str, TypeTest] = {
    "string": is_string,
    "number": is_number,
    "integer": is_integer,
    "boolean": is_boolean,
    "null": is_null,
    "object": is_object,
    "array": is_array,
}


def type_test(types: list[str]) -> TypeTest:
    """A test for any of the types."""
    if len(types) == 1:
        return TYPE_TESTS[types[0]]
    tests = [TYPE_TESTS[name] for name in types]

    def test(value: Any) -> bool:
        for one in tests:  # noqa: SIM110 - any() with a generator costs three times as much here
            if one(value):
                return True
        return False

    return test


def equal(a: Any, b: Any) -> bool:
    """Deep equality: 1 is 1.0 but not true, members in any order, NaN is NaN."""
    if a is b:
        return True
    # Lists, not generators: all() over a generator recurses in C, where depth is dangerous.
    if isinstance(a, dict):
        if not isinstance(b, dict) or a.keys() != b.keys():
            return False
        return all([equal(value, b[name]) for name, value in a.items()])  # noqa: C419
    if isinstance(a, list):
        if not isinstance(b, list) or len(a) != len(b):
            return False
        return all([equal(left, right) for left, right in zip(a, b, strict=True)])  # noqa: C419
    if is_number(a) and is_number(b):
        return bool(a == b or (a != a and b != b))  # noqa: PLR0124 - NaN is what differs from itself
    return type(a) is type(b) and bool(a == b)


def fingerprint(value: Any) -> Any:
    """Something hashable that is equal just when the values are `equal`."""
    if isinstance(value, dict):
        return ("object", frozenset([(name, fingerprint(item)) for name, item in value.items()]))
    if isinstance(value, list):
        return ("array", *[fingerprint(item) for item in value])
    if is_number(value):
        return "NaN" if value != value else (value,)  # noqa: PLR0124 - NaN is what differs from itself
    return value if not isinstance(value, str) else ("string", value)


def json_text(value: Any) -> str:
    """`JSON.stringify(value)`."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        from json.encoder import ESCAPE_DCT

        return '"' + "".join([ESCAPE_DCT.get(char, char) for char in value]) + '"'
    if isinstance(value, list):
        return "[" + ",".join([json_text(item) for item in value]) + "]"
    if isinstance(value, dict):
        return "{" + ",".join([f"{json_text(name)}:{json_text(value[name])}" for name in own_keys(value)]) + "}"
    text = number_text(value)
    return "null" if text in ("NaN", "Infinity", "-Infinity") else text
