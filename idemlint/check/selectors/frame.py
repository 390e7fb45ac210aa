"""What a script sees: the node under test and its surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import UNDEFINED
from idemlint.check.javascript import is_truthy
from idemlint.check.selectors.walk import path_of

if TYPE_CHECKING:
    from idemlint.check.selectors.walk import Node, Walk
    from idemlint.openapi.document import Document


class Frame:
    """One per walk, filled anew for each node under test: `value` is `container`'s member `key`, read in `document`."""

    __slots__ = ("container", "document", "homes", "key", "truthy", "value", "walk")

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.truthy = is_truthy
        """For the walk, which cannot import what only scripts need."""
        self.homes: dict[int, Document] = {}
        """Identity of a container to the document it stands in, for those that a script reached in another document."""
        self.container: Node = walk.root
        self.key: str | int = ""
        self.value: Any = None
        self.document: Document = walk.root[2]

    def inside(self, container: Any, child: Any) -> Any:
        """`child`, a member of `container`, with its reference followed as the walk would follow it."""
        kind = type(child)
        if kind is not dict and kind is not list:
            return child
        homes = self.homes
        document = homes.get(id(container), self.document) if homes else self.document
        if kind is dict and "$ref" in child:
            document, child = self.walk.follow(document, child, self.container)
        if document is not self.document:
            homes[id(child)] = document
        return child

    def container_key(self) -> Any:
        key, _, _, above = self.container
        return UNDEFINED if above is None else key

    def grandparent(self) -> Any:
        node = self.container[3]
        return UNDEFINED if node is None else self.home(node)

    def root(self) -> Any:
        return self.home(self.walk.root)

    def home(self, node: Node) -> Any:
        if node[2] is not self.document:
            self.homes[id(node[1])] = node[2]
        return node[1]

    def path(self) -> str:
        segments = (*path_of(self.container), self.key)
        return "$" + "".join(f"[{segment}]" if type(segment) is int else f"['{segment}']" for segment in segments)
