"""Where references in a schema lead: JSON pointers, `$id`, anchors, and the drafts' own meta-schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from idemlint.openapi.member_order import own_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.json_schema.drafts import Dialect

Found: TypeAlias = "tuple[Any, str]"
"""A schema and the URI against which its references are read."""

# Below these, `$id` and its kind are data or names.
_DATA = frozenset(["default", "enum", "const", "examples", "example", "required"])
_SCHEMA_ARRAYS = frozenset(["allOf", "anyOf", "oneOf", "items", "prefixItems"])
_SCHEMA_MAPS = frozenset(["$defs", "definitions", "properties", "patternProperties", "dependencies"])
_KEEPS_BASE = frozenset(["properties", "patternProperties", "enum", "dependencies", "definitions"])
_MAX_HOPS = 200


class Resources:
    """What can be referred to, by absolute URI."""

    def __init__(self, root: Any, dialect: Dialect) -> None:
        self._root = root
        self._dialect = dialect
        own = root.get(dialect.id_keyword) if isinstance(root, dict) else None
        self.base = _normal(own) if isinstance(own, str) else ""
        self._known: dict[str, Found] | None = None

    def join(self, base: str, reference: str) -> str:
        """RFC 3986, section 5, without an empty fragment at the end."""
        reference = _normal(reference)
        if not base or not reference:
            return reference or base
        if reference.startswith("#"):
            return base.partition("#")[0] + reference
        from urllib.parse import urljoin

        if base.startswith("urn:"):
            return reference
        return urljoin(base, reference)

    def resolve(self, base: str, reference: str, hops: int = 0) -> Found | None:
        uri = self.join(base, reference)
        resource, _, fragment = uri.partition("#")
        start: Found | None
        if resource == self.base.partition("#")[0] and fragment.startswith("/"):
            start = (self._root, self.base)
        else:
            known = self._resources()
            exact = known.get(uri)
            if exact is not None:
                return exact
            start = known.get(resource) or self._meta_schema(resource)
            if start is not None and not fragment:
                return start
        if start is None or not fragment.startswith("/"):
            return None
        return self._point(start, fragment, hops)

    def _point(self, start: Found, fragment: str, hops: int) -> Found | None:
        """Along a JSON pointer (RFC 6901, section 6)."""
        schema, base = start
        if "%" in fragment:
            from urllib.parse import unquote

            fragment = unquote(fragment)
        for token in fragment[1:].split("/"):
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(schema, dict) and name in schema:
                schema = schema[name]
            elif isinstance(schema, list) and name.isdigit() and int(name) < len(schema):
                schema = schema[int(name)]
            else:
                return None
            own = schema.get(self._dialect.id_keyword) if isinstance(schema, dict) else None
            if isinstance(own, str) and own and token not in _KEEPS_BASE:
                base = self.join(base, own)
        if isinstance(schema, dict) and isinstance(schema.get("$ref"), str) and not self._says_more(schema):
            if hops > _MAX_HOPS:
                return None
            return self.resolve(base, schema["$ref"], hops + 1) or (schema, base)
        return schema, base

    def _says_more(self, schema: dict[str, Any]) -> bool:
        return any(name in self._dialect.keywords and name != "$ref" for name in schema)

    def _resources(self) -> dict[str, Found]:
        if self._known is None:
            self._known = self._collect(self._root, self.base)
        return self._known

    def _collect(self, root: Any, root_base: str) -> dict[str, Found]:
        """All schemas below that have a name of their own; the first of a name counts."""
        known: dict[str, Found] = {root_base: (root, root_base)}
        stack: list[Found] = [(root, root_base)]
        seen: set[int] = set()
        while stack:
            schema, base = stack.pop()
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            own = schema.get(self._dialect.id_keyword)
            if isinstance(own, str) and own and schema is not root:
                uri = self.join(base, own)
                base = base if own.startswith("#") else uri
                known.setdefault(uri, (schema, base))
            for keyword in ("$anchor", "$dynamicAnchor"):
                anchor = schema.get(keyword)
                if isinstance(anchor, str):
                    known.setdefault(self.join(base, "#" + anchor), (schema, base))
            stack.extend((child, base) for child in _below(schema))
        return known

    def _meta_schema(self, uri: str) -> Found | None:
        from idemlint.check.json_schema.meta_schemas import meta_schema

        if (
            uri in self._dialect.meta_schemas
            or uri.startswith(tuple(self._dialect.meta_schemas[:1]))
            or "/meta/" in uri
        ):
            schema = meta_schema(uri)
            if schema is not None:
                self._resources().update(self._collect(schema, uri))
                return schema, uri
        return None


def _below(schema: dict[str, Any]) -> Iterator[Any]:
    """What may be a schema with a name: ajv looks at members of unknown keywords, too, but not at lists in them."""
    for name in own_keys(schema):
        child = schema[name]
        if name in _DATA:
            continue
        if isinstance(child, list):
            if name in _SCHEMA_ARRAYS:
                yield from child
        elif isinstance(child, dict):
            yield child
            if name in _SCHEMA_MAPS:
                yield from child.values()


def _normal(uri: str) -> str:
    """Without an empty fragment."""
    if uri.endswith("#/"):
        return uri[:-2]
    return uri.removesuffix("#")
