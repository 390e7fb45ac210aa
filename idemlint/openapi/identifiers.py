"""Names that documents and schemas give themselves: `$self`, `$id`, `$anchor`.

OpenAPI 3.2.0, section 4.1.2 (`$self`); JSON Schema 2020-12, section 8.2. Looked at when a reference was not found as file
or pointer. Simplified in that an `$id` is matched as it is written, or as it reads against the nearest `$id` or `$self`
above it, without regard to where the reference stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.openapi.pointers import has_scheme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.findings import Path
    from idemlint.openapi.document import Document
    from idemlint.openapi.references import Node


class Identifiers:
    """An index by name over the documents that are loaded so far."""

    __slots__ = ("_documents", "_indexed")

    def __init__(self, documents: dict[str, Document]) -> None:
        self._documents = documents
        self._indexed: dict[str, tuple[dict[str, Node], dict[str, Node]]] = {}

    def document(self, uri: str) -> Document | None:
        """The loaded document whose `$self` is `uri`."""
        for document in self._documents.values():
            data = document.data
            if type(data) is dict and (data.get("$self") == uri or data.get("$id") == uri):
                return document
        return None

    def anchor(self, document: Document, name: str) -> Node | None:
        return self._index(document)[0].get(name)

    def schema(self, uri: str) -> Node | None:
        """The schema whose `$id` is `uri`, in any loaded document."""
        for document in list(self._documents.values()):
            node = self._index(document)[1].get(uri)
            if node is not None:
                return node
        return None

    def _index(self, document: Document) -> tuple[dict[str, Node], dict[str, Node]]:
        known = self._indexed.get(document.source)
        if known is None:
            known = self._indexed[document.source] = _collect(document)
        return known


def _collect(document: Document) -> tuple[dict[str, Node], dict[str, Node]]:
    from idemlint.openapi.references import Node

    anchors: dict[str, Node] = {}
    schemas: dict[str, Node] = {}
    if not any(word in document.text for word in ("$anchor", "$id", "$dynamicAnchor")):
        return anchors, schemas
    own = document.data.get("$self") if type(document.data) is dict else None
    seen: set[int] = set()
    pending: list[tuple[Path, Any, str]] = (
        [((), document.data, own if type(own) is str else "")] if type(document.data) in (dict, list) else []
    )
    while pending:
        path, value, base = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        items: Iterable[tuple[str | int, Any]] = enumerate(value) if type(value) is list else value.items()
        if type(value) is dict:
            base = _name(Node(document, path, value), base, anchors, schemas)
        pending.extend(((*path, step), item, base) for step, item in items if type(item) is dict or type(item) is list)
    return anchors, schemas


def _name(node: Node, base: str, anchors: dict[str, Node], schemas: dict[str, Node]) -> str:
    """Enters a mapping under the names that it gives itself; the base URI that holds inside it."""
    for keyword in ("$anchor", "$dynamicAnchor"):
        if type(name := node.value.get(keyword)) is str:
            anchors.setdefault(name, node)
    identifier = node.value.get("$id")
    if type(identifier) is not str:
        return base
    if identifier.startswith("#"):
        # How drafts 6 and 7 wrote an anchor.
        anchors.setdefault(identifier[1:], node)
        return base
    schemas.setdefault(identifier.rstrip("#"), node)
    if base and not has_scheme(identifier):
        from urllib.parse import urljoin

        try:
            identifier = urljoin(base, identifier)
        except ValueError:
            return base
        schemas.setdefault(identifier, node)
    return identifier
