"""Where the nodes stand that `block_yaml` read: it noted a line for each, columns are worked out here, when asked for."""

from __future__ import annotations

from idemlint.findings import Position
from idemlint.named_tuple import NamedTuple
from idemlint.openapi.layout import Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

LINE = 1 << 20
"""A mark is the line times this, plus the column."""


class BlockLayout:
    """Marks hold line and column."""

    def __init__(self, lines: list[str], end: tuple[int, int]) -> None:
        self._lines = lines
        self._end = end[0] * LINE + end[1]
        self.blocks: dict[int, tuple[int, list[int]]] = {}
        """Of each block collection, by identity: its column, and the line of each member."""
        self._members: dict[int, Any] = {}
        self._tall: dict[tuple[int, int], Tall] = {}
        self._kept: list[Any] = []
        self.data: Any = None

    def note(self, container: Any, slots: Any) -> None:
        """A flow collection, whose slots are known."""
        self._members[id(container)] = slots

    def note_tall(self, number: int, column: int, tall: Tall) -> None:
        """A scalar of several lines in the collection at `column`, whose member begins in line `number`."""
        self._tall[number, column] = tall

    def root(self) -> Slot:
        column, numbers = self.blocks[id(self.data)]
        return Slot(-1, -1, numbers[0] * LINE + column, self._end, "nested")

    def position(self, mark: int) -> Position:
        return Position(*divmod(mark, LINE))

    def end_within(self, slot: Slot) -> int | None:
        return None

    def members(self, container: Any) -> Any:
        members = self._members.get(id(container))
        if members is None:
            column, numbers = self.blocks[id(container)]
            members = self._members[id(container)] = _Members(self, container, column, numbers)
        return members

    def slot(self, value: Any, number: int, column: int, *, keyed: bool) -> Slot:
        line = self._lines[number]
        base = number * LINE
        if keyed:
            key_end = key_end_at(line, column)
            colon = key_end
            while line[colon] == " ":
                colon += 1
            key_start, key_mark, behind = base + column, base + key_end, colon + 1
        else:
            key_start = key_mark = -1
            behind = column + 1
        start = behind
        while line[start : start + 1] == " ":
            start += 1
        if type(value) in (dict, list) and id(value) in self.blocks:
            inner, numbers = self.blocks[id(value)]
            return Slot(key_start, key_mark, numbers[0] * LINE + inner, numbers[0] * LINE + inner, "nested")
        tall = self._tall.get((number, column))
        if tall is not None:
            begin = base + start if tall.start_line < 0 else tall.start_line * LINE + tall.start_column
            return Slot(key_start, key_mark, begin, tall.end_line * LINE + tall.end_column, tall.style)
        if start >= len(line) or line[start] == "#":
            return Slot(key_start, key_mark, base + behind, base + behind, "empty")
        first = line[start]
        if first in "[{":
            from idemlint.openapi.flow_yaml import flow_end

            end, style = flow_end(line, start), "flow"
        elif first in "\"'":
            from idemlint.openapi.block_scalars import quoted

            found = quoted(line, start)
            end, style = (len(line) if found is None else found.end), "quoted"
        else:
            comment = line.find(" #", start)
            end, style = len((line if comment < 0 else line[:comment]).rstrip(" ")), "plain"
        return Slot(key_start, key_mark, base + start, base + end, style)


class _Members:
    """The slots of a block collection, by key or index: each worked out when it is asked for."""

    __slots__ = ("_column", "_container", "_layout", "_numbers", "_slots")

    def __init__(self, layout: BlockLayout, container: Any, column: int, numbers: list[int]) -> None:
        self._layout = layout
        self._container = container
        self._column = column
        keyed = type(container) is dict
        self._numbers: Any = dict(zip(container, numbers, strict=True)) if keyed else numbers
        self._slots: dict[str | int, Slot] = {}

    def __getitem__(self, name: str | int) -> Slot:
        slot = self._slots.get(name)
        if slot is None:
            keyed = type(self._container) is dict
            value, number = self._container[name], self._numbers[name]
            slot = self._slots[name] = self._layout.slot(value, number, self._column, keyed=keyed)
        return slot

    def __reversed__(self) -> Iterator[str]:
        names: Iterator[str] = reversed(self._container)
        return names


class Tall(NamedTuple):
    """A scalar that ends in another line than it begins, or begins in another line than its key."""

    style: str
    end_line: int
    end_column: int
    start_line: int = -1
    """-1: behind its key or dash."""
    start_column: int = 0


def key_end_at(line: str, column: int) -> int:
    """Behind the key that begins at `column`, quotes included; there is one."""
    if line[column] in "\"'":
        from idemlint.openapi.block_scalars import quoted

        found = quoted(line, column)
        return len(line) if found is None else found.end
    end = line.find(": ", column)
    return end if end >= 0 else len(line.rstrip(" ")) - 1
