"""The fast reader: YAML as people write OpenAPI documents, line by line, without libyaml.

Block mappings and sequences, scalars of every style, flow collections on one line. At the first sign of anything else
(anchors, aliases, tags, merge keys, tabs, directives, a second document, odd indentation, an error) it gives up, and
`event_yaml` reads the whole document: that one is always right, but costs twice the time on a large document and, to
import libyaml, 8 ms on a small one. What both read is the same, values and places; tests hold the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from idemlint.openapi.block_layout import LINE, BlockLayout, Tall, key_end_at
from idemlint.openapi.block_scalars import (
    begins_with_quoted_key,
    nothing_follows,
    plain_continuation,
    quoted,
    quoted_lines,
)
from idemlint.openapi.block_scalars import block as read_block
from idemlint.openapi.layout import Loaded
from idemlint.openapi.lines import SplitText, one_kind_of_break
from idemlint.openapi.scalars import CONSTANTS, NUMBER_START, number_or_text

if TYPE_CHECKING:
    from idemlint.openapi.limits import Limits

_UNREADABLE: Final = "\t\x85\u2028\u2029\ufeff"
_NO_PLAIN_START: Final = frozenset("\"'|>[{&*!#%@`,]}?:-")
"""What a plain scalar may not begin with, or only under conditions."""
_NO_KEY_START: Final = frozenset("\"'|>[{&*!#%@`,]}?")
_SHORT: Final = 40
"""Plain scalars below that length are worth remembering."""
_LONGEST_KEY: Final = 1000


_Collection: TypeAlias = tuple[Any, int, bool, list[int]]
"""A collection that lines are added to: container, column, whether it is a mapping, and the line of each member."""


def load(text: str, limits: Limits) -> Loaded | None:
    """None when the document is for `event_yaml` to read or to refuse."""
    if len(text) // 2 > limits.max_nodes or any(character in text for character in _UNREADABLE):
        return None
    split = one_kind_of_break(text)
    if split is None or max(map(len, split.lines), default=0) >= LINE:
        return None
    reader = _Reader(split, limits.max_depth)
    return reader.loaded() if reader.read() else None


class _Reader:
    def __init__(self, split: SplitText, max_depth: int) -> None:
        self.lines, self.break_size, self.terminated = split
        self.max_depth = max_depth
        self.layout = BlockLayout(self.lines, split.end)
        self.references: list[dict[str, Any]] = []

    def loaded(self) -> Loaded:
        return Loaded(self.layout.data, self.references, [], self.layout)

    def read(self) -> bool:  # noqa: C901, PLR0912, PLR0915 - the one loop that has to be fast: calls cost more than lines
        lines, layout, references = self.lines, self.layout, self.references
        no_plain, no_key = _NO_PLAIN_START, _NO_KEY_START
        blocks, max_depth = layout.blocks, self.max_depth
        sound_values: dict[str, Any] = {}  # plain scalars that have been seen and found well, with what they mean
        sound_keys: set[str] = set()
        resume = 0  # at this line
        begun = False  # by ---
        stack: list[_Collection] = []  # around the innermost collection, which is:
        container: Any = None
        column = -1
        keyed = False
        numbers: list[int] = []
        pending: str | None = None  # the key whose value is still to come; "" for an item
        plain = False  # whether deeper lines would continue a plain scalar
        for number, line in enumerate(lines):
            if number < resume:
                continue
            content = line.lstrip(" ")
            if not content:
                continue
            first = content[0]
            if first == "#":
                plain = False
                continue
            indent = len(line) - len(content)
            if not indent and line[:3] in {"---", "..."}:
                if begun or container is not None or line.rstrip(" ") != "---":
                    return False
                begun = True
                continue

            # what kind of line it is
            colon = ""
            dashed = first == "-" and content[1:2] in {" ", ""}
            if dashed:
                is_key = False
            elif first in no_key:
                is_key = first in "\"'" and begins_with_quoted_key(content)
            else:
                key, colon, value = content.partition(": ")
                is_key = bool(colon) or content[-1] == ":"

            # which collection it belongs to
            if pending is not None:
                if indent > column or (dashed and keyed and indent == column):
                    if not dashed and not is_key:
                        resume = self._text_below(number, indent, pending, (container, column, keyed, numbers))
                        if resume < 0:
                            return False
                        pending, plain = None, False
                        continue
                    inner: Any = [] if dashed else {}
                    if keyed:
                        container[pending] = inner
                    else:
                        container.append(inner)
                    stack.append((container, column, keyed, numbers))
                    if len(stack) >= max_depth:
                        return False
                    container, column, keyed, numbers = inner, indent, not dashed, []
                    blocks[id(inner)] = indent, numbers
                elif keyed:
                    container[pending] = None
                else:
                    container.append(None)
                pending = None
            elif indent > column:
                if container is not None:
                    if not plain:
                        return False
                    resume = self._continue_plain((container, column, keyed, numbers))
                    if resume < 0:
                        return False
                    plain = False
                    continue
                if indent or not (dashed or is_key):
                    return False
                container = layout.data = [] if dashed else {}
                column, keyed = 0, not dashed
                blocks[id(container)] = 0, numbers
            while indent < column or (indent == column and not keyed and not dashed):
                if not stack:
                    return False
                container, column, keyed, numbers = stack.pop()
            if indent != column or keyed == dashed:
                return False

            # an item: what follows the dash may be a collection itself
            start = indent
            while dashed:
                numbers.append(number)
                value = content[1:].lstrip(" ")
                if not value or value[0] == "#":
                    pending = ""
                    break
                start += len(content) - len(value)
                content = value
                first = content[0]
                dashed = first == "-" and content[1:2] in {" ", ""}
                if first in no_key:
                    is_key = first in "\"'" and begins_with_quoted_key(content)
                elif not dashed:
                    key, colon, value = content.partition(": ")
                    is_key = bool(colon) or content[-1] == ":"
                    if not is_key:
                        value = content
                if dashed or is_key:
                    inner = [] if dashed else {}
                    container.append(inner)
                    stack.append((container, column, keyed, numbers))
                    if len(stack) >= max_depth:
                        return False
                    container, column, keyed, numbers = inner, start, not dashed, []
                    blocks[id(inner)] = start, numbers
                else:
                    value = content
            if pending is not None:
                plain = False
                continue

            # a key, and what stands behind its colon
            if keyed:
                if not is_key:
                    return False
                if first in "\"'":
                    found = quoted(line, start)
                    if found is None or found.end - start > _LONGEST_KEY:
                        return False
                    key = found.value
                    value = line[found.end + 1 :].lstrip(" ")
                else:
                    if colon:
                        if value[:1] in {" ", ""}:
                            value = value.lstrip(" ")
                    else:
                        key, value = content[:-1], ""
                    if key not in sound_keys:
                        if " #" in key or key[-1:] in {"", " "} or len(key) > _LONGEST_KEY or key == "<<":
                            return False
                        sound_keys.add(key)
                if key in container or key == "<<":
                    return False
                numbers.append(number)
                if not value or value[0] == "#":
                    pending = key
                    plain = False
                    continue

            scalar: Any
            if value in sound_values:
                scalar = sound_values[value]
                plain = True
            elif (first := value[0]) not in no_plain or (first in "-?:" and value[1:2] not in {"", " "}):
                plain = True
                written = value
                if " #" in value:
                    value = value[: value.index(" #")].rstrip(" ")
                    plain = False
                elif value[-1] == " ":
                    value = value.rstrip(" ")
                if value[-1] == ":" or ": " in value:
                    return False
                scalar = value
                if first in NUMBER_START:
                    try:
                        scalar = number_or_text(value)
                    except ValueError:
                        return False
                if value in CONSTANTS:
                    scalar = CONSTANTS[value]
                if value is written and len(value) < _SHORT:
                    sound_values[value] = scalar
            else:
                plain = False
                special = self._special(number, len(line) - len(value), value, column)
                if special is None:
                    return False
                scalar, resume = special
            if keyed:
                container[key] = scalar
                if key == "$ref" and type(scalar) is str:
                    references.append(container)
            else:
                container.append(scalar)
        if pending is not None and keyed:
            container[pending] = None
        elif pending is not None:
            container.append(None)
        return container is not None

    def _special(self, number: int, start: int, value: str, column: int) -> tuple[Any, int] | None:
        """A value that does not begin as plain text: its value and the line behind it."""
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

            flow = FlowReader(line, number * LINE, self.layout.note, self.references).read(start)
            return None if flow is None or not nothing_follows(line, flow[1]) else (flow[0], number + 1)
        else:
            return None
        if block is None:
            return None
        self.layout.note_tall(number, column, Tall(style, block.end_line, block.end_column))
        return block.value, block.next_line

    def _continue_plain(self, current: _Collection) -> int:
        """Join the lines below to the plain text that is the last member. The line behind them; -1 to give up."""
        container, column, keyed, numbers = current
        block = plain_continuation(self.lines, numbers[-1] + 1, column)
        if block is None:
            return -1
        # as it is written in its first line: `10` and not ten, since more follows
        line = self.lines[numbers[-1]]
        head = line[(key_end_at(line, column) if keyed else column) + 1 :].strip(" ")
        container[next(reversed(container)) if keyed else -1] = head + block.value
        self.layout.note_tall(numbers[-1], column, Tall("plain", block.end_line, block.end_column))
        return block.next_line

    def _text_below(self, number: int, indent: int, pending: str, current: _Collection) -> int:
        """Plain text that begins in a line of its own, below its key or dash."""
        if self.lines[number][indent] in _NO_PLAIN_START:
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
