"""Keywords about numbers and strings, and `const` and `enum`."""

from __future__ import annotations

from idemlint.check.javascript import number_text
from idemlint.check.json_schema.errors import BrokenSchemaError
from idemlint.check.json_schema.values import equal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Check, Place


def _const(place: Place, value: Any, _kind: str) -> Check:
    fail = place.fail()
    params = {"allowedValue": value}

    def const(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        return equal(instance, value) or fail(trail, failures, "must be equal to constant", params)

    if isinstance(value, str):

        def const_string(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
            return instance == value or fail(trail, failures, "must be equal to constant", params)

        return const_string
    return const


def _enum(place: Place, value: Any, _kind: str) -> Check:
    if not isinstance(value, list):
        raise place.broken('enum value must be ["array"]')
    if not value:
        raise place.broken("enum must have non-empty array")
    fail = place.fail()
    params = {"allowedValues": value}
    strings = frozenset([item for item in value if isinstance(item, str)])
    others = [item for item in value if not isinstance(item, str)]

    def enum(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        if isinstance(instance, str):
            if instance in strings:
                return True
        else:
            for item in others:
                if equal(instance, item):
                    return True
        return fail(trail, failures, "must be equal to one of the allowed values", params)

    return enum


def _is_limit(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "maximum": ("<=", lambda a, b: a <= b),
    "minimum": (">=", lambda a, b: a >= b),
    "exclusiveMaximum": ("<", lambda a, b: a < b),
    "exclusiveMinimum": (">", lambda a, b: a > b),
}


def _limit_number(place: Place, value: Any, _kind: str) -> Check | None:
    keyword = place.keyword
    if place.compiler.dialect.name == "draft4":
        if keyword.startswith("exclusive"):
            limit = keyword.removeprefix("exclusive").lower()
            if limit not in place.schema:
                raise place.broken(f"{keyword} can only be used with {limit}")
            return None
        exclusive = "exclusive" + keyword.capitalize()
        if place.schema.get(exclusive):
            keyword = exclusive
    if not _is_limit(value):
        raise place.broken(f'{place.keyword} value must be ["number"]')
    sign, compare = _COMPARISONS[keyword]
    fail = place.fail()
    message = f"must be {sign} {number_text(value)}"
    params = {"comparison": sign, "limit": value}

    def limit_number(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        return compare(instance, value) or fail(trail, failures, message, params)

    return limit_number


def _multiple_of(place: Place, value: Any, _kind: str) -> Check:
    if not _is_limit(value):
        raise place.broken('multipleOf value must be ["number"]')
    fail = place.fail()
    message = f"must be multiple of {number_text(value)}"
    params = {"multipleOf": value}

    def multiple_of(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        return _divides(instance, value) or fail(trail, failures, message, params)

    return multiple_of


def _divides(instance: float, divisor: float) -> bool:
    """`res = instance / divisor, res === parseInt(res)`: in floating point, and through the quotient's text."""
    if not divisor:
        return False
    try:
        quotient = instance / divisor
    except OverflowError:
        return False
    # What JavaScript writes with an exponent does not survive parseInt.
    return quotient == 0 or (1e-6 <= abs(quotient) < 1e21 and quotient == int(quotient))


def _limit_length(place: Place, value: Any, _kind: str) -> Check:
    if not _is_limit(value):
        raise place.broken(f'{place.keyword} value must be ["number"]')
    fail = place.fail()
    params = {"limit": value}
    if place.keyword == "maxLength":
        more = f"must NOT have more than {number_text(value)} characters"

        def max_length(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
            return len(instance) <= value or fail(trail, failures, more, params)

        return max_length
    fewer = f"must NOT have fewer than {number_text(value)} characters"

    def min_length(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        return len(instance) >= value or fail(trail, failures, fewer, params)

    return min_length


def _pattern(place: Place, value: Any, _kind: str) -> Check:
    if not isinstance(value, str):
        raise place.broken('pattern value must be ["string"]')
    search = compiled_pattern(place, value)
    fail = place.fail()
    message = f'must match pattern "{value}"'
    params = {"pattern": value}

    def pattern(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        return search(instance) or fail(trail, failures, message, params)

    return pattern


def compiled_pattern(place: Place, source: str) -> Callable[[str], bool]:
    """ECMAScript's `new RegExp(source)`, as a search."""
    from idemlint.openapi.ecma_regex import PatternCostError, PatternError, compile_pattern

    try:
        compiled = compile_pattern(source)
    except PatternError as error:
        raise place.broken(f"Invalid regular expression: /{source}/: {error}") from error
    where = f"{place.schema_path}/{place.keyword}"

    def search(text: str) -> bool:
        try:
            return compiled.search(text)
        except PatternCostError as error:
            raise BrokenSchemaError(f'cannot be matched against the pattern "{source}": {error}', where) from error

    return search


KEYWORDS: dict[str, Callable[[Place, Any, str], Check | None]] = {
    "const": _const,
    "enum": _enum,
    "maximum": _limit_number,
    "minimum": _limit_number,
    "exclusiveMaximum": _limit_number,
    "exclusiveMinimum": _limit_number,
    "multipleOf": _multiple_of,
    "maxLength": _limit_length,
    "minLength": _limit_length,
    "pattern": _pattern,
}
