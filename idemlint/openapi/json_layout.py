"""Places in JSON: exact, and worked out only for the containers that are asked for."""

from __future__ import annotations

import re
from json import decoder
from typing import TYPE_CHECKING, Any, TypeAlias

from idemlint.openapi.layout import Repeated, Slot
from idemlint.openapi.lines import JSON_BREAKS, LineTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from idemlint.findings import Position

_decoder: Any = decoder  # the parts that the type stubs leave out
_blank = _decoder.WHITESPACE.match  # its pattern matches everywhere
_scan_string = _decoder.scanstring

RawSlot: TypeAlias = tuple[int, int, int, int]
"""Offsets: the key's start and end (-1 in arrays), the value's start and end."""


class JsonLayout:
    """Marks are offsets in the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = LineTable(text, breaks=JSON_BREAKS)
        self._starts: dict[int, int] = {}
        self._members: dict[int, Mapping[str, Slot] | Sequence[Slot]] = {}
        self._root = Slot(-1, -1, 0, 0, "empty")
        self._scan = _decoder.JSONDecoder().scan_once

    def note_root(self, data: Any, start: int, end: int) -> None:
        self._root = Slot(-1, -1, start, end, _style(self._text, start))
        self._starts[id(data)] = start

    def root(self) -> Slot:
        return self._root

    def end_within(self, slot: Slot) -> int | None:
        """Only brackets and white space follow the last value, and no string ends in either."""
        text = self._text
        end = slot.end
        if slot.style != "flow":
            return end
        while text[end - 1] in "}] \t\r\n":
            end -= 1
        return text.index("}" if text[end - 1] == "{" else "]", end) + 1 if text[end - 1] in "{[" else end

    def position(self, mark: int) -> Position:
        return self._lines.position(mark)

    def members(self, container: Any) -> Any:
        """The container must have been reached through its parents' members, from the root."""
        known = self._members.get(id(container))
        if known is None:
            known = self._members[id(container)] = self._find_members(container)
        return known

    def _find_members(self, container: Any) -> Mapping[str, Slot] | Sequence[Slot]:
        text = self._text
        starts = self._starts
        if type(container) is dict:
            start = starts[id(container)]
            noted = self._by_indentation(container, start) or dict(scan_object(text, start, self._skip))
            slots = {key: Slot(*raw, _style(text, raw[2])) for key, raw in noted.items()}
            for key, slot in slots.items():
                if slot.style == "flow":
                    starts[id(container[key])] = slot.start
            return slots
        items = [
            Slot(-1, -1, start, end, _style(text, start))
            for start, end in scan_array(text, starts[id(container)], self._skip)
        ]
        for value, slot in zip(container, items, strict=True):
            if slot.style == "flow":
                starts[id(value)] = slot.start
        return items

    def _by_indentation(self, container: dict[str, Any], start: int) -> dict[str, RawSlot] | None:
        """The members of a pretty-printed object; None where the text is laid out in another way.

        No string holds a raw line break, so each line that begins with a quote begins with a member or a text of
        something. Those indented as the first member are this object's own if they are called as its members are.
        """
        text = self._text
        first = _blank(text, start + 1).end()
        margin = text[start + 1 : first]
        if not margin.startswith("\n") or not container:
            return None
        line = text[text.rfind("\n", 0, start) + 1 : start]
        outer = line[: len(line) - len(line.lstrip(" \t"))]
        starts = []
        # one search for both: several times faster than str.find for texts like these
        close = -1
        for found in re.compile(f'\n(?:{re.escape(margin[1:])}"|{outer}}})').finditer(text, start):
            if text[found.end() - 1] == "}":
                close = found.start()
                break
            starts.append(found.start())
        if close < 0 or len(starts) != len(container):
            return None
        slots: dict[str, RawSlot] = {}
        for name, at, following in zip(container, starts, [*starts[1:], close], strict=True):
            key_start = at + len(margin)
            key, key_end = _scan_string(text, key_start + 1)
            if key != name:
                return None
            value_start = _blank(text, _blank(text, key_end).end() + 1).end()
            end = following
            while text[end - 1] in " \t\r\n,":
                end -= 1
            slots[key] = (key_start, key_end, value_start, end)
        return slots

    def _skip(self, start: int) -> int:
        end: int = self._scan(self._text, start)[1]
        return end

    def repeated(self) -> list[Repeated]:
        """Every repeated name of the document; walks all of it."""
        text = self._text
        found: list[Repeated] = []
        waiting: list[tuple[tuple[str | int, ...], int]] = [((), self._root.start)]
        while waiting:
            path, start = waiting.pop()
            below: list[tuple[tuple[str | int, ...], int]] = []
            if text[start] == "{":
                firsts: dict[str, RawSlot] = {}
                for key, raw in scan_object(text, start, self._skip):
                    if key in firsts:
                        found.append(Repeated((*path, key), firsts[key][:2], raw[:2]))
                    firsts[key] = raw
                    below.append(((*path, key), raw[2]))
            else:
                below = [((*path, i), at) for i, (at, _) in enumerate(scan_array(text, start, self._skip))]
            waiting.extend(entry for entry in reversed(below) if text[entry[1]] in "{[")
        return sorted(found, key=lambda repeated: repeated.again)


def scan_object(text: str, start: int, skip: Callable[[int], int]) -> Iterator[tuple[str, RawSlot]]:
    """The members of the valid JSON object whose brace stands at `start`; `skip` gives the end of the value at an offset."""
    at = _blank(text, start + 1).end()
    while text[at] != "}":
        key, key_end = _scan_string(text, at + 1)
        value_at = _blank(text, _blank(text, key_end).end() + 1).end()
        end = skip(value_at)
        yield key, (at, key_end, value_at, end)
        at = _blank(text, end).end()
        if text[at] == ",":
            at = _blank(text, at + 1).end()


def scan_array(text: str, start: int, skip: Callable[[int], int]) -> Iterator[tuple[int, int]]:
    """Where the items of the valid JSON array whose bracket stands at `start` begin and end."""
    at = _blank(text, start + 1).end()
    while text[at] != "]":
        end = skip(at)
        yield at, end
        at = _blank(text, end).end()
        if text[at] == ",":
            at = _blank(text, at + 1).end()


def _style(text: str, at: int) -> str:
    first = text[at]
    return "quoted" if first == '"' else "flow" if first in "{[" else "plain"
