"""The examples that a document gives for its responses and headers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from idemlint.mock.media_types import essence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.mock.shapes import Shape
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References


def response_examples(operation: Operation, response: Node, media_type: str, name: str) -> Iterator[Any]:
    """The examples that the document gives for a response; with `name`, the entry of that name comes first."""
    references = operation.references
    content = references.child(response, "content")
    media = references.child(content, media_type) if content is not None else None
    if media is not None and isinstance(media.value, dict):
        yield from given_examples(media, references, name)
    older = references.child(response, "examples")
    if media is None and older is not None and isinstance(older.value, dict):  # Swagger 2.0
        wanted = essence(media_type)
        for key, value in older.value.items():
            if essence(str(key)) == wanted or wanted == "*/*":
                yield value


def has_example(operation: Operation, response: Node, media_type: str, name: str) -> bool:
    """Whether a response has an example of that name."""
    references = operation.references
    content = references.child(response, "content")
    media = references.child(content, media_type) if content is not None else None
    examples = references.child(media, "examples") if media is not None else None
    return examples is not None and isinstance(examples.value, dict) and name in examples.value


def given_examples(node: Node, references: References | None = None, name: str = "") -> Iterator[Any]:
    """`example` and `examples` of a media type object or a header."""
    value = node.value
    examples = value.get("examples")
    entries: list[Any] = []
    if isinstance(examples, dict):
        names = sorted(examples, key=lambda key: key != name) if name else list(examples)
        entries = [examples[key] for key in names]
        if name and name not in examples and "example" in value:
            entries = []
    if "example" in value and not (name and entries):
        yield value["example"]
    for entry in entries:
        held = entry
        if references is not None and isinstance(entry, dict):
            _, held = references.follow(node.document, entry)
        if isinstance(held, dict):
            for member in ("dataValue", "value", "serializedValue"):
                if member in held:
                    yield held[member]
                    break


def unpacked(text: str, shape: Shape) -> Any:
    """An example that is a JSON text within a string, as many documents have it."""
    if shape.schema is not None and shape.is_valid(text):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
