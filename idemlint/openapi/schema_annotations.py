"""What a schema says besides what it demands: examples, defaults, formats, the value of a discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from idemlint.openapi.schema_keywords import text

if TYPE_CHECKING:
    from idemlint.openapi.schema_bundle import Schema

MISSING: Any = type("Missing", (), {"__repr__": lambda _self: "MISSING", "__bool__": lambda _self: False})()
"""Where null is a value, and there is none."""
MAPPED = "idemlint-mapped"
"""The value of a discriminator's property that its `mapping` gives."""
NAMED = "idemlint-named"
"""The one that follows from the name of the schema, which fewer servers take."""


class Annotations(NamedTuple):
    """What a schema says besides what it demands."""

    examples: tuple[Any, ...]
    """`example`, then `examples` (a list)."""
    default: Any
    format: str
    """Any, whether values are held to it or not; `byte` for `contentEncoding: base64`."""
    hidden: frozenset[str]
    """Own properties that do not travel in this direction."""
    discriminator: tuple[Schema, ...]
    """For each branch of `oneOf` or `anyOf` what the discriminator says of its property, under `MAPPED` or `NAMED`."""


def annotations_of(value: dict[str, Any], hidden: frozenset[str]) -> Annotations | None:
    """Of a schema as it stands in the document; None if it says nothing of interest."""
    examples = [value[keyword] for keyword in ("example", "x-example") if keyword in value]
    if type(value.get("examples")) is list:
        examples += value["examples"]
    named = value.get("format", "byte" if value.get("contentEncoding") == "base64" else "")
    discriminator = _told(value)
    if not (examples or hidden or discriminator or named or "default" in value):
        return None
    return Annotations(
        tuple(examples),
        value.get("default", MISSING),
        named if type(named) is str else "",
        hidden,
        discriminator,
    )


def _told(value: dict[str, Any]) -> tuple[Schema, ...]:
    held = value.get("discriminator")
    branches = value.get("oneOf") or value.get("anyOf")
    if type(held) is not dict or type(name := held.get("propertyName")) is not str or type(branches) is not list:
        return ()
    mapping = held.get("mapping")
    named = {ref: key for key, ref in mapping.items() if type(ref) is str} if type(mapping) is dict else {}
    told: list[Schema] = []
    for branch in branches:
        ref = branch.get("$ref") if type(branch) is dict else None
        if type(ref) is not str:
            told.append(True)
            continue
        last = ref.rpartition("/")[2]
        mapped = named.get(ref, named.get(last))
        member = {"type": "string", MAPPED: mapped} if mapped else {"type": "string", NAMED: last}
        told.append({"properties": {text(name): member}})
    return tuple(told)
