"""How many columns of a terminal a text takes, and one line of a document made ready to be shown with a caret below."""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TAB = 4
"""Columns between tab stops."""


def width(text: str) -> int:
    """Columns of printable text: East Asian wide characters take two, combining marks and joiners none."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if character < "\u0300":
        return 1
    import unicodedata

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Excerpt(NamedTuple):
    """A line and the columns (from 0, the end excluded) that are to be underlined."""

    text: str
    start: int
    end: int


def excerpt(line: str, start: int, end: int, columns: int, *, ellipsis: str = "…") -> Excerpt:
    """`line` (no line break) with characters `start` to `end` marked, cut to `columns` around the mark.

    Tabs become blanks, control characters their escapes, so the mark is worked out character by character. It is at least
    one column wide, and may stand just behind the last character.
    """
    start = min(max(start, 0), len(line))
    end = max(min(end, len(line)), start)
    cells = _cells(line, start, end, columns)
    first, text, offset = cells
    before = sum(width(cell) for cell in text[: start - first])
    marked = sum(width(cell) for cell in text[start - first : end - first])
    shown = "".join(text)
    if offset == 0 and width(shown) <= columns and first + len(text) == len(line):
        return Excerpt(shown, before, before + max(marked, 1))
    return _cut(
        text, before, max(marked, 1), columns, ellipsis, cut_left=first > 0, cut_right=first + len(text) < len(line)
    )


def _cells(line: str, start: int, end: int, columns: int) -> tuple[int, list[str], int]:
    """What each character looks like. Of a line of megabytes only the neighbourhood of the mark is looked at."""
    from idemlint.reporters.escaping import terminal

    first = max(0, start - columns) if len(line) > 4 * columns else 0
    last = min(len(line), min(end, start + 2 * columns) + columns) if len(line) > 4 * columns else len(line)
    cells = []
    column = 0
    for character in line[first:last]:
        cell = " " * (TAB - column % TAB) if character == "\t" else terminal(character)
        cells.append(cell)
        column += width(cell)
    return first, cells, first


def _cut(
    cells: list[str], before: int, marked: int, columns: int, ellipsis: str, *, cut_left: bool, cut_right: bool
) -> Excerpt:
    """A window of `columns` with the mark's beginning in it, and an ellipsis where something is left out."""
    room = max(columns - 2 * len(ellipsis), 10)
    left = 0 if before + min(marked, room) <= room and not cut_left else max(0, before - room // 3)
    shown, column, taken, skipped = [], 0, 0, 0
    for cell in cells:
        wide = width(cell)
        if column < left:
            skipped = column + wide
        elif taken + wide <= room:
            shown.append(cell)
            taken += wide
        else:
            cut_right = True
            break
        column += wide
    head = ellipsis if skipped or cut_left else ""
    tail = ellipsis if cut_right else ""
    start = len(head) + max(before - skipped, 0)
    text = f"{head}{''.join(shown)}{tail}"
    return Excerpt(text, start, max(start + 1, min(start + marked, len(head) + taken)))


def wrap(text: str, columns: int) -> list[str]:
    """Words in lines of at most `columns`; a word that is longer keeps a line of its own."""
    if width(text) <= columns:
        return [text]
    lines, current = [], ""
    for word in text.split(" "):
        longer = f"{current} {word}" if current else word
        if current and width(longer) > columns:
            lines.append(current)
            current = word
        else:
            current = longer
    return [*lines, current] if current else lines
