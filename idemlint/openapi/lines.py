"""Offsets in a text to lines and characters."""

from __future__ import annotations

from bisect import bisect_right

from idemlint.findings import Position
from idemlint.named_tuple import NamedTuple, maker

YAML_BREAKS = "\r\x85\u2028\u2029"
"""Line breaks of YAML 1.1 besides the line feed; libyaml counts lines by them. CR LF is one break."""
JSON_BREAKS = "\r"
_FAR = 2048
"""A place so far behind the nearest known one is worth remembering."""

_position = maker(Position)


class SplitText(NamedTuple):
    """The lines of a text, without their breaks."""

    lines: list[str]
    break_size: int
    """How many characters a line break takes."""
    terminated: bool
    """Whether the last line ends in a break."""

    @property
    def end(self) -> tuple[int, int]:
        """Line and column of the text's end."""
        return (len(self.lines), 0) if self.terminated else (len(self.lines) - 1, len(self.lines[-1]))


def one_kind_of_break(text: str) -> SplitText | None:
    """The lines of a text in which every break is LF, or every one CR LF; None for a mixture."""
    size = 1
    if "\r" in text:
        size = 2
        pairs = text.count("\r\n")
        if text.count("\r") != pairs or text.count("\n") != pairs:
            return None
        text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    terminated = not lines[-1]
    if terminated:
        lines.pop()
    return SplitText(lines, size, terminated)


class LineTable:
    """Lines counted as far as they are asked for, from the nearest place that is known already."""

    def __init__(self, text: str, *, breaks: str = YAML_BREAKS) -> None:
        self._text = text
        self._plain = not any(character in text for character in breaks)
        self._breaks = breaks
        self._starts: list[int] = []
        self._offsets = [0]
        self._known = [(0, 0)]
        """Of each of `_offsets`: its line, and where that begins."""
        self._last = (0, 0, -1)
        """The line of the last answer, where it begins and ends: the next question is often about the same."""

    def position(self, offset: int) -> Position:
        line, start, end = self._last
        if start <= offset <= end:
            return _position((line, offset - start))
        if not self._plain:
            return self._in_table(offset)
        offsets, text = self._offsets, self._text
        nearest = bisect_right(offsets, offset) - 1
        base = offsets[nearest]
        line, start = self._known[nearest]
        following = nearest + 1
        if following < len(offsets) and offsets[following] - offset < offset - base:
            base = offsets[following]
            line = self._known[following][0] - text.count("\n", offset, base)
            start = text.rfind("\n", 0, offset) + 1
        elif breaks := text.count("\n", base, offset):
            line += breaks
            start = text.rfind("\n", base, offset) + 1
        if abs(offset - base) > _FAR:
            offsets.insert(following, offset)
            self._known.insert(following, (line, start))
        end = text.find("\n", offset)
        self._last = (line, start, end if end >= 0 else len(text))
        return _position((line, offset - start))

    def _in_table(self, offset: int) -> Position:
        starts = self._table()
        line = bisect_right(starts, offset) - 1
        return Position(line, offset - starts[line])

    def _table(self) -> list[int]:
        """The start of each line. Only texts with other line breaks than the line feed need it."""
        if not self._starts:
            import re

            ends = (match.end() for match in re.finditer(f"\r\n|[\n{self._breaks}]", self._text))
            self._starts = [0, *ends]
        return self._starts

    def offset(self, line: int, character: int) -> int:
        """The inverse of `position`; the text's end for a line that is not there."""
        starts = self._table()
        return starts[line] + character if line < len(starts) else len(self._text)
