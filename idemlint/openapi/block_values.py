"""Values that take more than a look at their first character, for `block_yaml`; None or -1 where it should give up."""

from __future__ import annotations

from idemlint.openapi.block_layout import LINE, BlockLayout, Tall, key_end_at
from idemlint.openapi.block_scalars import block as read_block
from idemlint.openapi.block_scalars import nothing_follows, plain_continuation, quoted, quoted_lines
from idemlint.openapi.scalars import CONSTANTS, NUMBER_START

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, TypeAlias

    from idemlint.openapi.lines import SplitText

    Collection: TypeAlias = tuple[Any, int, bool, list[int]]
    """A collection that lines are added to: container, column, whether it is a mapping, and the line of each member."""

NO_PLAIN_START: Final = frozenset("\"'|>[{&*!#%@`,]}?:-")
"""What a plain scalar may not begin with, or only under conditions."""


class ValueReader:
    """The lines of a text, and what has been made of them."""

    def __init__(self, split: SplitText) -> None:
        self.lines, self.break_size, self.terminated = split
        self.layout = BlockLayout(self.lines, split.end)
        self.references: list[dict[str, Any]] = []

    def special(self, number: int, start: int, value: str, column: int, room: int) -> tuple[Any, int] | None:
        """A value that does not begin as plain text: its value and the line behind it. `room`: so many levels deep."""
        first = value[0]
        line = self.lines[number]
        if first in "\"'":
            found = quoted(line, start)
            if found is not None:
                return (found.value, number + 1) if nothing_follows(line, found.end) else None
            block = quoted_lines(self.lines, number, start, column)
            style = "quoted"
        elif first in "|>":
            block = read_block(self.lines, number, value, column)
            if block is not None and block.next_line == len(self.lines) and not self.terminated:
                if value[1:2] != "-" or not self.lines[-1].strip(" "):
                    return None
            elif block is not None:  # it ends at the line feed, behind a carriage return
                block = block._replace(end_column=block.end_column + self.break_size - 1)
            style = "block"
        elif first in "[{":
            from idemlint.openapi.flow_yaml import FlowReader

            flow = FlowReader(line, number * LINE, self.layout.note, self.references, room).read(start)
            return None if flow is None or not nothing_follows(line, flow[1]) else (flow[0], number + 1)
        else:
            return None
        if block is None:
            return None
        self.layout.note_tall(number, column, Tall(style, block.end_line, block.end_column))
        return block.value, block.next_line

    def continue_plain(self, current: Collection) -> int:
        """Join the lines below to the plain text that is the last member. The line behind them; -1 to give up."""
        container, column, keyed, numbers = current
        block = plain_continuation(self.lines, numbers[-1] + 1, column)
        if block is None:
            return -1
        # as it is written in its first line: `10` and not ten, since more follows
        line = self.lines[numbers[-1]]
        head = line[(key_end_at(line, column) if keyed else column) + 1 :].strip(" ")
        last = next(reversed(container)) if keyed else -1
        if last == "$ref" and type(container[last]) is not str:
            self.references.append(container)
        container[last] = head + block.value
        self.layout.note_tall(numbers[-1], column, Tall("plain", block.end_line, block.end_column))
        return block.next_line

    def text_below(self, number: int, indent: int, pending: str, current: Collection) -> int:
        """Plain text that begins in a line of its own, below its key or dash."""
        if self.lines[number][indent] in NO_PLAIN_START:
            return -1
        container, column, keyed, numbers = current
        block = plain_continuation(self.lines, number, column)
        if block is None:
            return -1
        text = block.value[1:]
        if block.end_line == number and (text in CONSTANTS or text[0] in NUMBER_START):
            return -1
        if keyed:
            container[pending] = text
            if pending == "$ref":
                self.references.append(container)
        else:
            container.append(text)
        self.layout.note_tall(numbers[-1], column, Tall("plain", block.end_line, block.end_column, number, indent))
        return block.next_line
