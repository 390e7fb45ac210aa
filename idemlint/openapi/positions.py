"""Path to line and column, for the places that a finding names."""

from __future__ import annotations

from idemlint.findings import Position, Range
from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.findings import Path
    from idemlint.openapi.layout import Layout, Slot


class Located(NamedTuple):
    """Where a node stands. For what an alias or merge key brings in, that is where it was written."""

    path: Path
    """The longest part of the path asked for that is there."""
    key: Range | None
    """The key with its quotes; None for items of a sequence and the root."""
    value: Range
    """The node's own extent, from its first character (behind anchor and tag) to just behind its last: brackets
    included, a block scalar from its `|` or `>`, a block collection to the end of its last member, nothing for an empty
    value. For JSON it is what Spectral prints for referenced `.json` files."""
    range: Range
    """What Spectral 6.16 prints for YAML and for JSON alike, since its command line reads both by its YAML parser: a
    collection below a key begins right behind the key and its colon, and ends where its last member does."""


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
    key = Range(position(slot.key_start), position(slot.key_end)) if slot.key_start >= 0 else None
    first = position(slot.start)  # before the end, which may be far away: to ask for places in their order is cheap
    finish = position(end)
    value = Range(first, finish if value_end == end else position(value_end))
    return Located(path[:depth], key, value, Range(begin, finish))


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
