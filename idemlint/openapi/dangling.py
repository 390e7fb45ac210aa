"""The references that lead nowhere, with their places.

The good case must be cheap: documents bring their references along without paths, and only what fails is looked for.
"""

from __future__ import annotations

from idemlint.openapi.pointers import has_scheme, split_reference
from idemlint.openapi.references import Node, ReferenceProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from typing import Any

    from idemlint.findings import Path
    from idemlint.openapi.document import Document
    from idemlint.openapi.references import References

_LITERAL = frozenset({"example", "enum", "const", "default", "value", "dataValue", "serializedValue"})
"""Keywords whose value is data of the API, in which `$ref` means nothing; the last three are an Example Object's."""
_NAMES = frozenset(
    {
        "$defs",
        "additionalOperations",
        "callbacks",
        "content",
        "definitions",
        "dependentSchemas",
        "encoding",
        "headers",
        "links",
        "mediaTypes",
        "parameters",
        "pathItems",
        "paths",
        "patternProperties",
        "properties",
        "requestBodies",
        "responses",
        "schemas",
        "securityDefinitions",
        "securitySchemes",
        "variables",
        "webhooks",
    }
)
"""Keywords whose value maps names that the author chose: a schema may be called `example`."""
_FREE_NAMES = frozenset({"properties", "patternProperties"})
"""Of these, the ones in which `$ref` may be such a name."""

_KEYWORDS, _NAMED, _FREELY_NAMED = range(3)
"""What the members of a mapping are: keywords; names; names of properties."""


def problems(references: References) -> list[ReferenceProblem]:
    """See `References.problems`. In the order of the documents' discovery and of the places in them."""
    found: list[ReferenceProblem] = []
    visited: set[int] = set()
    whole: set[int] = {id(references.root)}
    pending: list[Node] = [Node(references.root, (), references.root.data)]
    for node in pending:  # grows while it is walked
        document = node.document
        if node.path == ():
            failing = _check_document(references, document, visited, pending, whole)
            if failing:
                found.extend(
                    ReferenceProblem(document, (*path, "$ref"), references.reason(document, value["$ref"]))
                    for path, value in true_references(document)
                    if id(value) in failing
                )
        else:
            for path, value in true_references(document, node.path, node.value, visited):
                if not _reach(references, document, value["$ref"], pending, whole):
                    message = references.reason(document, value["$ref"])
                    found.append(ReferenceProblem(document, (*path, "$ref"), message))
    return found


def _check_document(
    references: References, document: Document, visited: set[int], pending: list[Node], whole: set[int]
) -> set[int]:
    """The identities of the document's references that fail, be they true ones or look-alikes in data."""
    fresh = [value for value in document.references if id(value) not in visited]
    visited.update(map(id, fresh))
    failing: set[str] = set()
    meant: set[str] | None = None
    members: dict[str, Container[str]] = {}
    for ref in dict.fromkeys([value["$ref"] for value in fresh]):
        head, _, name = ref.rpartition("/")
        if head not in members:
            members[head] = _members(references, document, head) if id(document) in whole else ()
        if name in members[head] and "~" not in name and "%" not in name:
            continue
        if ref[:1] != "#" and has_scheme(ref):
            # Never fetch what an example happens to hold.
            if meant is None:
                meant = {reference["$ref"] for _, reference in true_references(document)}
            if ref not in meant:
                continue
        if not _reach(references, document, ref, pending, whole):
            failing.add(ref)
    return {id(value) for value in fresh if value["$ref"] in failing} if failing else set()


def _members(references: References, document: Document, head: str) -> Container[str]:
    """The names in an object of the document itself: nearly every reference can be told to be good by them alone."""
    node = references.target(document, head) if head.startswith("#/") else None
    return node.value if node is not None and node.document is document and type(node.value) is dict else ()


def _reach(references: References, document: Document, ref: str, pending: list[Node], whole: set[int]) -> bool:
    """Whether the reference has a target; one in a document that is not checked as a whole is put on the list."""
    target = references.target(document, ref)
    if target is None:
        return False
    if target.document is not document and id(target.document) not in whole:
        if not target.path:
            whole.add(id(target.document))
        pending.append(target)
    elif id(target.document) not in whole and not split_reference(ref)[0]:
        pending.append(target)
    return True


def true_references(
    document: Document, path: Path = (), value: Any = None, visited: set[int] | None = None
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The references at and below a node, in the order of the document, without what only looks like one.

    That is a `$ref` in examples and other literal data, and a property of that name. A node that aliases repeat is visited
    once, at its first place. `path` and `value` say where to begin; `visited` holds what was walked before.
    """
    if visited is None:
        visited = set()
    if path == ():
        value = document.data
    swagger = type(document.data) is dict and "swagger" in document.data
    stack: list[tuple[Path, Any, int]] = [(path, value, _KEYWORDS)]
    while stack:
        here, node, kind = stack.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if type(node) is list:
            stack.extend(
                ((*here, index), item, kind)
                for index, item in reversed(list(enumerate(node)))
                if type(item) is dict or type(item) is list
            )
            continue
        if type(node) is not dict:  # a reference may lead to a text or a number
            continue
        if type(node.get("$ref")) is str and kind != _FREELY_NAMED:
            yield here, node
        stack.extend(
            ((*here, key), item, below)
            for key, item in reversed(node.items())
            if (type(item) is dict or type(item) is list)
            and (below := _kind_below(kind, key, item, swagger=swagger)) is not None
        )


def _kind_below(kind: int, key: str, item: Any, *, swagger: bool) -> int | None:
    """What the members of `item` are, which stands under `key`; None for literal data."""
    if kind != _KEYWORDS:
        return _KEYWORDS
    if key in _LITERAL:
        return None
    if key == "examples":
        # JSON Schema's list and Swagger's map by media type hold data, OpenAPI's map holds Example Objects.
        return None if swagger or type(item) is list else _NAMED
    if key in _FREE_NAMES:
        return _FREELY_NAMED
    return _NAMED if key in _NAMES and type(item) is dict else _KEYWORDS
