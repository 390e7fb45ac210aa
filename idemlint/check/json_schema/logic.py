"""Keywords that combine schemas: `not`, `anyOf`, `oneOf`, `allOf`, `if`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.json_schema.place import Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Check, Place


def _not(place: Place, value: Any, _kind: str) -> Check:
    fail = place.fail()
    if place.says_nothing(value):

        def never(_instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
            return fail(trail, failures, "must NOT be valid", {})

        return never
    check = place.subschema(value, mode=Mode.SILENT)

    def not_(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        before = len(failures)
        if check(instance, trail, failures, place.child_evaluated()) is not False:
            return fail(trail, failures, "must NOT be valid", {})
        del failures[before:]
        return True

    return not_


def _schemas(place: Place, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise place.broken(f'{place.keyword} value must be ["array"]')
    return value


def _any_of(place: Place, value: Any, _kind: str) -> Check | None:
    schemas = _schemas(place, value)
    if not place.compiler.dialect.unevaluated and any(place.says_nothing(schema) for schema in schemas):
        return None
    fail = place.fail(append=True)
    checks = [place.subschema(schema, str(i), mode=place.mode.branch) for i, schema in enumerate(schemas)]
    tracking = place.compiler.tracking

    def any_of(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        before = len(failures)
        valid = False
        for check in checks:
            inner = place.child_evaluated()
            if check(instance, trail, failures, inner) is not False:
                valid = True
                if not tracking:
                    break
                if evaluated is not None and inner is not None:
                    evaluated.merge(inner)
        if valid:
            del failures[before:]
            return True
        return fail(trail, failures, "must match a schema in anyOf", {})

    return any_of


def _one_of(place: Place, value: Any, _kind: str) -> Check:
    fail = place.fail(append=True)
    checks = [
        None if place.says_nothing(schema) else place.subschema(schema, str(i), mode=place.mode.branch)
        for i, schema in enumerate(_schemas(place, value))
    ]

    def one_of(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        before = len(failures)
        passing: int | None = None
        for i, check in enumerate(checks):
            inner = place.child_evaluated()
            if check is not None and check(instance, trail, failures, inner) is False:
                continue
            if passing is not None:
                return fail(trail, failures, "must match exactly one schema in oneOf", {"passingSchemas": [passing, i]})
            passing = i
            if evaluated is not None and inner is not None:
                evaluated.merge(inner)
        if passing is None:
            return fail(trail, failures, "must match exactly one schema in oneOf", {"passingSchemas": None})
        del failures[before:]
        return True

    return one_of


def _all_of(place: Place, value: Any, _kind: str) -> Check | None:
    checks = [
        place.subschema(schema, str(i))
        for i, schema in enumerate(_schemas(place, value))
        if not place.says_nothing(schema)
    ]
    if not checks:
        return None
    to_the_end = place.mode is Mode.ALL

    def all_of(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        valid = True
        for check in checks:
            inner = place.child_evaluated()
            if check(instance, trail, failures, inner) is False:
                valid = False
                if not to_the_end:
                    return False
            if evaluated is not None and inner is not None:
                evaluated.merge(inner)
        return valid

    return all_of


def _if(place: Place, value: Any, _kind: str) -> Check | None:
    clauses = {
        keyword: place.schema[keyword]
        for keyword in ("then", "else")
        if keyword in place.schema and not place.says_nothing(place.schema[keyword])
    }
    if not clauses:
        return None
    condition = place.subschema(value, mode=Mode.SILENT)
    fail = place.fail(append=True)
    compiled: dict[str, Check] = {}
    for keyword, schema in clauses.items():
        place.keyword = keyword
        compiled[keyword] = place.subschema(schema)
    then, otherwise = compiled.get("then"), compiled.get("else")

    def if_(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        before = len(failures)
        inner = place.child_evaluated()
        met = condition(instance, trail, failures, inner) is not False
        del failures[before:]
        if met and evaluated is not None and inner is not None:
            evaluated.merge(inner)
        inner = place.child_evaluated()
        check, name = (then, "then") if met else (otherwise, "else")
        if check is None:
            return True
        if check(instance, trail, failures, inner) is not False:
            if evaluated is not None and inner is not None:
                evaluated.merge(inner)
            return True
        if failures.returned:
            return False
        return fail(trail, failures, f'must match "{name}" schema', {"failingKeyword": name})

    return if_


KEYWORDS: dict[str, Callable[[Place, Any, str], Check | None]] = {
    "not": _not,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "allOf": _all_of,
    "if": _if,
}
