"""Keywords that demand something of an object because a member is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.json_schema.objects import token
from idemlint.check.json_schema.place import Mode
from idemlint.openapi.member_order import own_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Check, Place


def _dependencies(place: Place, value: Any, _kind: str) -> Check | None:
    lists = {name: value[name] for name in own_keys(value) if isinstance(value[name], list)}
    schemas = {name: value[name] for name in own_keys(value) if name not in lists}
    parts = [_required_with(place, lists), _schemas_with(place, schemas)]
    checks = [check for check in parts if check is not None]
    if not checks:
        return None
    to_the_end = place.mode is Mode.ALL

    def dependencies(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        valid = True
        for check in checks:
            if check(instance, trail, failures, evaluated) is False:
                valid = False
                if not to_the_end:
                    return False
        return valid

    return dependencies


def _dependent_required(place: Place, value: Any, _kind: str) -> Check | None:
    return _required_with(place, {name: value[name] for name in own_keys(value)})


def _required_with(place: Place, lists: dict[str, list[str]]) -> Check | None:
    """When a member is there, others must be."""
    lists = {name: needed for name, needed in lists.items() if needed}
    if not lists:
        return None
    fail = place.fail()
    to_the_end = place.mode is Mode.ALL

    def required_with(instance: Any, trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        valid = True
        for name, needed in lists.items():
            if name not in instance:
                continue
            for other in needed:
                if other in instance:
                    continue
                listing = ", ".join(needed)
                noun = "property" if len(needed) == 1 else "properties"
                valid = fail(
                    trail,
                    failures,
                    f"must have {noun} {listing} when property {name} is present",
                    {"property": name, "missingProperty": other, "depsCount": len(needed), "deps": listing},
                )
                if not to_the_end:
                    return False
        return valid

    return required_with


def _dependent_schemas(place: Place, value: Any, _kind: str) -> Check | None:
    return _schemas_with(place, {name: value[name] for name in own_keys(value)})


def _schemas_with(place: Place, schemas: dict[str, Any]) -> Check | None:
    """When a member is there, the whole object must meet a schema."""
    checks = {
        name: place.subschema(schema, token(name)) for name, schema in schemas.items() if not place.says_nothing(schema)
    }
    if not checks:
        return None
    to_the_end = place.mode is Mode.ALL

    def schemas_with(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        valid = True
        for name, check in checks.items():
            if name not in instance:
                continue
            inner = place.child_evaluated()
            if check(instance, trail, failures, inner) is False:
                valid = False
                if not to_the_end:
                    return False
            elif evaluated is not None and inner is not None:
                evaluated.merge(inner)
        return valid

    return schemas_with


KEYWORDS: dict[str, Callable[[Place, Any, str], Check | None]] = {
    "dependencies": _dependencies,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
}
