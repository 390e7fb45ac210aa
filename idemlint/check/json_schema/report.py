"""How Spectral's `schema` tells ajv's errors (@stoplight/better-ajv-errors 1.0.3): a tree, pruned, in sentences."""

from __future__ import annotations

import re

from idemlint.check.javascript import utf16_length
from idemlint.check.json_schema.errors import pointer
from idemlint.check.json_schema.values import json_text
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from idemlint.check.json_schema.errors import SchemaError


class Told(NamedTuple):
    """One error in words."""

    message: str
    pointer: str
    """Place below the target, as a JSON pointer."""
    path: tuple[str | int, ...]


class _Node:
    __slots__ = ("children", "errors")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.errors: list[SchemaError] = []


def tell(errors: Sequence[SchemaError], target: Any, target_path: Sequence[str | int]) -> list[Told]:
    """The errors worth telling. `target_path`: its last step names the target itself."""
    unmatched: dict[str, str] = {}
    for error in errors:
        if error.keyword in ("oneOf", "anyOf") and not error.params.get("passingSchemas"):
            unmatched[pointer(error.path)] = error.keyword
    if len(errors) == 1 and not errors[0].path:
        told = _sentences(errors, target, target_path)
    else:
        root = _tree(errors)
        _prune(root, None, "")
        told = _tell_node(root, target, target_path)
    return [one._replace(message=_finish(one, unmatched)) for one in told]


def _tree(errors: Iterable[SchemaError]) -> _Node:
    root = _Node()
    find_tokens = re.compile(r"/[\w$\-]+(?:/\d+)?", re.ASCII).findall
    for error in errors:
        text = pointer(error.path)
        # Tokens that the pattern does not take (`/~1payments`) are left out, and an error without any is dropped.
        tokens = find_tokens(text) if text else [""]
        node = root
        for token in tokens:
            node = node.children.setdefault(token, _Node())
        if tokens:
            node.errors.append(error)
    return root


def _prune(node: _Node, parent: _Node | None, key: str) -> None:
    if node.children and any(error.keyword == "anyOf" for error in node.errors):
        node.errors = []
    if parent is not None and node.errors and len(parent.children) > 1 and _all_enum(node.errors):
        parent.children.pop(key, None)
    for name, child in list(node.children.items()):
        _prune(child, node, name)


def _all_enum(errors: Sequence[SchemaError]) -> bool:
    return all(error.keyword == "enum" for error in errors)


def _tell_node(node: _Node, target: Any, target_path: Sequence[str | int]) -> list[Told]:
    told = _sentences(node.errors, target, target_path)
    if node.errors and _all_enum(node.errors):
        return told
    for child in node.children.values():
        told += _tell_node(child, target, target_path)
    return told


def _sentences(errors: Sequence[SchemaError], target: Any, target_path: Sequence[str | int]) -> list[Told]:
    if errors and _all_enum(errors):
        return [_enumeration(errors, target, target_path)]
    return [Told(_sentence(error, target, target_path), pointer(error.path), error.path) for error in errors]


def _sentence(error: SchemaError, target: Any, target_path: Sequence[str | int]) -> str:
    if error.keyword == "additionalProperties" and "additionalProperty" in error.params:
        return f'Property "{error.params["additionalProperty"]}" is not expected to be here'
    if error.keyword == "additionalProperties":
        return 'Property "undefined" is not expected to be here'
    if error.keyword == "errorMessage":
        return error.message
    message = error.message.replace("'", '"').replace("NOT", "not")
    name = _name(error.path, target_path)
    if error.keyword == "type":
        return f"Value type {message}" if name is None else f'"{name}" property type {message}'
    return f"{_subject(name, target)} {message}"


def _name(path: tuple[str | int, ...], target_path: Sequence[str | int]) -> str | None:
    if path:
        return pointer(path[-1:])[1:]
    return str(target_path[-1]) if target_path else None


def _subject(name: str | None, target: Any) -> str:
    if name is not None:
        return f'"{name}" property'
    if isinstance(target, str):
        return "String"
    if isinstance(target, bool):
        return "Boolean"
    return "Number" if isinstance(target, (int, float)) else "Object"


def _enumeration(errors: Sequence[SchemaError], target: Any, target_path: Sequence[str | int]) -> Told:
    values: dict[Any, Any] = {}
    for error in errors:
        for value in error.params["allowedValues"]:
            # Objects and arrays are told apart by identity, as in a JavaScript Set.
            key = ("object", id(value)) if isinstance(value, (dict, list)) else (type(value) is bool, value)
            values.setdefault(key, value)
    allowed = list(values.values())
    error = errors[0]
    listing = ", ".join([f'"{value}"' if isinstance(value, str) else json_text(value) for value in allowed])
    message = f"{_subject(_name(error.path, target_path), target)} {error.message}: {listing}"
    best = _nearest(allowed, _value_at(target, error.path))
    if best is not None:
        message += f'. Did you mean "{best}"?'
    return Told(message, pointer(error.path), error.path)


def _value_at(target: Any, path: tuple[str | int, ...]) -> Any:
    value: Any = target
    for step in path:
        if not isinstance(value, (dict, list)):
            return None
        members: Any = value
        value = members[step]
    return value


def _nearest(allowed: list[Any], value: Any) -> str | None:
    texts = [text for text in allowed if isinstance(text, str)]
    if not isinstance(value, str) or not texts:
        return None
    distances = [(_distance(text, value), i) for i, text in enumerate(texts)]
    weight, i = min(distances)
    return texts[i] if len(allowed) == 1 or weight < utf16_length(texts[i]) else None


def _distance(a: str, b: str) -> int:
    """Levenshtein's, over UTF-16 code units."""
    left, right = a.encode("utf-16-le", "surrogatepass"), b.encode("utf-16-le", "surrogatepass")
    rows = [left[i : i + 2] for i in range(0, len(left), 2)]
    columns = [right[i : i + 2] for i in range(0, len(right), 2)]
    if len(rows) * len(columns) > _MAX_CELLS:
        # Far longer than any allowed value: no neighbour, whatever the exact number.
        return max(len(rows), len(columns))
    previous = list(range(len(columns) + 1))
    for i, unit in enumerate(rows, 1):
        current = [i]
        for j, other in enumerate(columns, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (unit != other)))
        previous = current
    return previous[-1]


_MAX_CELLS = 250_000


def _finish(told: Told, unmatched: dict[str, str]) -> str:
    """Spectral's own touch: items are not "properties", and an unmatched combinator says so."""
    message = told.message
    index = told.pointer.rpartition("/")[2]
    if told.pointer and index.isascii() and index.isdigit():
        rest = message.removeprefix(f'"{index}" property type')
        if rest == message:
            rest = message.removeprefix(f'"{index}" property')
        if rest != message:
            message = f"Item at index {index}{rest}"
    keyword = unmatched.get(told.pointer)
    if keyword is not None and message.endswith(f" in {keyword}"):
        message += ". None of the schemas matched, see the other errors reported for this value"
    return message
