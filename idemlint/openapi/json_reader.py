"""JSON by the standard library's C scanner (RFC 8259; of repeated names the last counts)."""

from __future__ import annotations

import json
import re
import sys
from gc import get_referents
from json import decoder

from idemlint.errors import DocumentError
from idemlint.openapi.json_layout import JsonLayout, behind_blank, blank, scan_string
from idemlint.openapi.layout import Loaded, find_references
from idemlint.openapi.limits import BeyondLimitsError
from idemlint.openapi.lines import JSON_BREAKS, LineTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Final

    from idemlint.openapi.json_layout import RawSlot
    from idemlint.openapi.limits import Limits

_decoder: Any = decoder  # the parts that the type stubs leave out
_ESCAPES: Final = r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\."
"""A surrogate pair, a lone surrogate, or any other escape."""
_SURROGATES: Final = ("ud", "uD")
_SELDOM: Final = 1024
"""Characters from one backslash to the next."""


class _Refused(Exception):  # noqa: N818
    """Something that the standard decoder lets pass."""


def load(text: str, source: str, limits: Limits) -> Loaded:
    """Raises DocumentError for what is no JSON text or beyond the limits."""
    text = _without_lone_surrogates(text)
    layout = JsonLayout(text)
    references: list[dict[str, Any]] = []
    repeated: list[dict[str, Any]] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) != len(pairs):
            repeated.append(mapping)
        if "$ref" in mapping and type(mapping["$ref"]) is str:
            references.append(mapping)
        return mapping

    start = blank(text, 0).end()
    outer = _Outer(text, build)
    try:
        data, end = outer.read(start, ("paths",), 3, limits.max_depth)
        if blank(text, end).end() != len(text):
            raise _Refused  # noqa: TRY301
    except (_Refused, StopIteration, IndexError, ValueError, RecursionError):
        data = _judge(text, source, limits)
        beyond = _deeper_than(data, limits.max_depth)
        end = len(text.rstrip(" \t\r\n"))
        references = find_references(data)
    else:
        beyond = outer.too_deep
        if not repeated:  # what a repeated name replaced is gone, and its identity may be another's
            layout.note_members(outer.members)
    if len(text) // 2 > limits.max_nodes and _holds_more_than(data, limits.max_nodes):
        raise BeyondLimitsError(
            f"the document holds more than {limits.max_nodes} nodes",
            source=source,
            hint="raise the limit if that is meant",
        )
    if beyond:
        raise too_deep(source, limits)
    layout.note_root(data, start, end)
    if repeated:  # what a repeated name replaced may have held references
        references = find_references(data)
        return Loaded(data, references, layout.repeated(), layout)
    return Loaded(data, references, [], layout)


class _Outer:
    """Reads the objects around operations member by member: where those stand is known then, and need not be sought.

    All that is inside them, and all else, is left to the standard library. What it would not take is _Refused, for it to
    say why.
    """

    def __init__(self, text: str, build: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> None:
        self.members: list[tuple[dict[str, Any], dict[str, RawSlot]]] = []
        """The objects, and where their members stand."""
        self.too_deep = False
        self._text = text
        self._build = build
        self._scan = _decoder.JSONDecoder(object_pairs_hook=build, parse_constant=_refuse_constant).scan_once

    def read(self, start: int, names: Sequence[str], levels: int, depth: int) -> tuple[Any, int]:
        """The value at `start` and where it ends; of an object, those in its members called `names` (none: in all).

        `too_deep` tells whether anything nests deeper than `depth`. It is looked at piece by piece, while it lies in the
        processor's cache: all at once at the end takes twice as long.
        """
        text, scan = self._text, self._scan
        if text[start] != "{":
            value, end = scan(text, start)
            self.too_deep = self.too_deep or _deeper_than(value, depth)
            return value, end
        pairs: list[tuple[str, Any]] = []
        slots: dict[str, RawSlot] = {}
        at = blank(text, start + 1).end()
        closed = text[at] == "}"
        while not closed:
            if text[at] != '"':
                raise _Refused
            name, name_end = scan_string(text, at + 1)
            colon = behind_blank(text, name_end)
            if text[colon] != ":":
                raise _Refused
            value_start = blank(text, colon + 1).end()
            if levels > 1 and (not names or name in names):
                value, end = self.read(value_start, (), levels - 1, depth - 1)
            else:
                value, end = scan(text, value_start)
                if levels > 1:
                    self.too_deep = self.too_deep or _deeper_than(value, depth - 1)
            pairs.append((name, value))
            slots[name] = at, name_end, value_start, end
            at = behind_blank(text, end)
            closed = text[at] == "}"
            if not closed:
                if text[at] != ",":
                    raise _Refused
                at = blank(text, at + 1).end()
        mapping = self._build(pairs)
        if levels == 1 or depth < 1:
            self.too_deep = self.too_deep or _deeper_than(mapping, depth)
        self.members.append((mapping, slots))
        return mapping, at + 1


def _without_lone_surrogates(text: str) -> str:
    """Escapes of half a character, which no output could encode, become the replacement character. Offsets stay."""
    at = text.find("\\")
    # to go from one backslash to the next is far faster than a pattern where they are few, and slower where they are many
    for _ in range(len(text) // _SELDOM):
        if at < 0 or text[at + 1 : at + 3] in _SURROGATES:
            break
        at = text.find("\\", at + 2)
    if at < 0 or not re.compile(r"\\u[dD][89a-fA-F]").search(text, at):
        return text

    def mend(found: re.Match[str]) -> str:
        return "\\ufffd" if found[1] else found[0]

    return re.sub(_ESCAPES, mend, text)


def _refuse_constant(name: str) -> Any:
    raise _Refused(name)


def too_deep(source: str, limits: Limits) -> DocumentError:
    return BeyondLimitsError(
        f"the document nests deeper than {limits.max_depth} levels",
        source=source,
        hint="raise the limit if that is meant",
    )


def _deeper_than(data: Any, depth: int) -> bool:
    level = [data]
    # The garbage collector knows what each value holds: a walk in Python takes four times as long.
    for _ in range(depth):
        level = get_referents(*level)
        if not level:
            return False
    return any(type(value) is dict or type(value) is list for value in level)


def _holds_more_than(data: Any, nodes: int) -> bool:
    count = 1
    level = [data] if type(data) in (dict, list) else []
    while level:
        count += sum(map(len, level))
        level = [
            value
            for container in level
            for value in (container.values() if type(container) is dict else container)
            if type(value) is dict or type(value) is list
        ]
    return count > nodes


def _judge(text: str, source: str, limits: Limits) -> Any:
    """The standard decoder's word on a text that was not read: its data, or DocumentError with the place."""
    constants: list[str] = []

    def note_constant(name: str) -> None:
        constants.append(name)

    try:
        data = json.loads(text, parse_constant=note_constant)
    except json.JSONDecodeError as error:
        position = LineTable(text, breaks=JSON_BREAKS).position(error.pos)
        message = f"the JSON cannot be read: {error.msg}"
        raise DocumentError(message, source=source, position=position, hint=_hint(error)) from None
    except RecursionError:
        raise too_deep(source, limits) from None
    except ValueError:
        raise DocumentError(
            f"the JSON holds a number of more than {sys.get_int_max_str_digits()} digits",
            source=source,
            hint="write it as a string",
        ) from None
    if constants:
        raise DocumentError(
            f"the JSON holds {constants[0]}, which is no JSON value", source=source, hint="write null or a string"
        )
    return data


def _hint(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc.rstrip()):
        return "the file ends too early: fetch the whole file if it was cut off"
    if error.msg.startswith("Unterminated string"):
        return "close it with a double quote in the same line, or fetch the whole file if it was cut off"
    if error.msg.startswith("Extra data"):
        return "a file may hold just one JSON value"
    if error.msg.startswith("Expecting property name"):
        return "remove a comma in front of }, and put names in double quotes"
    if error.msg.startswith("Expecting ',' delimiter"):
        return "add the missing comma or closing bracket before this place"
    if error.msg.startswith("Invalid control character"):
        return "write a line break inside a string as \\n and a tab as \\t"
    return ""
