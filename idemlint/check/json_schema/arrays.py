"""Keywords about arrays."""

from __future__ import annotations

from idemlint.check.javascript import is_number, number_text
from idemlint.check.json_schema.combination import schema_types
from idemlint.check.json_schema.place import Mode
from idemlint.check.json_schema.values import fingerprint, type_test

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Check, Place


def _limit_items(place: Place, value: Any, _kind: str) -> Check:
    if not is_number(value):
        raise place.broken(f'{place.keyword} value must be ["number"]')
    fail = place.fail()
    params = {"limit": value}
    at_most = place.keyword == "maxItems"
    message = f"must NOT have {'more' if at_most else 'fewer'} than {number_text(value)} items"

    def limit_items(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        within = len(instance) <= value if at_most else len(instance) >= value
        return within or fail(trail, failures, message, params)

    return limit_items


def _prefix_items(place: Place, value: Any, _kind: str) -> Check:
    if not isinstance(value, list):
        raise place.broken('prefixItems value must be ["array"]')
    return _tuple(place, value)


def _tuple(place: Place, schemas: list[Any]) -> Check:
    """A schema for each of the first items."""
    checks = [
        (i, place.subschema(schema, str(i))) for i, schema in enumerate(schemas) if not place.says_nothing(schema)
    ]
    to_the_end = place.mode is Mode.ALL

    def tuple_(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool | None:
        if evaluated is not None and evaluated.items is not True:
            evaluated.items = max(evaluated.items, len(schemas))
        valid = True
        length = len(instance)
        for position, (i, check) in enumerate(checks):
            if i >= length:
                # ajv's generated code skips the group's other keywords when already the first item is missing.
                return None if position == 0 and not to_the_end else valid
            inner = place.child_evaluated()
            if check(instance[i], (trail, i), failures, inner) is False:
                valid = False
                if not to_the_end:
                    return False
        return valid

    return tuple_


def _additional_items(place: Place, value: Any, _kind: str) -> Check | None:
    items = place.schema.get("items")
    return _after(place, value, len(items)) if isinstance(items, list) else None


def _after(place: Place, schema: Any, start: int) -> Check | None:
    """All items from `start` on."""
    if schema is False:
        fail = place.fail()
        message = f"must NOT have more than {start} items"
        params = {"limit": start}

        def no_more(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
            if evaluated is not None:
                evaluated.items = True
            return len(instance) <= start or fail(trail, failures, message, params)

        return no_more
    return _each(place, schema, lambda _evaluated: start)


def _each(place: Place, schema: Any, start: Callable[[Evaluated | None], int]) -> Check:
    """Every item from `start` on; afterwards all count as evaluated."""
    check = None if place.says_nothing(schema) else place.subschema(schema)
    to_the_end = place.mode is Mode.ALL

    def each(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        first = start(evaluated)
        if evaluated is not None:
            evaluated.items = True
        valid = True
        if check is not None:
            for i in range(first, len(instance)):
                if check(instance[i], (trail, i), failures, place.child_evaluated()) is False:
                    valid = False
                    if not to_the_end:
                        return False
        return valid

    return each


def _items(place: Place, value: Any, _kind: str) -> Check | None:
    if place.compiler.dialect.name == "draft2020-12":
        if not isinstance(value, (dict, bool)):
            raise place.broken('items value must be ["object","boolean"]')
        prefix = place.schema.get("prefixItems")
        if prefix and not place.says_nothing(value):
            return _after(place, value, len(prefix))
    elif isinstance(value, list):
        return _tuple(place, value)
    return _each(place, value, lambda _evaluated: 0)


def _contains(place: Place, value: Any, _kind: str) -> Check | None:
    low, high = 1, None
    if place.compiler.dialect.unevaluated:
        low, high = place.schema.get("minContains", 1), place.schema.get("maxContains")
    if high is None and low == 0:
        return None
    fail = place.fail()
    params = {"minContains": low}
    span = number_text(low)
    if high is not None:
        params["maxContains"] = high
        span += f" and no more than {number_text(high)}"
    message = f"must contain at least {span} valid item(s)"
    possible = high is None or low <= high
    marks = possible and not place.says_nothing(value)
    stop = low if high is None else high + 1
    # Where ajv drops what it noted about the items, it need not be noted at all.
    check = place.subschema(value, mode=Mode.SILENT if place.mode is Mode.FIRST else place.mode)

    def contains(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        if evaluated is not None and marks:
            evaluated.items = True
        before = len(failures)
        count = 0
        for i, item in enumerate(instance if possible else ()):
            if check(item, (trail, i), failures, place.child_evaluated()) is not False:
                count += 1
                if count >= stop:
                    break
        if possible and count >= low and (high is None or count <= high):
            del failures[before:]
            return True
        return fail(trail, failures, message, params)

    return contains


def _unique_items(place: Place, value: Any, _kind: str) -> Check | None:
    if not isinstance(value, bool):
        raise place.broken('uniqueItems value must be ["boolean"]')
    if not value:
        return None
    fail = place.fail()
    items = place.schema.get("items")
    types = schema_types(items) if isinstance(items, dict) else []
    scalar = type_test(types) if types and not {"object", "array"} & set(types) else None

    def unique_items(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        if len(instance) < 2:
            return True
        pair = _duplicate(instance) if scalar is None else _duplicate_scalar(instance, scalar)
        if pair is None:
            return True
        i, j = pair
        message = f"must NOT have duplicate items (items ## {j} and {i} are identical)"
        return fail(trail, failures, message, {"i": i, "j": j})

    return unique_items


def _duplicate(items: list[Any]) -> tuple[int, int] | None:
    """The last item that repeats an earlier one, and the nearest such one: what ajv finds from the end."""
    latest: dict[Any, int] = {}
    found = None
    for i, item in enumerate(items):
        key = fingerprint(item)
        if key in latest:
            found = (i, latest[key])
        latest[key] = i
    return found


def _duplicate_scalar(items: list[Any], has_type: Callable[[Any], bool]) -> tuple[int, int] | None:
    """Ajv's other search, for items that are scalars by their schema; it names the pair the other way round."""
    latest: dict[Any, int] = {}
    for i in range(len(items) - 1, -1, -1):
        item = items[i]
        if not has_type(item):
            continue
        key = fingerprint(item)
        if key in latest:
            return i, latest[key]
        latest[key] = i
    return None


def _unevaluated_items(place: Place, value: Any, _kind: str) -> Check:
    fail = place.fail()
    rest = None if value is False or place.says_nothing(value) else place.subschema(value)
    to_the_end = place.mode is Mode.ALL

    def unevaluated_items(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        seen = evaluated.items if evaluated is not None else 0
        if seen is True:
            return True
        if evaluated is not None:
            evaluated.items = True
        if value is False:
            message = f"must NOT have more than {seen} items"
            return len(instance) <= seen or fail(trail, failures, message, {"limit": seen})
        valid = True
        if rest is not None:
            for i in range(seen, len(instance)):
                if rest(instance[i], (trail, i), failures, place.child_evaluated()) is False:
                    valid = False
                    if not to_the_end:
                        break
        return valid

    return unevaluated_items


KEYWORDS: dict[str, Callable[[Place, Any, str], Check | None]] = {
    "maxItems": _limit_items,
    "minItems": _limit_items,
    "prefixItems": _prefix_items,
    "items": _items,
    "additionalItems": _additional_items,
    "contains": _contains,
    "uniqueItems": _unique_items,
    "unevaluatedItems": _unevaluated_items,
}
