"""Path to line and column, for the places that a finding names."""

from __future__ import annotations

from idemlint.findings import Position, Range
from idemlint.named_tuple import maker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from idemlint.findings import Path
    from idemlint.openapi.layout import Layout, Slot


class Located:
    """Where a node stands. For what an alias or merge key brings in, that is where it was written."""

    __slots__ = ("_extent", "_position", "key", "path", "range")

    def __init__(
        self,
        path: Path,
        key: Range | None,
        range: Range,  # noqa: A002 - as findings call it
        extent: tuple[int, int],
        position: Callable[[int], Position],
    ) -> None:
        self.path = path
        """The longest part of the path asked for that is there."""
        self.key = key
        """The key with its quotes; None for items of a sequence and the root."""
        self.range = range
        """What Spectral 6.16 prints for YAML and for JSON alike, since its command line reads both by its YAML parser: a
        collection below a key begins right behind the key and its colon, and ends where its last member does."""
        self._extent = extent
        self._position = position

    @property
    def value(self) -> Range:
        """The node's own extent, from its first character (behind anchor and tag) to just behind its last: brackets
        included, a block scalar from its `|` or `>`, a block collection to the end of its last member, nothing for an empty
        value. For JSON it is what Spectral prints for referenced `.json` files.
        """
        start, end = self._extent  # worked out when it is asked for, since the end of most is in a line far away
        return _range((self._position(start), self._position(end)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Located) and self._places() == other._places()

    def __hash__(self) -> int:
        return hash(self._places())

    def __repr__(self) -> str:
        return "Located(path={!r}, key={!r}, value={!r}, range={!r})".format(*self._places())

    def _places(self) -> tuple[Path, Range | None, Range, Range]:
        return self.path, self.key, self.value, self.range


_range = maker(Range)


def locate(layout: Layout, data: Any, path: Path) -> Located:
    """The place of the node at `path`, or of the closest one above it. Steps down, never searches."""
    slot = layout.root()
    node = data
    depth = 0
    for segment in path:
        if type(node) is dict:
            if segment not in node:
                break
            slot = layout.members(node)[segment]
            node = node[segment]
        elif type(node) is list:
            index = _index(segment)
            if not 0 <= index < len(node):
                break
            slot = layout.members(node)[index]
            node = node[index]
        else:
            break
        depth += 1
    end = _end(layout, node, slot)
    value_end = slot.end if slot.style != "nested" else end
    start = slot.key_end + 1 if slot.key_end >= 0 and slot.style in {"nested", "flow", "alias", "empty"} else slot.start
    if slot.style == "empty":
        end = start
    elif slot.style == "alias" and slot.key_end < 0:
        start += 1  # Spectral begins an item behind its asterisk
    position = layout.position
    begin = position(start)
    if depth == 0 and begin == (1, 0):
        begin = Position(0, 0)  # Spectral's own rule for a root that begins in the second line
    key = _range((position(slot.key_start), position(slot.key_end))) if slot.key_start >= 0 else None
    return Located(path[:depth], key, _range((begin, position(end))), (slot.start, value_end), position)


def _index(segment: str | int) -> int:
    if isinstance(segment, int):
        return segment
    return int(segment) if segment.isdecimal() and segment.isascii() else -1


def _end(layout: Layout, node: Any, slot: Slot) -> int:
    """Where the last node inside a node ends."""
    known = layout.end_within(slot)
    if known is not None:
        return known
    while slot.style in {"nested", "flow"}:
        if (type(node) is not dict and type(node) is not list) or not node:
            break
        members = layout.members(node)
        if type(node) is dict:
            last = next(reversed(members))
            node = node[last]
            slot = members[last]
        else:
            node = node[-1]
            slot = members[-1]
    return slot.end
