"""Keywords about objects."""

from __future__ import annotations

from idemlint.check.javascript import is_number, number_text
from idemlint.check.json_schema.place import FAILS_LATER, Mode
from idemlint.openapi.member_order import own_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Answer, Check, Place


def _limit_properties(place: Place, value: Any, _kind: str) -> Check:
    if not is_number(value):
        raise place.broken(f'{place.keyword} value must be ["number"]')
    fail = place.fail()
    params = {"limit": value}
    at_most = place.keyword == "maxProperties"
    message = f"must NOT have {'more' if at_most else 'fewer'} than {number_text(value)} properties"

    def limit_properties(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        within = len(instance) <= value if at_most else len(instance) >= value
        return within or fail(trail, failures, message, params)

    return limit_properties


def _required(place: Place, value: Any, _kind: str) -> Check | None:
    if not isinstance(value, list):
        raise place.broken('required value must be ["array"]')
    if not value:
        return None
    fail = place.fail()
    to_the_end = place.mode is Mode.ALL

    def required(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        valid = True
        for name in value:
            if name not in instance:
                message = f"must have required property '{name}'"
                valid = fail(trail, failures, message, {"missingProperty": name})
                if not to_the_end:
                    return False
        return valid

    return required


def _property_names(place: Place, value: Any, _kind: str) -> Check | None:
    if place.says_nothing(value):
        return None
    fail = place.fail(append=True)
    check = place.subschema(value, mode=place.mode.branch)
    to_the_end = place.mode is Mode.ALL

    def property_names(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        valid = True
        for name in instance:
            if check(name, trail, failures, place.child_evaluated()) is False:
                valid = fail(trail, failures, "property name must be valid", {"propertyName": name})
                if not to_the_end:
                    return False
        return valid

    return property_names


def _patterns(place: Place) -> list[Callable[[str], bool]]:
    from idemlint.check.json_schema.scalars import compiled_pattern

    return [compiled_pattern(place, source) for source in place.schema.get("patternProperties") or ()]


def _additional_properties(place: Place, value: Any, _kind: str) -> Check:
    declared = frozenset(place.schema.get("properties") or ())
    patterns = _patterns(place) if "patternProperties" in place.schema else []
    fail = place.fail()
    nothing = place.says_nothing(value)
    check = None if nothing or value is False else place.subschema(value)
    to_the_end = place.mode is Mode.ALL

    def additional_properties(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        if evaluated is not None:
            evaluated.properties = True
        valid = True
        if nothing:
            return valid
        for name in instance:
            if name in declared or _matches(patterns, name):
                continue
            if check is None:
                valid = fail(trail, failures, "must NOT have additional properties", {"additionalProperty": name})
            elif check(instance[name], (trail, name), failures, place.child_evaluated()) is False:
                valid = False
            if not valid and not to_the_end:
                return False
        return valid

    return additional_properties


def _matches(patterns: list[Callable[[str], bool]], name: str) -> bool:
    for search in patterns:  # noqa: SIM110 - a generator per name costs more than the search
        if search(name):
            return True
    return False


def _properties(place: Place, value: Any, _kind: str) -> Check | None:
    if not isinstance(value, dict):
        raise place.broken('properties value must be ["object"]')
    checks = [
        (name, place.subschema(value[name], token(name)))
        for name in own_keys(value)
        if not place.says_nothing(value[name])
    ]
    declared = set(value)
    if not checks and not place.compiler.tracking:
        return None
    to_the_end = place.mode is Mode.ALL

    def properties(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        if evaluated is not None:
            evaluated.add(declared)
        valid = True
        for name, check in checks:
            if name in instance and check(instance[name], (trail, name), failures, place.child_evaluated()) is False:
                valid = False
                if not to_the_end:
                    return False
        return valid

    return properties


def _pattern_properties(place: Place, value: Any, _kind: str) -> Check | None:
    from idemlint.check.json_schema.scalars import compiled_pattern

    entries = [
        (
            compiled_pattern(place, source),
            None if place.says_nothing(value[source]) else place.subschema(value[source], token(source)),
        )
        for source in own_keys(value)
    ]
    tracking = place.compiler.tracking
    if not entries or (not tracking and all(check is None for _, check in entries)):
        return None
    # Where ajv keeps book of evaluated members, a failing member does not end the loop: the last one decides whether
    # the group goes on. Only a failure that ajv returns at (not that of a function of its own) ends it.
    keeps_book = place.compiler.dialect.unevaluated and "additionalProperties" not in place.schema
    to_the_end = place.mode is Mode.ALL
    whole_loop = to_the_end or keeps_book

    def pattern_properties(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> Answer:
        valid = True
        for search, check in entries:
            passed = True
            for name in instance:
                if not search(name):
                    continue
                if check is not None:
                    passed = check(instance[name], (trail, name), failures, place.child_evaluated()) is not False
                    valid = valid and passed
                if evaluated is not None:
                    evaluated.add({name})
                if not passed and (not whole_loop or failures.returned):
                    return False
            if not passed and not to_the_end:
                return False
        return valid or FAILS_LATER

    return pattern_properties


def _unevaluated_properties(place: Place, value: Any, _kind: str) -> Check:
    fail = place.fail()
    nothing = place.says_nothing(value)
    check = None if nothing or value is False else place.subschema(value)
    to_the_end = place.mode is Mode.ALL

    def unevaluated_properties(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        seen = evaluated.properties if evaluated is not None else False
        if evaluated is not None:
            evaluated.properties = True
        valid = True
        if seen is True or nothing:
            return valid
        for name in instance:
            if seen and name in seen:
                continue
            if check is None:
                valid = fail(trail, failures, "must NOT have unevaluated properties", {"unevaluatedProperty": name})
            elif check(instance[name], (trail, name), failures, place.child_evaluated()) is False:
                valid = False
            if not valid and not to_the_end:
                return False
        return valid

    return unevaluated_properties


def token(name: str) -> str:
    """A member's name as a token of a schema path: of a JSON pointer in a URI fragment."""
    if name.isalnum() and name.isascii():
        return name
    from urllib.parse import quote

    return quote(name.replace("~", "~0").replace("/", "~1"), safe="!'()*-._~", errors="replace")


KEYWORDS: dict[str, Callable[[Place, Any, str], Check | None]] = {
    "maxProperties": _limit_properties,
    "minProperties": _limit_properties,
    "required": _required,
    "propertyNames": _property_names,
    "additionalProperties": _additional_properties,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "unevaluatedProperties": _unevaluated_properties,
}
