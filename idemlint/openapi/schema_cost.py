"""Whether a schema can be held to a value in reasonable time and on the machine's stack.

`allOf` of two, of two, of two... doubles the work with each line of a hostile document, and a long chain of references
takes a frame for each. Told from the schemas that look at one and the same value; a circle counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.openapi.schema_keywords import IN_PLACE, SUBSCHEMA, SUBSCHEMA_LISTS, SUBSCHEMA_MAPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.openapi.schema_bundle import Schema

LONGEST_CHAIN = 100
MOST_BRANCHES = 20_000
_TOO_MANY = MOST_BRANCHES + 1
_LOOKING = ("$ref", "not", *sorted(IN_PLACE))


class Costs:
    """Weights of schemas, remembered by identity; the schemas must outlive it."""

    __slots__ = ("_checked", "_weights")

    def __init__(self) -> None:
        self._weights: dict[int, int] = {}
        self._checked: set[int] = set()

    def problem(self, root: dict[str, Any]) -> str:
        """Why a schema with its `$defs` is beyond reach; empty if it is not."""
        definitions: dict[str, Schema] = root.get("$defs", {})
        for schema in (root, *definitions.values()):
            if id(schema) in self._checked:
                continue
            for part in subschemas(schema):
                if self._weight(part, definitions, 0) > MOST_BRANCHES:
                    return f"more than {MOST_BRANCHES} schemas, or a chain of {LONGEST_CHAIN}, look at one value"
            if schema is not root:
                self._checked.add(id(schema))
        return ""

    def _weight(self, part: Any, definitions: dict[str, Schema], depth: int) -> int:
        if type(part) is not dict:
            return 0
        known = self._weights.get(id(part))
        if known is not None:
            return known
        if depth > LONGEST_CHAIN:
            return _TOO_MANY
        self._weights[id(part)] = 0
        total = 1
        for keyword in _LOOKING:
            held = part.get(keyword)
            if held is None:
                continue
            if keyword == "$ref":
                held = definitions.get(held.rpartition("/")[2])
            total += sum(
                self._weight(item, definitions, depth + 1) for item in (held if type(held) is list else (held,))
            )
        total = self._weights[id(part)] = min(total, _TOO_MANY)
        return total


def subschemas(schema: Schema) -> Iterator[dict[str, Any]]:
    """The schema and all below it that are mappings; `$ref` is not followed."""
    pending: list[Any] = [schema]
    while pending:
        part = pending.pop()
        if type(part) is not dict:
            continue
        yield part
        for keyword, held in part.items():
            if keyword in SUBSCHEMA:
                pending.append(held)
            elif keyword in SUBSCHEMA_LISTS:
                pending.extend(held)
            elif keyword in SUBSCHEMA_MAPS:
                pending.extend(held.values())
