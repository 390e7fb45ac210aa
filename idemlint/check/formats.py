"""Spectral's document formats: the names that `formats:` of a ruleset or rule lists, and what each looks for.

Every spelling that Spectral takes is known (`oas3.1`, `oas3_1`; `json-schema-2020-12`, `jsonSchemaDraft2020_12`), and
so are `asyncapi3` and `arazzo1`, which its own ruleset schema allows but then fails to find.
"""

from __future__ import annotations

import re

from idemlint.check.javascript import to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_DRAFT = r"https?://json-schema.org/(?:draft-0([467])|draft/(20(?:19-09|20-12)))/(?:hyper-)?schema#?"


def _major(member: str, major: int) -> Callable[[dict[str, Any]], bool]:
    """`parseInt(String(data[member])) === major`, as Spectral asks it of OpenAPI and Swagger."""
    return lambda data: (
        member in data
        and (found := re.match(r"\s*\+?0*([0-9]+)", to_text(data[member]), re.ASCII)) is not None
        and int(found[1]) == major
    )


def _version(member: str, pattern: str) -> Callable[[dict[str, Any]], bool]:
    return lambda data: member in data and re.fullmatch(pattern, to_text(data[member])) is not None


def _minor(member: str, major: int, minor: int) -> Callable[[dict[str, Any]], bool]:
    return _version(member, rf"{major}\.{minor}(?:\.[0-9]*)?")


def _async_minor(major: int, minor: int) -> Callable[[dict[str, Any]], bool]:
    """Spectral wants all three numbers of AsyncAPI's version."""
    return _version("asyncapi", rf"{major}\.{minor}\.(?:0|[1-9][0-9]*)")


def _json_schema(data: dict[str, Any]) -> bool:
    declared = data.get("$schema")
    return isinstance(declared, str) and "//json-schema.org/" in declared


def _json_schema_draft(draft: str) -> Callable[[dict[str, Any]], bool]:
    def matches_draft(data: dict[str, Any]) -> bool:
        found = re.fullmatch(_DRAFT, data["$schema"]) if _json_schema(data) else None
        return found is not None and (found[1] or found[2]) == draft

    return matches_draft


def _json_schema_loose(data: dict[str, Any]) -> bool:
    declared = data.get("type")
    if isinstance(declared, str):
        typed = declared in _TYPES
    else:
        typed = isinstance(declared, list) and all(isinstance(name, str) and name in _TYPES for name in declared)
    return (
        typed
        or _json_schema(data)
        or isinstance(data.get("enum"), list)
        or any(isinstance(data.get(keyword), dict | list) for keyword in ("allOf", "oneOf", "anyOf", "not", "if"))
    )


_FORMATS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "oas2": _major("swagger", 2),
    "oas3": _major("openapi", 3),
    "oas3_0": _minor("openapi", 3, 0),
    "oas3_1": _minor("openapi", 3, 1),
    "oas3_2": _minor("openapi", 3, 2),
    "aas2": _version("asyncapi", r"2\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)"),
    **{f"aas2_{minor}": _async_minor(2, minor) for minor in range(7)},
    "aas3": _version("asyncapi", r"3\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)"),
    **{f"aas3_{minor}": _async_minor(3, minor) for minor in range(2)},
    "arazzo1": _version("arazzo", r"1\.[0-9]+(?:\.[0-9]*)?"),
    "arazzo1_0": _minor("arazzo", 1, 0),
    "jsonSchema": _json_schema,
    "jsonSchemaLoose": _json_schema_loose,
    "jsonSchemaDraft4": _json_schema_draft("4"),
    "jsonSchemaDraft6": _json_schema_draft("6"),
    "jsonSchemaDraft7": _json_schema_draft("7"),
    "jsonSchemaDraft2019_09": _json_schema_draft("2019-09"),
    "jsonSchemaDraft2020_12": _json_schema_draft("2020-12"),
}
_FAMILIES = {"oas": "OpenAPI", "aas": "AsyncAPI", "arazzo": "Arazzo"}
_ALIASES = {
    "oas2_0": "oas2",
    "asyncapi2": "aas2",
    "asyncApi2": "aas2",
    "asyncapi3": "aas3",
    "jsonSchema2019_09": "jsonSchemaDraft2019_09",
    "jsonSchema2020_12": "jsonSchemaDraft2020_12",
}


def display_name(name: str) -> str:
    """How Spectral's messages call a format: `OpenAPI 3.1.x` for `oas3_1`."""
    family, _, minor = name.partition("_")
    if family == "oas2":
        return "OpenAPI 2.0 (Swagger)"
    product, major = _FAMILIES.get(family[:-1], ""), family[-1:]
    if product:
        return f"{product} {major}.{minor}.x" if minor else f"{product} {major}.x"
    if name.startswith("jsonSchemaDraft"):
        return f"JSON Schema Draft {name.removeprefix('jsonSchemaDraft').replace('_', '-')}"
    return "JSON Schema (loose)" if name == "jsonSchemaLoose" else "JSON Schema"


def names() -> list[str]:
    """The canonical names, sorted; enough for a "did you mean"."""
    return sorted(_FORMATS)


def canonical(name: str) -> str | None:
    """The one name of a format, however a ruleset spells it; None when there is no such format."""
    name = re.sub(r"\.|([0-9])-(?=[0-9])", lambda match: f"{match[1] or ''}_", name)
    name = re.sub(r"-([0-9a-z])", lambda match: match[1].upper(), name)
    name = _ALIASES.get(name, name)
    name = re.sub(r"^asyncapi(?=[23]_)", "aas", name)
    return name if name in _FORMATS else None


def matches(name: str, data: Any) -> bool:
    """Whether the root of a document is of that format. `KeyError` for an unknown name."""
    found = canonical(name)
    if found is None:
        raise KeyError(name)
    return isinstance(data, dict) and _FORMATS[found](data)
