"""Flow collections on one line, `[a, b]` and `{a: b}`, for `block_yaml`; None where libyaml had better decide."""

from __future__ import annotations

import re
from functools import lru_cache

from idemlint.openapi.block_scalars import quoted
from idemlint.openapi.layout import Slot
from idemlint.openapi.scalars import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

_DEEPEST: Final = 30
_LONGEST_KEY: Final = 1000


class _GiveUpError(Exception):
    pass


@lru_cache(maxsize=1)
def _plain() -> re.Pattern[str]:
    # no colon that could be taken for that of a key, no comment sign, nothing that opens a scalar of another kind
    return re.compile(
        r"""[^\s\[\]{},:#"'&*!|>%@`?\-](?:[^\s\[\]{},:#]|:(?=[^\s\[\]{},])|\ +(?=[^\s\[\]{},:#]))*|-[\d.\w]+"""
    )


class FlowReader:
    """Reads the collection that begins at `start` of `line`; marks of the slots are `base` + column."""

    def __init__(
        self,
        line: str,
        base: int,
        note: Callable[[Any, Any], None],
        references: list[dict[str, Any]],
        deepest: int = _DEEPEST,
    ) -> None:
        self._line = line
        self._base = base
        self._note = note
        self._references = references
        self._deepest = min(deepest, _DEEPEST)

    def read(self, start: int) -> tuple[Any, int] | None:
        """The collection and the column behind its closing bracket."""
        references = len(self._references)
        try:
            return self._collection(start, 1)
        except (_GiveUpError, IndexError):
            del self._references[references:]
            return None

    def _collection(self, start: int, depth: int) -> tuple[Any, int]:
        if depth > self._deepest:
            raise _GiveUpError
        return self._mapping(start, depth) if self._line[start] == "{" else self._sequence(start, depth)

    def _sequence(self, start: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        slots: list[Slot] = []
        at = self._blank(start + 1)
        while self._line[at] != "]":
            value, end, style = self._value(at, depth)
            items.append(value)
            slots.append(Slot(-1, -1, self._base + at, self._base + end, style))
            at = self._separator(end, "]")
        self._note(items, slots)
        return items, at + 1

    def _mapping(self, start: int, depth: int) -> tuple[dict[str, Any], int]:
        line, base = self._line, self._base
        members: dict[str, Any] = {}
        slots: dict[str, Slot] = {}
        at = self._blank(start + 1)
        while line[at] != "}":
            key, key_end = self._key(at)
            colon = self._blank(key_end)
            if line[colon] != ":" or key in members or key == "<<" or key_end - at > _LONGEST_KEY:
                raise _GiveUpError
            if line[colon + 1] not in " \"'":
                raise _GiveUpError
            value_at = self._blank(colon + 1)
            if line[value_at] in ",}":
                raise _GiveUpError
            value, end, style = self._value(value_at, depth)
            members[key] = value
            slots[key] = Slot(base + at, base + key_end, base + value_at, base + end, style)
            if key == "$ref" and type(value) is str:
                self._references.append(members)
            at = self._separator(end, "}")
        self._note(members, slots)
        return members, at + 1

    def _key(self, at: int) -> tuple[str, int]:
        if self._line[at] in "\"'":
            found = quoted(self._line, at)
            if found is None:
                raise _GiveUpError
            return found
        match = _plain().match(self._line, at)
        if match is None:
            raise _GiveUpError
        return match[0], match.end()

    def _value(self, at: int, depth: int) -> tuple[Any, int, str]:
        first = self._line[at]
        if first in "[{":
            value, end = self._collection(at, depth + 1)
            return value, end, "flow"
        if first in "\"'":
            found = quoted(self._line, at)
            if found is None:
                raise _GiveUpError
            return found.value, found.end, "quoted"
        match = _plain().match(self._line, at)
        if match is None:
            raise _GiveUpError
        try:
            return resolve(match[0]), match.end(), "plain"
        except ValueError:
            raise _GiveUpError from None

    def _separator(self, end: int, close: str) -> int:
        """Behind a value: the next entry, or the closing bracket."""
        at = self._blank(end)
        if self._line[at] == ",":
            return self._blank(at + 1)
        if self._line[at] != close:
            raise _GiveUpError
        return at

    def _blank(self, at: int) -> int:
        while self._line[at] == " ":
            at += 1
        return at


def flow_end(line: str, start: int) -> int:
    """Behind the closing bracket of a collection that has been read before."""
    found = FlowReader(line, 0, lambda _container, _slots: None, []).read(start)
    return len(line) if found is None else found[1]
