"""The schemas of an OpenAPI document as JSON Schema 2020-12 with `$defs`, whatever dialect and files they come from.

What a `$ref` names becomes a definition, so circles stay circles and nothing is copied twice. A schema that nests deep is
cut into definitions as well: the validator's reader takes 255 levels. Nothing here raises for what a document holds;
what is broken demands nothing, and `problems` tells of it.

Read leniently, since a value that is refused wrongly costs a user more than one that is let through:
- `nullable: true` (OpenAPI 3.0; `x-nullable` in Swagger 2.0) admits null next to `enum`, `allOf` and the like too.
- keywords that a dialect lacks (`const` in 3.0) are heeded: their author meant them.
- `readOnly` members are not required of requests, `writeOnly` ones not of responses, wherever in the `allOf` group the
  `required` stands (OpenAPI 3.0.4, Schema Object; 3.1 and 3.2 leave it to the reader, and are read alike).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from idemlint.openapi.schema_annotations import Annotations, annotations_of
from idemlint.openapi.schema_cost import Costs, subschemas
from idemlint.openapi.schema_groups import Direction, Groups
from idemlint.openapi.schema_keywords import (
    IN_PLACE,
    SUBSCHEMA,
    SUBSCHEMA_LISTS,
    SUBSCHEMA_MAPS,
    BrokenKeywordError,
    constraint,
    exclusive_limits,
    integer_range,
    rust_takes,
    text,
)

if TYPE_CHECKING:
    from idemlint.openapi.document import Document
    from idemlint.openapi.references import Node, References

Schema: TypeAlias = dict[str, Any] | bool
_POINTER = "#/$defs/"
_DEEPEST = 12
"""Schemas within schemas before a definition is made of what is further down."""
_MOST = 500_000
"""Schemas of one document that are rewritten; beyond, they demand nothing."""
_NAMELESS: frozenset[str] = frozenset()


class Bundle:
    """All schemas of one document that were asked for, in one direction."""

    __slots__ = (
        "_broken",
        "_count",
        "_groups",
        "_names",
        "_siblings",
        "_swagger",
        "_waiting",
        "_wright",
        "annotations",
        "costs",
        "definitions",
        "problems",
        "references",
        "uses",
    )

    def __init__(self, references: References, direction: Direction) -> None:
        self.references = references
        self.definitions: dict[str, Schema] = {}
        self.uses: dict[str, list[str]] = {}
        """Which definitions a definition names."""
        self.annotations: dict[int, Annotations] = {}
        """By the identity of a schema in `definitions`, or below one."""
        self.costs = Costs()
        self.problems: dict[str, list[str]] = {}
        """By definition."""
        self._names: dict[tuple[int, frozenset[str]], str] = {}
        self._waiting: list[tuple[str, Document, Any, frozenset[str]]] = []
        self._broken = 0
        """How often something broken was met."""
        self._count = 0
        data = references.root.data
        root = data if type(data) is dict else {}
        version = root.get("openapi")
        self._swagger = "swagger" in root
        self._wright = self._swagger or (type(version) is str and version.startswith("3.0"))
        dialect = root.get("jsonSchemaDialect")
        older = type(dialect) is str and any(draft in dialect for draft in ("draft-04", "draft-06", "draft-07"))
        self._siblings = not (self._wright or older)
        """Whether members next to a `$ref` count."""
        self._groups = Groups(references, direction, siblings=self._siblings)

    def define(self, node: Node) -> str:
        """The name of the definition for a schema; it and all that it reaches are in `definitions` then."""
        name = self._name(node.document, node.value, _NAMELESS)
        while self._waiting:
            here, document, value, exempt = self._waiting.pop()
            self.uses[here] = []
            self.problems[here] = []
            self.definitions[here] = self._rewrite(_Place(here, document, exempt, 0), value)
        return name

    def reachable(self, name: str) -> dict[str, Schema]:
        """The definition and all that it needs, by name."""
        found: dict[str, Schema] = {}
        pending = [name]
        while pending:
            here = pending.pop()
            if here not in found:
                found[here] = self.definitions[here]
                pending.extend(self.uses[here])
        return found

    def definitions_for(self, schemas: tuple[Schema, ...]) -> dict[str, Schema]:
        """All that schemas below a definition need."""
        found: dict[str, Schema] = {}
        for schema in schemas:
            for part in subschemas(schema):
                if "$ref" in part:
                    found |= self.reachable(part["$ref"].removeprefix(_POINTER))
        return found

    def target(self, schema: dict[str, Any]) -> Schema:
        """What the `$ref` of a rewritten schema names."""
        return self.definitions[schema["$ref"].removeprefix(_POINTER)]

    def _name(self, document: Document, value: Any, exempt: frozenset[str]) -> str:
        key = (id(value), exempt)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"s{len(self._names)}"
            self._waiting.append((name, document, value, exempt))
        return name

    def _point(self, place: _Place, document: Document, value: Any) -> str:
        name = self._name(document, value, place.exempt)
        self.uses[place.definition].append(name)
        return _POINTER + name

    def _tell(self, place: _Place, message: str) -> None:
        self._broken += 1
        problems = self.problems[place.definition]
        if len(problems) < 20 and message not in problems:
            problems.append(message)

    def _rewrite(self, place: _Place, value: Any) -> Schema:
        if type(value) is bool:
            return value
        if type(value) is not dict:
            self._tell(place, f"a schema is {_kind(value)}, not a mapping")
            return True
        if place.depth > _DEEPEST:
            return {"$ref": self._point(place, place.document, value)}
        self._count += 1
        if self._count > _MOST:
            self._tell(place, f"the document holds more than {_MOST} schemas")
            return True
        reference = value.get("$ref", value.get("$dynamicRef"))
        out = self._referenced(place, reference) if type(reference) is str else {}
        if type(reference) is str and not self._siblings:
            return out or True
        exempt = place.exempt | self._groups.hidden(place.document, value)
        self._keywords(place._replace(exempt=exempt), value, out)
        exclusive_limits(value, out)
        integer_range(value, out)
        if self._wright and (value.get("nullable") is True or (self._swagger and value.get("x-nullable") is True)):
            out = _nullable(out)
        self._annotate(place, value, out)
        return out

    def _referenced(self, place: _Place, reference: str) -> dict[str, Any]:
        target = self.references.target(place.document, reference)
        if target is None:
            self._tell(place, self.references.reason(place.document, reference))
            return {}
        if place.exempt:
            needed = place.exempt & self._groups.required(target.document, target.value)
            place = place._replace(exempt=needed)
        return {"$ref": self._point(place, target.document, target.value)}

    def _keywords(self, place: _Place, value: dict[str, Any], out: dict[str, Any]) -> None:
        inside = place._replace(depth=place.depth + 1, exempt=_NAMELESS)
        for keyword, held in value.items():
            below = inside._replace(exempt=place.exempt) if keyword in IN_PLACE else inside
            try:
                broken = self._broken
                if keyword in SUBSCHEMA_LISTS or (keyword == "items" and type(held) is list):
                    self._list(below, keyword, value, out)
                elif keyword in SUBSCHEMA:
                    out[keyword] = self._below(below, held)
                elif keyword in SUBSCHEMA_MAPS or keyword == "dependencies":
                    self._map(below, keyword, held, out)
                else:
                    out.update(constraint(keyword, held))
                if self._broken > broken:
                    _loosen(out, keyword)
            except BrokenKeywordError as error:
                self._tell(place, f"{keyword!r} {error}")
        required = out.get("required")
        if required and place.exempt:
            out["required"] = [name for name in required if name not in place.exempt]

    def _below(self, place: _Place, value: Any) -> Schema:
        if place.exempt:
            place = place._replace(exempt=place.exempt & self._groups.required(place.document, value))
        return self._rewrite(place, value)

    def _list(self, place: _Place, keyword: str, value: dict[str, Any], out: dict[str, Any]) -> None:
        held = value[keyword]
        if type(held) is not list:
            raise BrokenKeywordError("is not a list of schemas")
        schemas = [self._below(place, item) for item in held]
        if keyword == "items":
            if "additionalItems" in value:
                out["items"] = self._below(place, value["additionalItems"])
            keyword = "prefixItems"
        if schemas:
            out[keyword] = schemas

    def _map(self, place: _Place, keyword: str, held: Any, out: dict[str, Any]) -> None:
        if type(held) is not dict:
            raise BrokenKeywordError("is not a mapping of schemas")
        for key, item in held.items():
            name, entered = text(key), keyword
            if keyword == "dependencies":
                if type(item) is list:
                    out.setdefault("dependentRequired", {}).update(
                        constraint("dependentRequired", {name: item})["dependentRequired"]
                    )
                    continue
                entered = "dependentSchemas"
            if keyword == "patternProperties" and not rust_takes(name):
                self._tell(place, f"{keyword!r} has the pattern {name[:40]!r}, which cannot be held to names")
                out.setdefault(entered, {})[""] = True
                continue
            out.setdefault(entered, {})[name] = self._below(place, item)

    def _annotate(self, place: _Place, value: dict[str, Any], out: dict[str, Any]) -> None:
        hidden = _NAMELESS
        if type(value.get("properties")) is dict:
            hidden = self._groups.own_hidden(place.document, value)
        annotations = annotations_of(value, hidden)
        if annotations is not None:
            self.annotations[id(out)] = annotations


class _Place(NamedTuple):
    """Where a schema is rewritten."""

    definition: str
    document: Document
    exempt: frozenset[str]
    """Names that `required` may not ask for."""
    depth: int


def bundle_for(references: References, direction: Direction) -> Bundle:
    """Remembered by `references`."""
    bundle: Bundle | None = references.schema_memo.get(direction)
    if bundle is None:
        bundle = references.schema_memo[direction] = Bundle(references, direction)
    return bundle


def _nullable(out: dict[str, Any]) -> dict[str, Any]:
    if IN_PLACE.isdisjoint(out) and not {"const", "not", "$ref"} & out.keys():
        if "type" in out:
            types = out["type"] if type(out["type"]) is list else [out["type"]]
            out["type"] = types if "null" in types else [*types, "null"]
        if "enum" in out and None not in out["enum"]:
            out["enum"] = [*out["enum"], None]
        return out
    return {"anyOf": [out, {"type": "null"}]}


def _loosen(out: dict[str, Any], keyword: str) -> None:
    """What demands nothing below `not`, `if` and `oneOf` would demand the more above them."""
    if keyword in {"not", "if"}:
        del out[keyword]
    elif keyword == "oneOf":
        out.setdefault("anyOf", out.pop("oneOf"))


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number")
