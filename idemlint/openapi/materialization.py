"""The deep form of a value: references replaced, shared, circles left as they are."""

from __future__ import annotations

from idemlint.openapi.member_order import own_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.openapi.document import Document
    from idemlint.openapi.references import References


_SMALL = 100
"""Mappings and sequences."""


def materialize(references: References, document: Document, value: Any, done: dict[int, Any]) -> Any:
    """See `References.materialize`. `done` maps the identity of a node to its deep form, and is filled on the way.

    Post-order with a stack of its own: a node is built when all below it is.
    """
    if _is_its_own(value):
        done[id(value)] = value
        return value
    references.cycles.explore(document, value)
    opened: set[int] = set()
    stack: list[tuple[Document, Any]] = [(document, value)]
    while stack:
        here, node = stack[-1]
        identity = id(node)
        if identity in done:
            stack.pop()
            continue
        target = None
        if type(node) is dict and type(ref := node.get("$ref")) is str:
            target = references.target(here, ref)
        if target is not None:
            below = target.value
            if type(below) is not dict and type(below) is not list:
                done[identity] = below
            elif id(below) in done and not references.cycles.same(here, node, target):
                done[identity] = done[id(below)]
            elif identity in opened or references.cycles.same(here, node, target):
                done[identity] = node
            else:
                opened.add(identity)
                stack.append((target.document, below))
            continue
        items = node.values() if type(node) is dict else node
        if identity not in opened:
            opened.add(identity)
            waiting = [
                (here, item)
                for item in items
                if (type(item) is dict or type(item) is list) and id(item) not in done and id(item) not in opened
            ]
            if waiting:
                stack.extend(waiting)
                continue
        done[identity] = _rebuild(node, done)
        stack.pop()
    return done[id(value)]


def _is_its_own(value: Any) -> bool:
    """Whether a value is small and holds no reference: that is soon told, and most parameters are of the kind."""
    waiting = [value]
    for node in waiting:  # grows while it is walked
        if type(node) is dict and "$ref" in node:
            return False
        items = node.values() if type(node) is dict else node
        waiting.extend([item for item in items if type(item) is dict or type(item) is list])
        if len(waiting) > _SMALL:
            return False
    return True


def _rebuild(node: Any, done: dict[int, Any]) -> Any:
    """The node with its containers exchanged for their deep forms; the very node when none differs."""
    if type(node) is dict:
        if all(done.get(id(item), item) is item for item in node.values() if type(item) is dict or type(item) is list):
            return node
        # Spectral's resolver copies just what it changes, and only its copies have JavaScript's order.
        ordered = [(key, node[key]) for key in own_keys(node)]
        return {
            key: done.get(id(item), item) if type(item) is dict or type(item) is list else item for key, item in ordered
        }
    if all(done.get(id(item), item) is item for item in node if type(item) is dict or type(item) is list):
        return node
    return [done.get(id(item), item) if type(item) is dict or type(item) is list else item for item in node]
