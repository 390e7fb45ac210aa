"""What each keyword of a JSON Schema may hold, so that a broken one is left out and the rest still holds.

JSON Schema 2020-12, Validation sections 6 and 7, Core sections 10 and 11; Wright-00 (OpenAPI 3.0, Swagger 2.0) where it
differs: boolean `exclusiveMinimum`, a list under `items`, `dependencies`.
"""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SUBSCHEMA = frozenset(
    {
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
SUBSCHEMA_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SUBSCHEMA_MAPS = frozenset({"dependentSchemas", "patternProperties", "properties"})
IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "if", "then", "else"})
"""Keywords whose schemas look at the same value as the schema that they stand in."""
TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
ASSERTED_FORMATS = frozenset({"date", "date-time", "email", "ipv4", "ipv6", "uri", "uuid"})
"""Formats that values are held to, besides the ranges of `int32` and `int64`.

Not `byte`: documents use it for base64 in either alphabet (RFC 4648, 4 and 5), with padding and without, and what a server
takes is its own affair. Not `float` and `double`: JSON has one kind of number. The others of JSON Schema's list
(`hostname`, `time`, `duration`, ...) are annotations, which is what 2020-12 makes of a format by default.
"""
INTEGER_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
ECMA_PATTERN = "idemlint-pattern"
"""Stands for `pattern` where Rust's engine cannot do it: lookarounds, back-references."""
_DEEPEST_CONSTANT = 60
_NUMBERS = frozenset({"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"})
_COUNTS = frozenset(
    {
        "maxContains",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minContains",
        "minItems",
        "minLength",
        "minProperties",
    }
)
_LONGEST_COUNT = 2**53


class BrokenKeywordError(ValueError):
    """A keyword that holds what it may not; the message says what it should."""


def constraint(keyword: str, value: Any) -> dict[str, Any]:
    """What a keyword that holds no schemas demands, as JSON Schema 2020-12 says it; empty where it demands nothing.

    Raises BrokenKeywordError.
    """
    if keyword in _NUMBERS:
        return {} if type(value) is bool else {keyword: _number(value)}  # a boolean is for `exclusive_limits`
    if keyword in _COUNTS:
        return {keyword: _count(value)}
    reader = _READERS.get(keyword)
    return {} if reader is None else reader(keyword, value)


def exclusive_limits(value: dict[str, Any], out: dict[str, Any]) -> None:
    """Wright-00: `exclusiveMinimum: true` makes `minimum` exclusive."""
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if value.get(exclusive) is True and limit in out:
            out[exclusive] = out.pop(limit)


def integer_range(value: dict[str, Any], out: dict[str, Any]) -> None:
    """`format: int32` and `int64` as limits; they say nothing of strings."""
    limits = INTEGER_RANGES.get(value["format"]) if type(value.get("format")) is str else None
    types = out.get("type")
    if limits is None or types == "string":
        return
    low, high = limits
    out["minimum"] = max(out.get("minimum", low), low)
    out["maximum"] = min(out.get("maximum", high), high)


def plain(value: Any, depth: int = 0) -> Any:
    """A constant without lone surrogates, which no JSON text in UTF-8 can hold. Raises BrokenKeywordError."""
    if depth > _DEEPEST_CONSTANT:
        raise BrokenKeywordError("holds a value that nests too deep")
    if type(value) is str:
        return text(value)
    if type(value) is list:
        return [plain(item, depth + 1) for item in value]
    if type(value) is dict:
        return {text(name): plain(item, depth + 1) for name, item in value.items()}
    if type(value) is float and not isfinite(value):
        raise BrokenKeywordError("holds a number that JSON does not know")
    return value


def text(value: str) -> str:
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode() if any("\ud800" <= char <= "\udfff" for char in value) else value


@lru_cache(maxsize=2048)
def rust_takes(pattern: str) -> bool:
    """Whether the linear engine behind the validator can do the pattern (no lookarounds, no back-references)."""
    import jsonschema_rs

    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    except ValueError:
        return False
    return True


def _pattern(_keyword: str, value: Any) -> dict[str, Any]:
    if type(value) is not str:
        raise BrokenKeywordError("is not a text")
    value = text(value)
    if rust_takes(value):
        return {"pattern": value}
    from idemlint.openapi.ecma_regex import PatternError, compile_pattern

    try:
        compile_pattern(value)
    except PatternError as error:
        raise BrokenKeywordError(f"is no regular expression: {error.message}") from None
    return {ECMA_PATTERN: value}


def _types(_keyword: str, value: Any) -> dict[str, Any]:
    if type(value) is str:
        if value == "file":
            return {}
        if value not in TYPES:
            raise BrokenKeywordError(f"is {value[:40]!r}, and no type has that name")
        return {"type": value}
    if type(value) is not list or not value or not all(type(name) is str and name in TYPES for name in value):
        raise BrokenKeywordError("is neither the name of a type nor a list of such names")
    return {"type": list(dict.fromkeys(value))}


def _names(value: Any) -> list[str]:
    if type(value) is not list or not all(type(name) is str for name in value):
        raise BrokenKeywordError("is not a list of names")
    return list(dict.fromkeys(map(text, value)))


def _number(value: Any) -> Any:
    if type(value) is int or (type(value) is float and isfinite(value)):
        return value
    raise BrokenKeywordError("is not a number")


def _count(value: Any) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or value < 0:
        raise BrokenKeywordError("is not a count")
    return min(value, _LONGEST_COUNT)


def _multiple(keyword: str, value: Any) -> dict[str, Any]:
    if _number(value) <= 0:
        raise BrokenKeywordError("is not above 0")
    return {keyword: value}


def _unique(keyword: str, value: Any) -> dict[str, Any]:
    if type(value) is not bool:
        raise BrokenKeywordError("is not true or false")
    return {keyword: True} if value else {}


def _required(keyword: str, value: Any) -> dict[str, Any]:
    # `required: true` is for parameters, which Swagger 2.0 makes their own schemas.
    return {keyword: _names(value)} if value != [] and type(value) is not bool else {}


def _enum(keyword: str, value: Any) -> dict[str, Any]:
    if type(value) is not list or not value:
        raise BrokenKeywordError("is not a list of values")
    return {keyword: [plain(item) for item in value]}


def _const(keyword: str, value: Any) -> dict[str, Any]:
    return {keyword: plain(value)}


def _format(keyword: str, value: Any) -> dict[str, Any]:
    return {keyword: value} if type(value) is str and value in ASSERTED_FORMATS else {}


def _dependent(keyword: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise BrokenKeywordError("is not a mapping")
    return {keyword: {text(name): _names(names) for name, names in value.items()}}


_READERS: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "const": _const,
    "dependentRequired": _dependent,
    "enum": _enum,
    "format": _format,
    "multipleOf": _multiple,
    "pattern": _pattern,
    "required": _required,
    "type": _types,
    "uniqueItems": _unique,
}
