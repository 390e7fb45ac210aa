"""Schemas that hold for one value, flattened: what all of them together demand.

`allOf` and `$ref` are merged. Of `oneOf`, `anyOf` and `if` a branch must be picked; those still to be picked are
`choices`. A shape need not be exact, since every value is held to the schema itself: it only has to lead to one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.openapi.schema_annotations import MAPPED, MISSING, NAMED
from idemlint.openapi.schema_keywords import ECMA_PATTERN

if TYPE_CHECKING:
    from idemlint.openapi.schema_annotations import Annotations
    from idemlint.openapi.schema_bundle import Bundle, Schema

    Schemas = tuple[Schema, ...]
    Picks = dict[int, int]
    """Branch by choice; a choice goes by the identity of its schemas."""

_MOST_PARTS = 2_000
_LOWER = ("minLength", "minItems", "minProperties")
_UPPER = ("maxLength", "maxItems", "maxProperties")


class Choice:
    """Branches of which one is to hold."""

    __slots__ = ("branches", "key")

    def __init__(self, key: int, branches: list[Schemas]) -> None:
        self.key = key
        self.branches = branches


class Shape:
    """Schemas that hold for one value, flattened."""

    __slots__ = (
        "additional",
        "allowed",
        "choices",
        "constants",
        "contains",
        "default",
        "dependent",
        "dependent_schemas",
        "examples",
        "exclusive_high",
        "exclusive_low",
        "formats",
        "hidden",
        "high",
        "impossible",
        "items",
        "limits",
        "low",
        "multiples",
        "name_patterns",
        "names",
        "patterns",
        "prefix",
        "properties",
        "required",
        "told",
        "types",
        "unique",
    )

    def __init__(self) -> None:
        self.types: set[str] | None = None
        self.constants: list[Any] | None = None
        """Of `enum` and `const`."""
        self.examples: list[Any] = []
        self.default: list[Any] = []
        """The default, if there is one; or a discriminator's value by the name of the schema."""
        self.told: list[Any] = []
        """A discriminator's value by its mapping."""
        self.properties: dict[str, Schemas] = {}
        self.required: dict[str, None] = {}
        self.hidden: set[str] = set()
        """Members that do not travel in this direction."""
        self.allowed: set[str] | None = None
        """Where no other names may be there."""
        self.additional: Schemas = ()
        self.names: Schemas = ()
        """`propertyNames`."""
        self.name_patterns: list[tuple[str, Schema]] = []
        self.dependent: dict[str, list[str]] = {}
        self.dependent_schemas: dict[str, Schema] = {}
        self.items: Schemas = ()
        self.prefix: list[Schemas] = []
        self.contains: list[tuple[Schema, int]] = []
        self.unique = False
        self.limits: dict[str, int] = {}
        self.low: Any = None
        self.high: Any = None
        self.exclusive_low = False
        self.exclusive_high = False
        self.multiples: list[Any] = []
        self.patterns: list[str] = []
        self.formats: list[str] = []
        self.choices: list[Choice] = []
        self.impossible = False

    def kinds(self) -> list[str]:
        """Types that a value may have, the most telling first; guessed from the keywords where the schema names none."""
        if self.types is not None:
            order = ("object", "array", "string", "integer", "number", "boolean", "null")
            return [kind for kind in order if kind in self.types]
        if self.properties or self.required or self.name_patterns or "minProperties" in self.limits or self.allowed:
            return ["object"]
        if self.items or self.prefix or self.contains or "minItems" in self.limits:
            return ["array"]
        if self.low is not None or self.high is not None or self.multiples:
            return ["number"]
        if self.patterns or self.formats or "minLength" in self.limits or "maxLength" in self.limits:
            return ["string"]
        if self.additional:
            return ["object"]
        return ["string", "object", "array", "number", "boolean", "null"]


def flatten(bundle: Bundle, schemas: Schemas, picks: Picks) -> Shape:
    """The shape of the schemas with the branches of `picks`."""
    shape = Shape()
    pending = list(reversed(schemas))
    seen: set[int] = set()
    while pending:
        schema = pending.pop()
        if schema is False:
            shape.impossible = True
        if type(schema) is not dict or id(schema) in seen or len(seen) > _MOST_PARTS:
            continue
        seen.add(id(schema))
        _enter(shape, schema)
        annotations = bundle.annotations.get(id(schema))
        if annotations is not None:
            _annotate(shape, annotations)
        below: list[Any] = [bundle.target(schema)] if "$ref" in schema else []
        below += schema.get("allOf", ())
        for choice in _choices(schema, annotations):
            picked = picks.get(choice.key)
            if picked is None:
                shape.choices.append(choice)
            else:
                below += choice.branches[picked]
        below += [held for name, held in schema.get("dependentSchemas", {}).items() if name in shape.required]
        pending.extend(reversed(below))
    return shape


def _choices(schema: dict[str, Any], annotations: Annotations | None) -> list[Choice]:
    found = []
    for keyword in ("oneOf", "anyOf"):
        held = schema.get(keyword)
        if held:
            found.append(Choice(id(held), _branches(held, annotations)))
    if "if" in schema and ("then" in schema or "else" in schema):
        yes, no = schema.get("then", True), schema.get("else", True)
        found.append(Choice(id(schema["if"]), [(no,), (schema["if"], yes)]))
    return found


def _branches(held: list[Schema], annotations: Annotations | None) -> list[Schemas]:
    """With what the discriminator tells of each."""
    told = annotations.discriminator if annotations is not None else ()
    if len(told) != len(held):
        return [(branch,) for branch in held]
    return list(zip(held, told, strict=True))


def _annotate(shape: Shape, annotations: Annotations) -> None:
    shape.examples += annotations.examples
    if annotations.default is not MISSING:
        shape.default.append(annotations.default)
    shape.hidden |= annotations.hidden
    if annotations.format:
        shape.formats.append(annotations.format)


def _enter(shape: Shape, schema: dict[str, Any]) -> None:
    _enter_values(shape, schema)
    _enter_limits(shape, schema)
    if "properties" in schema:
        for name, held in schema["properties"].items():
            shape.properties[name] = (*shape.properties.get(name, ()), held)
    shape.required.update(dict.fromkeys(schema.get("required", ())))
    shape.name_patterns += schema.get("patternProperties", {}).items()
    shape.dependent.update(schema.get("dependentRequired", {}))
    shape.dependent_schemas.update(schema.get("dependentSchemas", {}))
    if "propertyNames" in schema:
        shape.names = (*shape.names, schema["propertyNames"])
    additional = schema.get("additionalProperties", schema.get("unevaluatedProperties"))
    if additional is False:
        if "additionalProperties" in schema and "patternProperties" not in schema:
            own = set(schema.get("properties", ()))
            shape.allowed = own if shape.allowed is None else shape.allowed & own
    elif additional is not None:
        shape.additional = (*shape.additional, additional)
    if "items" in schema:
        shape.items = (*shape.items, schema["items"])
    for at, held in enumerate(schema.get("prefixItems", ())):
        if at == len(shape.prefix):
            shape.prefix.append(())
        shape.prefix[at] = (*shape.prefix[at], held)
    if "contains" in schema:
        shape.contains.append((schema["contains"], schema.get("minContains", 1)))
    shape.unique = shape.unique or schema.get("uniqueItems", False)


def _enter_values(shape: Shape, schema: dict[str, Any]) -> None:
    held = schema.get("type")
    if held is not None:
        types = {held} if type(held) is str else set(held)
        if "number" in types:
            types.add("integer")
        shape.types = types if shape.types is None else shape.types & types
    for constants in (schema.get("enum"), [schema["const"]] if "const" in schema else None):
        if constants is not None:
            known = shape.constants
            shape.constants = constants if known is None else [one for one in known if one in constants]
    if MAPPED in schema:
        shape.told.insert(0, schema[MAPPED])
    if NAMED in schema:
        shape.default.append(schema[NAMED])
    for keyword in ("pattern", ECMA_PATTERN):
        if keyword in schema:
            shape.patterns.append(schema[keyword])


def _enter_limits(shape: Shape, schema: dict[str, Any]) -> None:
    for keyword in _LOWER:
        if keyword in schema:
            shape.limits[keyword] = max(shape.limits.get(keyword, 0), schema[keyword])
    for keyword in _UPPER:
        if keyword in schema:
            shape.limits[keyword] = min(shape.limits.get(keyword, schema[keyword]), schema[keyword])
    if "multipleOf" in schema:
        shape.multiples.append(schema["multipleOf"])
    for keyword, exclusive in (("minimum", False), ("exclusiveMinimum", True)):
        held = schema.get(keyword)
        if held is not None and (shape.low is None or held > shape.low or (held == shape.low and exclusive)):
            shape.low, shape.exclusive_low = held, exclusive
    for keyword, exclusive in (("maximum", False), ("exclusiveMaximum", True)):
        held = schema.get(keyword)
        if held is not None and (shape.high is None or held < shape.high or (held == shape.high and exclusive)):
            shape.high, shape.exclusive_high = held, exclusive
