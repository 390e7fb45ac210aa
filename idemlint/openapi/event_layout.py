"""Where the nodes stand that `event_yaml` read: noted while libyaml's events went by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.openapi.layout import Slot
from idemlint.openapi.lines import LineTable

if TYPE_CHECKING:
    from idemlint.findings import Position


class EventLayout:
    """Slots noted while the events went by; marks are offsets in the text."""

    def __init__(self, text: str) -> None:
        self._lines = LineTable(text)
        self._members: dict[int, Any] = {}
        self._root = Slot(-1, -1, 0, 0, "empty")
        self._content_ends: dict[int, int] = {}
        self._kept: list[Any] = []

    def root(self) -> Slot:
        return self._root

    def members(self, container: Any) -> Any:
        return self._members.get(id(container), ())

    def end_within(self, slot: Slot) -> int | None:
        return self._content_ends.get(slot.start) if slot.style in {"nested", "flow"} else None

    def position(self, mark: int) -> Position:
        return self._lines.position(mark)

    def note(self, container: Any, slots: Any) -> None:
        self._members[id(container)] = slots

    def note_end(self, start: int, end: int) -> None:
        """Where the last node ends in the collection that begins at `start`: no two begin at the same place."""
        self._content_ends[start] = end

    def keep(self, value: Any) -> None:
        """Holds on to a value that a repeated key replaced: its identity must not be given away a second time."""
        self._kept.append(value)

    def note_root(self, slot: Slot) -> None:
        self._root = slot


def behind_properties(text: str, start: int, end: int) -> int:
    """Where a node's content begins, behind its anchor, tag, white space and comments."""
    while start < end:
        character = text[start]
        if character in "&!":
            while start < end and text[start] not in " \t\r\n\x85\u2028\u2029":
                start += 1
        elif character == "#":
            while start < end and text[start] not in "\r\n\x85\u2028\u2029":
                start += 1
        elif character in " \t\r\n\x85\u2028\u2029":
            start += 1
        else:
            break
    return start
