"""Where the nodes of a loaded document stand in its text: the seam between the three readers and `positions`.

A *mark* is an integer that grows along the text; what it counts is the layout's own business, but adding 1 to the end of
a token gives the place one character further on.
"""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from idemlint.findings import Position

    class Layout(Protocol):
        def root(self) -> Slot:
            """The document's own node, without a key."""

        def members(self, container: Any) -> Any:
            """The slots of a mapping by key (of duplicates the last, which is the one that counts), or of a sequence."""

        def end_within(self, slot: Slot) -> int | None:
            """Where the last scalar or empty collection inside a collection ends, if that can be told from its end alone."""

        def position(self, mark: int) -> Position:
            """Line and character, from 0; characters are code points."""


class Slot(NamedTuple):
    """One member or item of a container, in marks."""

    key_start: int
    """-1 for an item of a sequence."""
    key_end: int
    start: int
    """The value's first character, behind its anchor and tag; for an empty value just behind the `:` or `-`."""
    end: int
    """Just behind the value's last character; for a block collection not to be relied upon."""
    style: str
    """`plain`, `quoted`, `block` (| or >), `empty`, `alias`, `flow` ([] or {}), `nested` (block collection)."""


class Repeated(NamedTuple):
    """A key that stands twice in one mapping."""

    path: tuple[str | int, ...]
    """The way to the member, key included."""
    first: tuple[int, int]
    again: tuple[int, int]


class Loaded(NamedTuple):
    """What a reader makes of a text."""

    data: Any
    references: list[dict[str, Any]]
    repeated: list[Repeated]
    layout: Layout


def find_references(data: Any) -> list[dict[str, Any]]:
    """Each mapping below `data` whose `$ref` is a string, once, in the order of the document."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    waiting = [data]
    while waiting:
        node = waiting.pop()
        if type(node) is dict:
            if id(node) in seen:
                continue
            seen.add(id(node))
            if type(node.get("$ref")) is str:
                found.append(node)
            waiting.extend(reversed(node.values()))
        elif type(node) is list and id(node) not in seen:
            seen.add(id(node))
            waiting.extend(reversed(node))
    return found
