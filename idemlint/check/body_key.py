"""The key as a member of the JSON request body (Square, Plaid, Cash App Pay) or a field of the message (AIP-155)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.check.scope import Key
from idemlint.openapi.pointers import text_steps

if TYPE_CHECKING:
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References

_MAX_SCHEMAS: Final = 500


def body_key(operation: Operation, pointer: str, references: References) -> Key | None:
    """The body's member at `pointer` (JSON pointer), when some media type's schema has it.

    It counts as required when every step of the way is, the body itself included.
    """
    steps = text_steps(pointer)
    for required, schema in _bodies(operation, references):
        found, mandatory = schema, required
        for step in steps:
            member, needed = _member(found, step, references)
            mandatory = mandatory and needed
            if member is None:
                break
            found = member
        else:
            return Key(pointer, mandatory, found, found, None)
    return None


def _bodies(operation: Operation, references: References) -> list[tuple[bool, Node]]:
    """Schemas of the request body, each with whether a body is required."""
    bodies: list[tuple[bool, Node]] = []
    for parameter in operation.parameters():  # Swagger 2.0
        schema = references.child(parameter.node, "schema") if parameter.location == "body" else None
        if schema is not None:
            bodies.append((parameter.required, schema))
    body = references.child(operation.node, "requestBody")
    content = references.child(body, "content") if body is not None else None
    if body is not None and content is not None and isinstance(content.value, dict):
        for media_type in content.value:
            media = references.child(content, media_type)
            schema = references.child(media, "schema") if media is not None else None
            if schema is not None:
                bodies.append((isinstance(body.value, dict) and body.value.get("required") is True, schema))
    return bodies


def _member(schema: Node, name: str, references: References) -> tuple[Node | None, bool]:
    """The member's schema in `properties`, here or below `allOf`, and whether some `required` there names it."""
    found: Node | None = None
    required = False
    waiting: list[Node] = [schema]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_SCHEMAS:
        node = references.resolve(waiting.pop())
        value: Any = node.value
        if not isinstance(value, dict) or id(value) in seen:
            continue
        seen.add(id(value))
        required = required or (isinstance(value.get("required"), list) and name in value["required"])
        properties = references.child(node, "properties")
        if found is None and properties is not None and isinstance(properties.value, dict) and name in properties.value:
            found = references.child(properties, name)
        parts = references.child(node, "allOf")
        if parts is not None and isinstance(parts.value, list):
            waiting += [
                part for index in range(len(parts.value)) if (part := references.child(parts, index)) is not None
            ]
    return found, required
