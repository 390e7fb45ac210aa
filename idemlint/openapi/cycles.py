"""Which references close a circle: Tarjan's strongly connected components over containers, without recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from idemlint.openapi.document import Document
    from idemlint.openapi.references import Node, References


class Cycles:
    """Mappings and sequences are the nodes; edges go to what they contain and to what they refer to.

    Two nodes are in one component when each reaches the other, so a reference is circular exactly when it shares the
    component of its target. Worked out from where it is asked, once for each node.
    """

    __slots__ = ("_component", "_references")

    def __init__(self, references: References) -> None:
        self._references = references
        self._component: dict[int, int] = {}

    def same(self, document: Document, reference: dict[str, Any], target: Node) -> bool:
        component = self._component
        if id(reference) not in component:
            self.explore(document, reference)
        return component[id(reference)] == component.get(id(target.value))

    def explore(self, document: Document, start: Any) -> None:
        """Gives each node that can be reached from `start` its component."""
        component = self._component
        if id(start) in component:
            return
        index: dict[int, int] = {}
        low: dict[int, int] = {}
        waiting: list[int] = []
        number = 0
        index[id(start)] = low[id(start)] = number
        waiting.append(id(start))
        work = [(id(start), iter(self._edges(document, start)))]
        while work:
            here, edges = work[-1]
            for other_document, other in edges:
                there = id(other)
                if there in component:
                    continue
                if there not in index:
                    number += 1
                    index[there] = low[there] = number
                    waiting.append(there)
                    work.append((there, iter(self._edges(other_document, other))))
                    break
                low[here] = min(low[here], index[there])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[here])
                if low[here] == index[here]:
                    while True:
                        member = waiting.pop()
                        component[member] = here
                        if member == here:
                            break

    def _edges(self, document: Document, value: Any) -> list[tuple[Document, Any]]:
        if type(value) is dict:
            if type(ref := value.get("$ref")) is str:
                target = self._references.target(document, ref)
                if target is not None:
                    return [(target.document, target.value)] if type(target.value) in (dict, list) else []
            return [(document, item) for item in value.values() if type(item) is dict or type(item) is list]
        return [(document, item) for item in value if type(item) is dict or type(item) is list]
