"""Offsets in a text to lines and characters."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from idemlint.findings import Position

YAML_BREAKS = "\r\x85\u2028\u2029"
"""Line breaks of YAML 1.1 besides the line feed; libyaml counts lines by them. CR LF is one break."""
JSON_BREAKS = "\r"


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
        self._starts: list[int] = [] if self._plain else [0]
        self._offsets = [0]
        self._lines = [0]

    def position(self, offset: int) -> Position:
        if not self._plain:
            return self._in_table(offset)
        offsets, text = self._offsets, self._text
        known = bisect_right(offsets, offset) - 1
        line = self._lines[known] + text.count("\n", offsets[known], offset)
        start = text.rfind("\n", 0, offset) + 1
        if line != self._lines[known]:
            offsets.insert(known + 1, start)
            self._lines.insert(known + 1, line)
        return Position(line, offset - start)

    def _in_table(self, offset: int) -> Position:
        starts = self._table()
        line = bisect_right(starts, offset) - 1
        return Position(line, offset - starts[line])

    def _table(self) -> list[int]:
        """The start of each line. Only texts with other line breaks than the line feed need it."""
        if len(self._starts) <= 1:
            import re

            ends = (match.end() for match in re.finditer(f"\r\n|[\n{self._breaks}]", self._text))
            self._starts = [0, *ends]
        return self._starts

    def offset(self, line: int, character: int) -> int:
        """The inverse of `position`; the text's end for a line that is not there."""
        starts = self._table()
        return starts[line] + character if line < len(starts) else len(self._text)
