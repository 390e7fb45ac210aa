"""Scalars of YAML as `block_yaml` meets them: quoted ones, folded and literal blocks, plain text over several lines.

Each function gives None (or -1) where libyaml had better decide.
"""

from __future__ import annotations

import re
from functools import lru_cache

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_SIMPLE_ESCAPES: Final = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b", " ": " ",
    '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX_DIGITS: Final = {"x": 2, "u": 4, "U": 8}


class Quoted(NamedTuple):
    """A quoted scalar on one line."""

    value: str
    end: int
    """Just behind the closing quote."""


def quoted(line: str, start: int) -> Quoted | None:
    """The quoted scalar whose quote stands at `start`; None when it goes on in the next line, or is broken."""
    quote = line[start]
    if quote == "'":
        end = line.find("'", start + 1)
        while end >= 0 and line[end + 1 : end + 2] == "'":
            end = line.find("'", end + 2)
        return None if end < 0 else Quoted(line[start + 1 : end].replace("''", "'"), end + 1)
    end = line.find('"', start + 1)
    if "\\" not in line[start:]:
        return None if end < 0 else Quoted(line[start + 1 : end], end + 1)
    while end >= 0 and _is_escaped(line, end):
        end = line.find('"', end + 1)
    if end < 0:
        return None
    value = unescape(line[start + 1 : end])
    return None if value is None else Quoted(value, end + 1)


def _is_escaped(line: str, at: int) -> bool:
    first = at
    while first and line[first - 1] == "\\":
        first -= 1
    return (at - first) % 2 == 1


@lru_cache(maxsize=1)
def _escapes() -> re.Pattern[str]:
    return re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.?)")


def unescape(text: str) -> str | None:
    """The text between double quotes; None for an escape that is none, or one of a surrogate."""
    if "\\" not in text:
        return text
    parts = []
    position = 0
    for found in _escapes().finditer(text):
        parts.append(text[position : found.start()])
        position = found.end()
        code = found[1]
        if len(code) > 1:
            number = int(code[1:], 16)
            if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF:
                return None
            parts.append(chr(number))
        elif code in _SIMPLE_ESCAPES:
            parts.append(_SIMPLE_ESCAPES[code])
        else:
            return None
    parts.append(text[position:])
    return "".join(parts)


class Block(NamedTuple):
    """A scalar that takes up several lines."""

    value: str
    next_line: int
    """The line behind it."""
    end_line: int
    end_column: int


def block(lines: list[str], number: int, header: str, level: int) -> Block | None:
    """The `|` or `>` scalar whose header (indicator, chomping, comment) stands at the end of line `number`.

    YAML 1.2.2, section 8.1. `level` is the indentation of the collection that it belongs to.
    """
    style, chomping = header[0], header[1:2]
    rest = header[2:] if chomping in {"-", "+"} else header[1:]
    if rest.lstrip(" ")[:1] not in {"", "#"} or (rest and rest[0] != " "):
        return None  # an indentation indicator, or something that does not belong there
    count = len(lines)
    first = number + 1
    while first < count and not lines[first].strip(" "):
        first += 1
    if first == count:
        return None
    line = lines[first]
    indentation = len(line) - len(line.lstrip(" "))
    if indentation <= level or (not indentation and line[:3] in {"---", "..."}):
        return None  # nothing in it
    if any(len(blank) > indentation for blank in lines[number + 1 : first]):
        return None
    margin = " " * indentation
    content = [""] * (first - number - 1)
    end = first
    at = first
    while at < count:
        line = lines[at]
        if line.startswith(margin):
            content.append(line[indentation:])
            if len(line) > indentation:
                end = at + 1
        elif not line.strip(" "):
            content.append("")
        else:
            break
        at += 1
    if at < count and len(line) - len(line.lstrip(" ")) > level:
        return None  # less indented than its first line, but not enough to end it
    kept = content[: end - number - 1]
    trailing = content[end - number - 1 :]
    if any(trailing):
        return None
    breaks = at - end + 1
    ending = {"+": "\n" * breaks, "-": ""}.get(chomping, "\n")
    text = "\n".join(kept) if style == "|" else _fold(kept)
    return Block(text + ending, at, at - 1, len(lines[at - 1]))


def _fold(content: list[str]) -> str:
    """Lines of a `>` scalar: a single break between two lines of text is a space, unless one of them is indented."""
    text = ""
    blank = 0
    previous: str | None = None
    for line in content:
        if not line:
            blank += 1
            continue
        if previous is None:
            text = "\n" * blank
        elif previous[0] in " \t" or line[0] in " \t":
            text += "\n" * (blank + 1)
        else:
            text += "\n" * blank if blank else " "
        text += line
        previous, blank = line, 0
    return text


def plain_continuation(lines: list[str], number: int, level: int) -> Block | None:
    """The lines from `number` on that continue plain text: deeper than `level`, up to what ends it.

    The value is what they add, separators included (section 7.3.3).
    """
    count = len(lines)
    margin = " " * (level + 1)
    added = ""
    breaks = 0
    end_line = -1
    while number < count:
        line = lines[number]
        text = line.strip(" ")
        if not text:
            breaks += 1
        elif line.startswith(margin):
            added += ("\n" * breaks if breaks else " ") + text
            end_line = number
            breaks = 0
        else:
            break
        number += 1
    if end_line < 0 or ": " in added or added[-1] == ":" or " #" in added or ":\n" in added or "\n#" in added:
        return None  # a key, or a comment
    return Block(added, number, end_line, len(lines[end_line].rstrip(" ")))


def quoted_lines(lines: list[str], number: int, start: int, level: int) -> Block | None:
    """A quoted scalar that begins at `start` of line `number` and ends in a later one (sections 7.3.1 and 7.3.2)."""
    quote = lines[number][start]
    line = lines[number][start + 1 :]
    raw = joint = ""
    for at in range(number, len(lines)):
        if at > number:
            line = lines[at].lstrip(" ")
            if line and (len(lines[at]) - len(line) <= level or lines[at][:3] in {"---", "..."}):
                return None
        end = _closing(line, quote)
        if end >= 0:
            rest = line[end + 1 :].lstrip(" ")
            if rest and (rest[0] != "#" or line[end + 1] != " "):
                return None
            raw += joint + line[:end]
            value = raw.replace("''", "'") if quote == "'" else unescape(raw)
            column = len(lines[at]) - len(line) + end + 1
            return None if value is None else Block(value, at + 1, at, column)
        if not line.strip(" ") and at > number:
            joint = "\n" if joint == " " else joint + "\n"
            continue
        raw += joint
        if quote == '"' and _is_escaped(line, len(line)):
            raw, joint = raw + line[:-1], ""
        else:
            text = line.rstrip(" ")
            if quote == '"' and _is_escaped(text, len(text)):
                return None  # an escaped space at the end of a line
            raw, joint = raw + text, " "
    return None


def _closing(line: str, quote: str) -> int:
    end = line.find(quote)
    if quote == "'":
        while end >= 0 and line[end + 1 : end + 2] == "'":
            end = line.find("'", end + 2)
    else:
        while end >= 0 and _is_escaped(line, end):
            end = line.find('"', end + 1)
    return end


def begins_with_quoted_key(content: str) -> bool:
    """Whether a quoted scalar is a key: its colon follows at once."""
    found = quoted(content, 0)
    return found is not None and content[found.end : found.end + 2] in {": ", ":"}


def nothing_follows(line: str, end: int) -> bool:
    """Whether only white space or a comment stands behind `end`."""
    rest = line[end:]
    stripped = rest.lstrip(" ")
    return not stripped or (stripped[0] == "#" and rest[0] == " ")
