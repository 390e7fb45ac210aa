"""JSON by the standard library's C scanner, in one go (RFC 8259; of repeated names the last counts)."""

from __future__ import annotations

import json
import re
import sys
from json import decoder
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import DocumentError
from idemlint.openapi.json_layout import JsonLayout
from idemlint.openapi.layout import Loaded, find_references
from idemlint.openapi.limits import BeyondLimitsError
from idemlint.openapi.lines import JSON_BREAKS, LineTable

if TYPE_CHECKING:
    from idemlint.openapi.limits import Limits

_decoder: Any = decoder  # the parts that the type stubs leave out
_blank = _decoder.WHITESPACE.match  # its pattern matches everywhere
_ESCAPES: Final = r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\."
"""A surrogate pair, a lone surrogate, or any other escape."""
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"{}[]"))


class _Refused(Exception):  # noqa: N818
    """Something that the standard decoder lets pass."""


def load(text: str, source: str, limits: Limits) -> Loaded:
    """Raises DocumentError for what is no JSON text or beyond the limits."""
    if "\\" in text:
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

    start = _blank(text, 0).end()
    try:
        scan = _decoder.JSONDecoder(object_pairs_hook=build, parse_constant=_refuse_constant).scan_once
        data, end = scan(text, start)
        if _blank(text, end).end() != len(text):
            raise _Refused  # noqa: TRY301
    except (_Refused, StopIteration, ValueError, RecursionError):
        data = _judge(text, source, limits)
        end = len(text.rstrip(" \t\r\n"))
        references = find_references(data)
    if len(text) // 2 > limits.max_nodes and _holds_more_than(data, limits.max_nodes):
        raise BeyondLimitsError(
            f"the document holds more than {limits.max_nodes} nodes",
            source=source,
            hint="raise the limit if that is meant",
        )
    if _may_nest_deeper(text, limits.max_depth) and _deeper_than(data, limits.max_depth):
        raise too_deep(source, limits)
    layout.note_root(data, start, end)
    if repeated:  # what a repeated name replaced may have held references
        references = find_references(data)
        return Loaded(data, references, layout.repeated(), layout)
    return Loaded(data, references, [], layout)


def _without_lone_surrogates(text: str) -> str:
    """Escapes of half a character, which no output could encode, become the replacement character. Offsets stay."""
    if not re.search(r"\\u[dD][89a-fA-F]", text):
        return text

    def mend(found: re.Match[str]) -> str:
        return "\\ufffd" if found[1] else found[0]

    return re.sub(_ESCAPES, mend, text)


def _refuse_constant(name: str) -> Any:
    raise _Refused(name)


def _may_nest_deeper(text: str, depth: int) -> bool:
    """False where brackets alone, those in strings included, show that the text cannot nest so deep.

    Innermost pairs are removed until none is left; what then remains stood in strings. A walk over the data takes ten
    times as long, and is left to the rare text that this does not clear.
    """
    brackets = text.encode("utf-8", "surrogatepass").translate(None, _NO_BRACKETS)
    rounds = 0
    while rounds + len(brackets) > depth:
        fewer = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(fewer) == len(brackets) or rounds > depth:
            return True
        # the two calls may remove two levels at once
        brackets, rounds = fewer, rounds + 2
    return False


def too_deep(source: str, limits: Limits) -> DocumentError:
    return BeyondLimitsError(
        f"the document nests deeper than {limits.max_depth} levels",
        source=source,
        hint="raise the limit if that is meant",
    )


def _deeper_than(data: Any, depth: int) -> bool:
    level = [data]
    for _ in range(depth):
        level = [
            value
            for container in level
            for value in (container.values() if type(container) is dict else container)
            if type(value) is dict or type(value) is list
        ]
        if not level:
            return False
    return True


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
