"""Places in JSON: exact, and worked out only for the containers that are asked for."""

from __future__ import annotations

import re
from json import decoder

from idemlint.named_tuple import maker
from idemlint.openapi.layout import Repeated, Slot
from idemlint.openapi.lines import JSON_BREAKS, LineTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any, Final, TypeAlias

    from idemlint.findings import Position

_decoder: Any = decoder  # the parts that the type stubs leave out
blank = _decoder.WHITESPACE.match  # its pattern matches everywhere
scan_string = _decoder.scanstring
_PIECE: Final = 256

RawSlot: TypeAlias = tuple[int, int, int, int]
"""Offsets: the key's start and end (-1 in arrays), the value's start and end."""
_slot = maker(Slot)


def behind_blank(text: str, at: int) -> int:
    """Behind the white space at a place where there is seldom any."""
    end: int = at if text[at] > " " else blank(text, at).end()
    return end


class JsonLayout:
    """Marks are offsets in the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.position: Callable[[int], Position] = LineTable(text, breaks=JSON_BREAKS).position
        self._data: Any = None
        self._spans: dict[int, tuple[int, int]] = {}
        self._noted: dict[int, dict[str, RawSlot]] = {}
        self._pretty = True
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._members: dict[int, Mapping[str, Slot] | Sequence[Slot]] = {}
        self._root = Slot(-1, -1, 0, 0, "empty")
        self._scan = _decoder.JSONDecoder().scan_once

    def note_root(self, data: Any, start: int, end: int) -> None:
        self._root = Slot(-1, -1, start, end, _style(self._text, start))
        self._data = data
        self._spans[id(data)] = start, end

    def note_members(self, objects: Iterable[tuple[dict[str, Any], dict[str, RawSlot]]]) -> None:
        """Objects whose members' places are known already."""
        self._noted = {id(mapping): slots for mapping, slots in objects}

    def root(self) -> Slot:
        return self._root

    def end_within(self, slot: Slot) -> int | None:
        """Only brackets and white space follow the last value, and no string ends in either."""
        text = self._text
        end = slot.end
        if slot.style != "flow":
            return end
        kept = ""
        while not kept:  # the opening bracket at the latest
            piece = text[max(end - _PIECE, 0) : end]
            kept = piece.rstrip("}] \t\r\n")
            end -= len(piece) - len(kept)
        return text.index("}" if text[end - 1] == "{" else "]", end) + 1 if text[end - 1] in "{[" else end

    def members(self, container: Any) -> Any:
        """The container must have been reached through its parents' members, from the root."""
        known = self._members.get(id(container))
        if known is None:
            noted = self._noted.get(id(container))
            known = (
                self._find_members(container) if noted is None else _Noted(self._text, self._spans, container, noted)
            )
            self._members[id(container)] = known
        return known

    def _find_members(self, container: Any) -> Mapping[str, Slot] | Sequence[Slot]:
        text = self._text
        start, end = self._spans.get(id(container), (-1, -1))
        members: dict[str, Slot] | list[Slot]
        if start < 0 or text[start] != ("{" if type(container) is dict else "["):
            return self._misled(container)
        if type(container) is dict:
            members = self._by_indentation(container, start, end) or self._by_scanning(start)
            if members.keys() != container.keys():
                return self._misled(container)
            slots: Iterable[Slot] = members.values()
            values = map(container.__getitem__, members)
        else:
            slots = members = [
                Slot(-1, -1, at, end, _style(text, at)) for at, end in scan_array(text, start, self._skip)
            ]
            if len(members) != len(container):
                return self._misled(container)
            values = iter(container)
        for value, slot in zip(values, slots, strict=True):
            if slot.style == "flow":
                self._spans[id(value)] = slot.start, slot.end
        return members

    def _misled(self, container: Any) -> Mapping[str, Slot] | Sequence[Slot]:
        """The layout was not what it looked like: all places are worked out anew."""
        from idemlint.openapi.json_outline import places

        text = self._text
        for identity, (start, members) in places(text, self._data, self._root.start).items():
            slots = [Slot(*member[1:], _style(text, member.start)) for member in members]
            keyed = text[start] == "{"
            self._members[identity] = (
                dict(zip((member.name for member in members), slots, strict=True)) if keyed else slots
            )
        return self._members[id(container)]

    def _by_scanning(self, start: int) -> dict[str, Slot]:
        text = self._text
        return {key: Slot(*raw, _style(text, raw[2])) for key, raw in scan_object(text, start, self._skip)}

    def _by_indentation(self, container: dict[str, Any], start: int, end: int) -> dict[str, Slot] | None:
        """The members of a pretty-printed object; None where the text is laid out in another way.

        No string holds a raw line break, so each line that begins with a quote begins with a member or a text of
        something. Those indented as the first member are this object's own if they are called as its members are and
        hold what its members hold, looked at as far as that is cheap.
        """
        text = self._text
        first = blank(text, start + 1).end()
        margin = text[start + 1 : first]
        if not self._pretty or not margin.startswith("\n") or not container:
            return None
        line = text[text.rfind("\n", 0, start) + 1 : start]
        closing = "\n" + line[: len(line) - len(line.lstrip(" \t"))] + "}"
        close = end - len(closing)
        # several times faster than str.find for texts like these
        starts = [found.start() for found in self._begins(margin).finditer(text, start, close)]
        if not text.startswith(closing, close) or len(starts) != len(container):
            return None
        slots: dict[str, Slot] = {}
        ends = [*starts[1:], close]
        for (name, value), at, following in zip(container.items(), starts, ends, strict=True):
            key_start = at + len(margin)
            key, key_end = scan_string(text, key_start + 1)
            colon = key_end if text[key_end] == ":" else blank(text, key_end).end()
            if key != name or text[colon] != ":":
                return None
            value_start = colon + 2
            if text[colon + 1] != " " or text[value_start] <= " ":
                value_start = blank(text, colon + 1).end()
            value_end = following
            while text[value_end - 1] in " \t\r\n,":
                value_end -= 1
            if not self._may_be(value, value_start, value_end):
                return None
            slots[key] = _slot((key_start, key_end, value_start, value_end, _style(text, value_start)))
        return slots

    def _begins(self, margin: str) -> re.Pattern[str]:
        """Where a line with this margin begins with a quote."""
        pattern = self._patterns.get(margin)
        if pattern is None:
            pattern = self._patterns[margin] = re.compile(f'{re.escape(margin)}"')
        return pattern

    def _may_be(self, value: Any, start: int, end: int) -> bool:
        """Whether the text from `start` to `end` can be that value: scalars wholly, collections by both their ends."""
        text = self._text
        if type(value) is not dict and type(value) is not list:
            return text[start] not in "{[" and bool(self._scan(text, start) == (value, end))
        if text[end - 1] != ("}" if type(value) is dict else "]"):
            return False
        first = blank(text, start + 1).end()
        if not value:
            return bool(first == end - 1)
        if type(value) is list:
            return text[start] == "["
        begins: bool = text[first] == '"' and scan_string(text, first + 1)[0] == next(iter(value))
        return text[start] == "{" and begins

    def _skip(self, start: int) -> int:
        end: int = self._scan(self._text, start)[1]
        return end

    def repeated(self) -> list[Repeated]:
        """Every repeated name of the document; walks all of it."""
        from idemlint.openapi.json_outline import repeated_names

        self._pretty = False
        return repeated_names(self._text, self._root.start)


class _Noted(dict[str, Slot]):
    """The slots of an object whose members' places were noted: each made when it is asked for."""

    __slots__ = ("_container", "_noted", "_spans", "_text")

    def __init__(
        self, text: str, spans: dict[int, tuple[int, int]], container: dict[str, Any], noted: dict[str, RawSlot]
    ) -> None:
        super().__init__()
        self._text = text
        self._spans = spans
        self._container = container
        self._noted = noted

    def __missing__(self, name: str) -> Slot:
        raw = self._noted[name]
        slot = self[name] = _slot((*raw, _style(self._text, raw[2])))
        if slot.style == "flow":
            self._spans[id(self._container[name])] = slot.start, slot.end
        return slot


def scan_object(text: str, start: int, skip: Callable[[int], int]) -> Iterator[tuple[str, RawSlot]]:
    """The members of the valid JSON object whose brace stands at `start`; `skip` gives the end of the value at an offset."""
    at = blank(text, start + 1).end()
    while text[at] != "}":
        key, key_end = scan_string(text, at + 1)
        value_at = blank(text, blank(text, key_end).end() + 1).end()
        end = skip(value_at)
        yield key, (at, key_end, value_at, end)
        at = blank(text, end).end()
        if text[at] == ",":
            at = blank(text, at + 1).end()


def scan_array(text: str, start: int, skip: Callable[[int], int]) -> Iterator[tuple[int, int]]:
    """Where the items of the valid JSON array whose bracket stands at `start` begin and end."""
    at = blank(text, start + 1).end()
    while text[at] != "]":
        end = skip(at)
        yield at, end
        at = blank(text, end).end()
        if text[at] == ",":
            at = blank(text, at + 1).end()


def _style(text: str, at: int) -> str:
    first = text[at]
    return "quoted" if first == '"' else "flow" if first in "{[" else "plain"
