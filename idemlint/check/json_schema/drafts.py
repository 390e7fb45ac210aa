"""The dialects: which keywords there are, in the order in which ajv looks at them.

ajv groups keywords by the type of instance they speak about (none, number, string, array, object, then those that come
last) and, within a group, by the order in which its vocabularies register them. Source: ajv 8's vocabularies as
@stoplight/spectral-functions 1.11 configures them; established by reading and by differential test.
"""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIALECTS = ("draft4", "draft6", "draft7", "draft2019-09", "draft2020-12")

_UNTYPED = (
    "$ref $comment type nullable const enum not anyOf oneOf allOf if then else".split()  # noqa: SIM905 - reads better
)
_DYNAMIC = ["$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"]
_NUMBER = ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf", "format"]
_STRING = [
    "maxLength",
    "minLength",
    "pattern",
    "format",
    "formatMaximum",
    "formatMinimum",
    "formatExclusiveMaximum",
    "formatExclusiveMinimum",
]
_ARRAY = ["maxItems", "minItems", "additionalItems", "items", "contains", "uniqueItems"]
_OBJECT = [
    "maxProperties",
    "minProperties",
    "required",
    "propertyNames",
    "additionalProperties",
    "dependencies",
    "properties",
    "patternProperties",
]

# Module of this package that knows the keyword; those not named here have no code of their own.
_MODULES = {
    "const": "scalars",
    "enum": "scalars",
    "maximum": "scalars",
    "minimum": "scalars",
    "exclusiveMaximum": "scalars",
    "exclusiveMinimum": "scalars",
    "multipleOf": "scalars",
    "maxLength": "scalars",
    "minLength": "scalars",
    "pattern": "scalars",
    "maxItems": "arrays",
    "minItems": "arrays",
    "additionalItems": "arrays",
    "prefixItems": "arrays",
    "items": "arrays",
    "contains": "arrays",
    "uniqueItems": "arrays",
    "unevaluatedItems": "arrays",
    "maxProperties": "objects",
    "minProperties": "objects",
    "required": "objects",
    "propertyNames": "objects",
    "additionalProperties": "objects",
    "dependencies": "dependencies",
    "dependentRequired": "dependencies",
    "dependentSchemas": "dependencies",
    "properties": "objects",
    "patternProperties": "objects",
    "unevaluatedProperties": "objects",
    "not": "logic",
    "anyOf": "logic",
    "oneOf": "logic",
    "allOf": "logic",
    "if": "logic",
    "$ref": "references",
    "$dynamicAnchor": "references",
    "$dynamicRef": "references",
    "$recursiveAnchor": "references",
    "$recursiveRef": "references",
    "id": "references",
    "format": "formats",
    "formatMaximum": "formats",
    "formatMinimum": "formats",
    "formatExclusiveMaximum": "formats",
    "formatExclusiveMinimum": "formats",
    "errorMessage": "error_message",
}


class Dialect(NamedTuple):
    """What a draft means to the compiler."""

    name: str
    id_keyword: str
    groups: tuple[tuple[str, list[str]], ...]
    """Type of instance ("" for any) and the keywords that speak about it, in order."""
    keywords: frozenset[str]
    """Those that make a schema say something; `{"title": "x"}` says nothing."""
    unevaluated: bool
    """2019-09 and later: `unevaluated…`, `minContains`, dynamic references."""
    meta_schemas: tuple[str, ...]
    """What `$schema` may say."""


_dialects: dict[tuple[str, bool], Dialect] = {}


def dialect_named(name: str, *, all_errors: bool) -> Dialect:
    """The dialect; one that is not known counts as draft 7. `errorMessage` is a keyword only with `all_errors`."""
    known = _dialects.get((name, all_errors))
    if known is None:
        known = _dialects[name, all_errors] = _build(name, all_errors=all_errors)
    return known


def _build(name: str, *, all_errors: bool) -> Dialect:
    array, objects, untyped = _ARRAY, _OBJECT, _UNTYPED
    recent = name in ("draft2019-09", "draft2020-12")
    if name == "draft2020-12":
        array = ["maxItems", "minItems", "prefixItems", "items", "contains", "uniqueItems"]
    if recent:
        array = [*array, "maxContains", "minContains", "unevaluatedItems"]
        objects = [*objects, "dependentRequired", "dependentSchemas", "unevaluatedProperties"]
        untyped = [*_DYNAMIC, "id", *untyped]
    elif name != "draft4":
        untyped = ["id", *untyped]
    groups = [("", untyped), ("number", _NUMBER), ("string", _STRING), ("array", array), ("object", objects)]
    if all_errors:
        groups.append(("", ["errorMessage"]))
    return Dialect(
        name,
        "id" if name == "draft4" else "$id",
        tuple(groups),
        frozenset([keyword for _, group in groups for keyword in group]),
        recent,
        _META_SCHEMAS.get(name, _META_SCHEMAS["draft7"]),
    )


_META_SCHEMAS = {
    "draft4": ("http://json-schema.org/draft-04/schema", "http://json-schema.org/schema"),
    "draft7": (
        "http://json-schema.org/draft-07/schema",
        "http://json-schema.org/draft-06/schema",
        "http://json-schema.org/draft-04/schema",
        "http://json-schema.org/schema",
    ),
    "draft2019-09": ("https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/schema"),
    "draft2020-12": ("https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/schema"),
}


def keyword_module(keyword: str) -> str | None:
    return _MODULES.get(keyword)


def dialect_of(meta_schema: Any) -> str | None:
    """The dialect whose meta-schema has this URI, as Spectral's `auto` detects it."""
    if not isinstance(meta_schema, str):
        return None
    for scheme in ("http://", "https://"):
        rest = meta_schema.removeprefix(scheme + "json-schema.org/")
        if rest != meta_schema:
            break
    else:
        return None
    rest = rest.removesuffix("#")
    return {
        "draft-04/schema": "draft4",
        "draft-04/hyper-schema": "draft4",
        "draft-06/schema": "draft6",
        "draft-06/hyper-schema": "draft6",
        "draft-07/schema": "draft7",
        "draft-07/hyper-schema": "draft7",
        "draft/2019-09/schema": "draft2019-09",
        "draft/2019-09/hyper-schema": "draft2019-09",
        "draft/2020-12/schema": "draft2020-12",
        "draft/2020-12/hyper-schema": "draft2020-12",
    }.get(rest)
