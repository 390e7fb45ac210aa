"""Which schemas look at one value together, and which of its members they hide or require.

`readOnly` and `required` need not stand in the same schema: `allOf` puts them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from idemlint.openapi.schema_keywords import IN_PLACE, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.openapi.document import Document
    from idemlint.openapi.references import References

Direction: TypeAlias = Literal["request", "response"]
_MOST_PARTS = 300
"""Schemas of one group; beyond, a hostile document would take time that grows with its square."""


class Groups:
    """Answers about schemas as they stand in the document, remembered by their identity."""

    __slots__ = ("_direction", "_hidden_by", "_references", "_required_by", "_siblings")

    def __init__(self, references: References, direction: Direction, *, siblings: bool) -> None:
        self._references = references
        self._direction: Direction = direction
        self._siblings = siblings
        self._hidden_by: dict[int, frozenset[str]] = {}
        self._required_by: dict[int, frozenset[str]] = {}

    def own_hidden(self, document: Document, value: dict[str, Any]) -> frozenset[str]:
        """Own properties that are `readOnly` in a request, `writeOnly` in a response."""
        keyword = "readOnly" if self._direction == "request" else "writeOnly"
        found = set()
        for name, item in value["properties"].items():
            if type(item) is dict:
                if self._siblings and item.get(keyword) is True:
                    found.add(text(name))
                    continue
                end = self._references.follow(document, item)[1]
                if type(end) is dict and end.get(keyword) is True:
                    found.add(text(name))
        return frozenset(found)

    def hidden(self, document: Document, value: dict[str, Any]) -> frozenset[str]:
        """Those of the schema and of all that `allOf` and `$ref` add to it."""
        known = self._hidden_by.get(id(value))
        if known is None:
            found: set[str] = set()
            for here, part in self._group(document, value, ("allOf",)):
                if type(part.get("properties")) is dict:
                    found |= self.own_hidden(here, part)
            known = self._hidden_by[id(value)] = frozenset(found)
        return known

    def required(self, document: Document, value: Any) -> frozenset[str]:
        """All names that the schema requires, under whatever condition, of the very value that it looks at."""
        known = self._required_by.get(id(value))
        if known is None:
            found: set[str] = set()
            for _, part in self._group(document, value, tuple(IN_PLACE)):
                if type(part.get("required")) is list:
                    found.update(name for name in part["required"] if type(name) is str)
            known = self._required_by[id(value)] = frozenset(found)
        return known

    def _group(self, document: Document, value: Any, keywords: tuple[str, ...]) -> Iterator[tuple[Document, Any]]:
        """The schema and those that the keywords apply to the same value, each once."""
        pending = [(document, value)]
        seen: set[int] = set()
        while pending and len(seen) < _MOST_PARTS:
            here, part = pending.pop()
            if type(part) is not dict or id(part) in seen:
                continue
            seen.add(id(part))
            if type(ref := part.get("$ref")) is str:
                target = self._references.target(here, ref)
                if target is not None:
                    pending.append((target.document, target.value))
                if not self._siblings:
                    continue
            yield here, part
            for keyword in keywords:
                held = part.get(keyword)
                pending.extend((here, item) for item in (held if type(held) is list else (held,)))
