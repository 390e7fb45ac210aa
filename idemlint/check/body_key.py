"""The key as a member of the JSON request body (Square, Plaid, Cash App Pay) or a field of the message (AIP-155)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.check.scope import Key
from idemlint.named_tuple import NamedTuple
from idemlint.openapi.pointers import text_steps
from idemlint.openapi.references import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References

_MAX_SCHEMAS: Final = 500
_DEEPEST: Final = 60


class _Body(NamedTuple):
    """A schema that a request body may have."""

    required: bool
    """A body has to be sent."""
    schema: Node
    node: Node
    """The request body, or Swagger 2.0's parameter, where it really stands."""
    use: Node
    """Where the operation names it."""


class _Member(NamedTuple):
    """What a schema says of one of its members."""

    schemas: tuple[Node, ...] = ()
    """One; several when each branch of a `oneOf` or `anyOf` has its own; none when nothing describes the member."""
    required: bool = False

    @property
    def is_there(self) -> bool:
        return self.required or bool(self.schemas)


def body_key(operation: Operation, pointer: str, references: References) -> Key | None:
    """The body's member at `pointer` (JSON pointer), when some media type's schema has it.

    It counts as required when every step of the way is, the body itself included.
    """
    *above, name = text_steps(pointer)
    for body in _bodies(operation, references):
        holders: tuple[Node, ...] = (body.schema,)
        unlisted = ""
        for step in above:
            member = _of_each(holders, step, references)
            holders = member.schemas
            unlisted = unlisted or ("" if member.required else step)
        member = _of_each(holders, name, references)
        if not member.is_there:
            continue
        unlisted = unlisted or ("" if member.required else name)
        node, *others = member.schemas or (references.resolve(holders[0]),)
        return Key(
            pointer,
            body.required and not unlisted,
            node,
            node if member.schemas else None,
            None if all(_is_inside(each, body.use) for each in (node, *others)) else body.use,
            tuple(others),
            unlisted,
            None if body.required else body.node,
        )
    return None


def _bodies(operation: Operation, references: References) -> Iterator[_Body]:
    for parameter in operation.parameters():  # Swagger 2.0
        schema = references.child(parameter.node, "schema") if parameter.location == "body" else None
        if schema is not None:
            yield _Body(parameter.required, schema, parameter.node, parameter.use)
    body = references.child(operation.node, "requestBody")
    content = references.child(body, "content") if body is not None else None
    if body is None or content is None or not isinstance(content.value, dict):
        return
    place = operation.node
    use = Node(place.document, (*place.path, "requestBody"), place.value["requestBody"])
    required = isinstance(body.value, dict) and body.value.get("required") is True
    for media_type in content.value:
        media = references.child(content, media_type)
        schema = references.child(media, "schema") if media is not None else None
        if schema is not None:
            yield _Body(required, schema, body, use)


def _of_each(holders: tuple[Node, ...], name: str, references: References) -> _Member:
    return _in_every([_member(holder, name, references, {}, 0) for holder in holders])


def _in_every(members: list[_Member]) -> _Member:
    """What alternatives have in common: a member that one of them lacks is none."""
    if not all(member.is_there for member in members):
        return _Member()
    schemas = tuple(schema for member in members for schema in member.schemas)
    return _Member(schemas[:_MAX_SCHEMAS], bool(members) and all(member.required for member in members))


def _member(schema: Node, name: str, references: References, known: dict[int, _Member], depth: int) -> _Member:
    """The member in `properties` and `required`: here, below `allOf`, or in each branch of a `oneOf` or `anyOf`.

    `known` holds each schema once, however often it is named.
    """
    node = references.resolve(schema)
    value: Any = node.value
    if not isinstance(value, dict) or id(value) in known or len(known) > _MAX_SCHEMAS or depth > _DEEPEST:
        return known.get(id(value), _Member())
    known[id(value)] = _Member()  # a circle back to here says nothing more
    properties = references.child(node, "properties")
    found = (
        references.child(properties, name) if properties is not None and isinstance(properties.value, dict) else None
    )
    parts = [
        _Member(
            (found,) if found is not None else (), isinstance(value.get("required"), list) and name in value["required"]
        )
    ]
    for keyword in ("allOf", "oneOf", "anyOf"):
        holder = references.child(node, keyword)
        if holder is not None and isinstance(holder.value, list):
            children = [references.child(holder, index) for index in range(len(holder.value))]
            told = [_member(child, name, references, known, depth + 1) for child in children if child is not None]
            parts += told if keyword == "allOf" else [_in_every(told)]
    schemas = next((part.schemas for part in parts if part.schemas), ())
    member = known[id(value)] = _Member(schemas, any(part.required for part in parts))
    return member


def _is_inside(node: Node, place: Node) -> bool:
    return node.document is place.document and node.path[: len(place.path)] == place.path
