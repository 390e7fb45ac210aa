"""All of a JSON text's places in one pass: for texts whose layout misleads, and for the repeated names of any."""

from __future__ import annotations

import re
from json import decoder
from typing import TYPE_CHECKING, Any, Final

from idemlint.named_tuple import NamedTuple
from idemlint.openapi.layout import Repeated

if TYPE_CHECKING:
    from idemlint.findings import Path

_decoder: Any = decoder  # the parts that the type stubs leave out
_scan_string = _decoder.scanstring
_PARTS: Final = r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s"{}\[\],:]+'


class Member(NamedTuple):
    """A member of an object or an item of an array, in offsets."""

    name: str
    """Empty for an item."""
    key_start: int
    """-1 for an item."""
    key_end: int
    start: int
    end: int


def outline(text: str) -> dict[int, list[Member]]:
    """Each object and array of a valid JSON text by its first offset: what it holds, repeated names included."""
    collections: dict[int, list[Member]] = {}
    around: list[tuple[int, tuple[str, int, int] | None]] = []
    opened = -1
    key: tuple[str, int, int] | None = None
    for token in re.compile(_PARTS).finditer(text):
        start, end = token.span()
        first = text[start]
        if first in "{[":
            around.append((opened, key))
            opened, key = start, None
            collections[start] = []
            continue
        if first in ",:":
            continue
        if first in "}]":
            start = opened
            opened, key = around.pop()
        elif first == '"' and key is None and opened >= 0 and text[opened] == "{":
            key = (_scan_string(text, start + 1)[0], start, end)
            continue
        if opened >= 0:
            collections[opened].append(Member(*(key or ("", -1, -1)), start, end))
        key = None
    return collections


def repeated_names(text: str, root: int) -> list[Repeated]:
    """Every repeated name of a valid JSON text whose value begins at `root`, in the order of the repetitions."""
    collections = outline(text)
    found: list[Repeated] = []
    waiting: list[tuple[Path, int]] = [((), root)]
    while waiting:
        path, start = waiting.pop()
        firsts: dict[str, Member] = {}
        for index, member in enumerate(collections[start]):
            inner: Path = (*path, index if member.key_start < 0 else member.name)
            if member.key_start >= 0:
                first = firsts.get(member.name)
                if first is not None:
                    found.append(Repeated(inner, (first.key_start, first.key_end), (member.key_start, member.key_end)))
                firsts[member.name] = member
            if member.start in collections:
                waiting.append((inner, member.start))
    return sorted(found, key=_again)


def _again(repeated: Repeated) -> tuple[int, int]:
    return repeated.again


def places(text: str, data: Any, root: int) -> dict[int, tuple[int, list[Member]]]:
    """Each collection of the data by identity: where it begins, and its members (of repeated names only the last)."""
    collections = outline(text)
    found: dict[int, tuple[int, list[Member]]] = {}
    waiting: list[tuple[Any, int]] = [(data, root)]
    while waiting:
        container, start = waiting.pop()
        members = collections[start]
        if type(container) is dict:
            last = {member.name: member for member in members}
            members = [last[name] for name in container]
        found[id(container)] = start, members
        values = container.values() if type(container) is dict else container
        waiting.extend(
            (value, member.start)
            for value, member in zip(values, members, strict=True)
            if type(value) is dict or type(value) is list
        )
    return found
