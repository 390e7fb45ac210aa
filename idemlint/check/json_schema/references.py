"""`$ref` and its dynamic kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.json_schema.errors import MissingReferenceError
from idemlint.check.json_schema.soundness import demand_soundness

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Check, Function, Place

_REFERENCES = ("$ref", "$recursiveRef", "$recursiveAnchor", "$dynamicRef", "$dynamicAnchor")


def _ref(place: Place, value: Any, _kind: str) -> Check:
    if not isinstance(value, str):
        raise place.broken('$ref value must be ["string"]')
    compiler = place.compiler
    if value in ("#", "#/") and place.base == compiler.resources.base:
        return compiler.function(compiler.root, compiler.resources.base).call
    found = compiler.resources.resolve(place.base, value)
    if found is None:
        raise MissingReferenceError(
            f"can't resolve reference {value} from id {place.base or '#'}", f"{place.schema_path}/$ref"
        )
    schema, base = found
    # It may stand where no schema is looked for: below a keyword that this draft does not know.
    demand_soundness(schema, compiler.dialect.name)
    if schema is compiler.root:
        return compiler.function(schema, compiler.resources.base).call
    if _refers(schema):
        return compiler.function(schema, base).call
    # ajv inlines what holds no reference itself: its failures are this schema's own.
    check = compiler.compile(schema, place.mode, value, base, place.function)

    def inlined(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        inner = place.child_evaluated()
        valid = check(instance, trail, failures, inner) is not False
        if evaluated is not None and inner is not None:
            evaluated.merge(inner)
        return valid

    return inlined


def _refers(schema: Any) -> bool:
    """Whether a reference stands anywhere below."""
    stack = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for keyword in _REFERENCES:
                if keyword in node:
                    return True
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


def _anchor(place: Place, name: str) -> Check:
    compiler = place.compiler
    compiler.anchors.add(name)
    at_top = place.schema is place.function.schema
    function = place.function if at_top else compiler.function(place.schema, place.base)

    def anchor(_instance: Any, _trail: Trail, failures: Failures, _evaluated: Evaluated | None) -> bool:
        # The outermost schema with the anchor wins.
        failures.anchors.setdefault(name, function)
        return True

    return anchor


def _dynamic_anchor(place: Place, value: Any, _kind: str) -> Check:
    return _anchor(place, value)


def _recursive_anchor(place: Place, value: Any, _kind: str) -> Check | None:
    return _anchor(place, "") if value else None


def _dynamic_ref(place: Place, value: Any, _kind: str) -> Check:
    if not isinstance(value, str) or not value.startswith("#"):
        raise place.broken(f'"{place.keyword}" only supports hash fragment reference')
    name = value[1:]
    own: Function = place.function
    if name not in place.compiler.anchors:
        return own.call

    def dynamic_ref(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        function: Function = failures.anchors.get(name, own)
        return function.call(instance, trail, failures, evaluated)

    return dynamic_ref


def _id(place: Place, _value: Any, _kind: str) -> Check:
    raise place.broken('NOT SUPPORTED: keyword "id", use "$id" for schema ID')


KEYWORDS: dict[str, Callable[[Place, Any, str], Check | None]] = {
    "$ref": _ref,
    "$dynamicAnchor": _dynamic_anchor,
    "$recursiveAnchor": _recursive_anchor,
    "$dynamicRef": _dynamic_ref,
    "$recursiveRef": _dynamic_ref,
    "id": _id,
}
