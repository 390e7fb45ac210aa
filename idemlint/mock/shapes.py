"""Values that fit a response's schema: one to begin with, and others made to fit by laying what fits over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.validation import validator_for

if TYPE_CHECKING:
    from idemlint.openapi.references import Node, References
    from idemlint.openapi.validation import SchemaValidator

_BRANCHES: Final = ("allOf", "anyOf", "oneOf")
_MAX_PARTS: Final = 200
_DEEPEST: Final = 12


class Shape:
    """A schema for responses, and a value of it. What it holds is never changed."""

    __slots__ = ("_members", "_shapes", "base", "depth", "references", "schema", "validator")

    def __init__(self, references: References, schema: Node | None, base: Any, depth: int = 0) -> None:
        self.references = references
        self.schema = references.resolve(schema) if schema is not None else None
        self.base = base
        """A value that fits, as far as one is known."""
        self.depth = depth
        self.validator: SchemaValidator | None = (
            validator_for(references, self.schema, direction="response") if self.schema is not None else None
        )
        self._members: dict[str, list[Node]] | None = None
        self._shapes: dict[str, list[Shape]] = {}

    def is_valid(self, value: Any) -> bool:
        return self.validator is None or self.validator.is_valid(value)

    def same(self, other: Shape) -> bool:
        """Whether what fits the one fits the other, for being one and the same schema."""
        if self.schema is None or other.schema is None:
            return self.schema is None
        return self.schema.value is other.schema.value

    @property
    def members(self) -> dict[str, list[Node]]:
        """Schemas by the name of the member, from the schema and all that it combines; empty if it names none."""
        if self._members is None:
            self._members = _members(self.references, self.schema)
        return self._members

    def member(self, name: str) -> list[Shape]:
        """What the schema says of one member, in each of its branches."""
        shapes = self._shapes.get(name)
        if shapes is None:
            inner = self.base.get(name) if isinstance(self.base, dict) else None
            shapes = [Shape(self.references, node, inner, self.depth + 1) for node in self.members.get(name, ())]
            self._shapes[name] = shapes
        return shapes

    def items(self) -> Shape:
        """The shape of an array's items."""
        base = self.base[0] if isinstance(self.base, list) and self.base else None
        schema = find(self.references, self.schema, "items")
        return Shape(self.references, schema, base, self.depth + 1)

    def knows(self, name: str) -> bool:
        """Whether a member of this name has a place in the value."""
        return not self.members or name in self.members

    def compose(self, value: dict[str, Any], base: dict[str, Any] | None = None) -> dict[str, Any]:
        """The base with all members of `value` that have a place in it and fit."""
        below = base if base is not None else self.base if isinstance(self.base, dict) else {}
        members = self.members
        whole = {**below, **({name: value[name] for name in value if name in members} if members else value)}
        if self.validator is None or self.validator.is_valid(whole):
            return whole
        return self._carefully(value, dict(below))

    def fit(self, value: Any) -> Any:
        """The value if it is valid; else what of it fits, laid over the base; else the base."""
        if self.is_valid(value):
            return value
        if isinstance(value, dict) and isinstance(self.base, dict):
            return self.compose(value)
        return self.base

    def _carefully(self, value: dict[str, Any], below: dict[str, Any]) -> dict[str, Any]:
        """Member by member; one that breaks the whole is left out."""
        sound = self.is_valid(below)
        for name, member in value.items():
            if not self.knows(name):
                continue
            fitting = self._fitting(name, member, below.get(name))
            if fitting is _NOTHING:
                continue
            candidate = {**below, name: fitting}
            valid = self.is_valid(candidate)
            if valid or not sound:
                below, sound = candidate, valid
        return below

    def _fitting(self, name: str, member: Any, below: Any) -> Any:
        shapes = self.member(name)
        if not shapes or any(shape.is_valid(member) for shape in shapes):
            return member
        if isinstance(member, dict) and isinstance(below, dict) and self.depth < _DEEPEST:
            return shapes[0].compose(member, below)
        return _NOTHING


_NOTHING: Final = object()


def find(references: References, schema: Node | None, keyword: str) -> Node | None:
    """The first schema that stands under a keyword, in the schema itself or in a branch of it."""
    for part in _parts(references, schema):
        found = references.child(part, keyword)
        if found is not None:
            return found
    return None


def _members(references: References, schema: Node | None) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for part in _parts(references, schema):
        properties = references.child(part, "properties")
        if properties is None or not isinstance(properties.value, dict):
            continue
        for name in properties.value:
            node = references.child(properties, name)
            if node is not None:
                found.setdefault(name, []).append(node)
    return found


def _parts(references: References, schema: Node | None) -> list[Node]:
    """The schema and the branches of what it combines, each once."""
    found: list[Node] = []
    pending = [schema] if schema is not None else []
    seen: set[int] = set()
    while pending and len(found) < _MAX_PARTS:
        node = references.resolve(pending.pop(0))
        if not isinstance(node.value, dict) or id(node.value) in seen:
            continue
        seen.add(id(node.value))
        found.append(node)
        for branch in _BRANCHES:
            listed = references.child(node, branch)
            if listed is not None and isinstance(listed.value, list):
                for index in range(min(len(listed.value), _MAX_PARTS)):
                    part = references.child(listed, index)
                    if part is not None:
                        pending.append(part)
    return found
