"""A request's body as a value: JSON, a form, or the fields of a multipart form.

Forms carry texts. Which of them are numbers, which members belong to one object (`card[number]`, as PHP, Rails and
Stripe write it), and which make an array (`items[]`, `items[0]`) is told by the schema.
"""

from __future__ import annotations

from email import policy as mail_policy
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from idemlint.mock.media_types import FORM, MULTIPART, essence, is_json
from idemlint.mock.messages import NOT_JSON
from idemlint.openapi.validation import coerce

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.mock.messages import Request
    from idemlint.openapi.references import Node, References

NOT_READABLE: Final = object()
"""What `body_value` gives for a body that is not of the form that its media type asks for."""
OPAQUE: Final = object()
"""... and for one whose media type is not read at all: a picture, XML, plain text."""
_MAX_FIELDS: Final = 10_000
_DEEPEST: Final = 32
_BRANCHES: Final = ("allOf", "anyOf", "oneOf")


def body_value(request: Request, media_type: str, references: References, schema: Node | None) -> Any:
    """The value of a body of that media type (`essence`d or not)."""
    if is_json(media_type):
        value = request.json()
        return NOT_READABLE if value is NOT_JSON else value
    name = essence(media_type)
    if name == FORM:
        pairs = form_pairs(request)
        return NOT_READABLE if pairs is None else nested(pairs, references, schema)
    if name == MULTIPART:
        pairs = form_pairs(request)
        return NOT_READABLE if pairs is None else nested(pairs, references, schema)
    return OPAQUE


def is_deep(request: Request, levels: int) -> bool:
    """Whether the body is JSON with more containers within containers than that; told without recursion."""
    value = request.json()
    level = [value]
    for _ in range(levels):
        level = [
            item
            for container in level
            if isinstance(container, dict | list)
            for item in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def form_pairs(request: Request) -> list[tuple[str, str]] | None:
    """Names and texts of a form of either kind; None if it is not well formed."""
    content_type = request.header("content-type") or FORM
    if essence(content_type) == MULTIPART:
        return _multipart(content_type, request.body)
    try:
        text = request.body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return None


def nested(pairs: Iterable[tuple[str, str]], references: References, schema: Node | None) -> dict[str, Any]:
    """The object that the pairs spell."""
    tree: dict[str, Any] = {}
    for name, text in pairs:
        place: Any = tree
        steps = _steps(name)
        for step in steps[:-1]:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        last = steps[-1]
        if last in place and isinstance(place[last], list):
            place[last].append(text)
        else:
            place[last] = [text]
    value = _typed(tree, references, schema, 0)
    return value if isinstance(value, dict) else {}


def _steps(name: str) -> list[str]:
    """`card[number]` is card, number; `items[]` is items and an empty step."""
    head, bracket, rest = name.partition("[")
    if not bracket or not head or not rest.endswith("]"):
        return [name]
    steps = [head, *rest[:-1].split("][")]
    return steps if len(steps) <= _DEEPEST else [name]


def _typed(value: Any, references: References, schema: Node | None, depth: int) -> Any:
    if isinstance(value, dict):
        if value and all(key == "" or key.isdigit() for key in value):
            items = _inside(references, schema, "items", None, depth)
            if items is not None or "" in value:
                return [
                    item
                    for member in value.values()
                    for item in _each(_typed(member, references, items, depth + 1), member)
                ]
        return {
            key: _typed(member, references, _inside(references, schema, "properties", key, depth), depth + 1)
            for key, member in value.items()
        }
    items = _inside(references, schema, "items", None, depth)
    if items is not None and "" not in value:
        return [_scalar(text, references, items) for text in value]
    return (
        _scalar(value[-1], references, schema)
        if len(value) == 1
        else [_scalar(text, references, schema) for text in value]
    )


def _each(typed: Any, source: Any) -> list[Any]:
    return typed if isinstance(source, list) and isinstance(typed, list) else [typed]


def _scalar(text: str, references: References, schema: Node | None) -> Any:
    if schema is None:
        return text
    return coerce(text, references.materialize(schema.document, schema.value))


def _inside(references: References, schema: Node | None, keyword: str, key: str | None, depth: int) -> Node | None:
    """The schema of a member or of the items, in the schema itself or a branch of it."""
    if schema is None or depth > _DEEPEST:
        return None
    found = references.child(schema, keyword)
    if found is not None and key is not None:
        found = references.child(found, key)
    if found is not None:
        return found
    for branch in _BRANCHES:
        listed = references.child(schema, branch)
        for index in range(len(listed.value) if listed is not None and isinstance(listed.value, list) else 0):
            part = references.child(listed, index) if listed is not None else None
            found = _inside(references, part, keyword, key, depth + 8)
            if found is not None:
                return found
    return None


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]] | None:
    """RFC 7578. Files count as texts: the mock looks at no bytes of theirs."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=mail_policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        return None
    pairs: list[tuple[str, str]] = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and len(pairs) < _MAX_FIELDS:
            content = part.get_payload(decode=True)
            pairs.append((name, content.decode("utf-8", "replace") if isinstance(content, bytes) else ""))
    return pairs
