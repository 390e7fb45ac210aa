"""Which members a meta-schema gives a mapping, whatever condition it ties them to."""

from __future__ import annotations

from typing import Any, Final

from idemlint.named_tuple import NamedTuple

_MAX_SCHEMAS: Final = 200


class Members(NamedTuple):
    """Names, and ECMA-262 patterns of names."""

    names: frozenset[str]
    patterns: tuple[str, ...]

    def have(self, name: str) -> bool:
        """Whether some part of the schema speaks of a member of that name."""
        import re

        return name in self.names or any(re.search(pattern, name) for pattern in self.patterns)


def members_of(schema: Any, root: dict[str, Any]) -> Members:
    """The members in `schema` and in all that it is composed of; local `$ref`s are followed in `root`."""
    names: set[str] = set()
    patterns: dict[str, None] = {}
    waiting, seen = [schema], 0
    while waiting and seen < _MAX_SCHEMAS:
        part = waiting.pop()
        seen += 1
        if not isinstance(part, dict):
            continue
        names.update(part.get("properties", ()))
        patterns.update(dict.fromkeys(part.get("patternProperties", ())))
        for keyword in ("allOf", "anyOf", "oneOf"):
            waiting += part.get(keyword, ())
        waiting += part.get("dependentSchemas", {}).values()
        waiting += (part[keyword] for keyword in ("if", "then", "else") if keyword in part)
        if isinstance(reference := part.get("$ref"), str) and reference.startswith("#/"):
            waiting.append(_at(root, reference))
    return Members(frozenset(names), tuple(patterns))


def _at(root: dict[str, Any], reference: str) -> Any:
    node: Any = root
    for step in reference[2:].split("/"):
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node
