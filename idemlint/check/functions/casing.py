"""`casing`: a text must be written in flat, camel, pascal, kebab, cobol, snake or macro case."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.check.function import RuleContext

_WORDS = {
    "flat": ("[a-z][a-z0-9]*", ""),
    "camel": ("[a-z][a-z0-9]*(?:[A-Z][a-z0-9]+)*", "[A-Z]?"),
    "pascal": ("[A-Z][a-z0-9]*(?:[A-Z][a-z0-9]+)*", "[A-Z]?"),
    "kebab": ("[a-z][a-z0-9]*(?:-[a-z0-9]+)*", ""),
    "cobol": ("[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*", ""),
    "snake": ("[a-z][a-z0-9]*(?:_[a-z0-9]+)*", ""),
    "macro": ("[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*", ""),
}
"""A word, and what may follow the last word only.

The same texts as Spectral's patterns, written so that each has one way to match: Spectral's own for camel and pascal
take exponential time on `a000...0!`, since a digit may both continue a run and begin one.
"""


def run(target: Any, options: Any, _context: RuleContext) -> tuple[Issue, ...]:
    if not isinstance(target, str) or not target:
        return ()
    separator = options.get("separator") or {}
    char, leading = separator.get("char"), separator.get("allowLeading") is True
    if leading and target == char and len(target) == 1:
        return ()
    if _matcher(options["type"], options.get("disallowDigits") is True, char, leading)(target):
        return ()
    return (Issue(f"must be {options['type']} case"),)


@lru_cache(maxsize=64)
def _matcher(kind: str, no_digits: bool, char: str | None, leading: bool) -> Callable[[str], object]:
    word, last = _WORDS[kind]
    if no_digits:
        word = word.replace("0-9", "")
    if char is None:
        return re.compile(word + last).fullmatch
    if not char:  # Spectral's character class is empty then, and matches nothing
        return re.compile(word + last).fullmatch
    if char.isalnum() or char in "-_":
        # A separator that words may hold too: several ways to match, so not for a backtracking engine.
        from idemlint.openapi.ecma_regex import compile_pattern

        between = "-" if char == "-" else char
        prefix = f"[{between}]?" if leading else ""
        return compile_pattern(f"^{prefix}{word}(?:[{between}]{word})*{last}$").search
    between = re.escape(char)
    return re.compile(
        f"(?:{between})?{word}(?:{between}{word})*{last}" if leading else f"{word}(?:{between}{word})*{last}"
    ).fullmatch


FUNCTION = Function(
    "casing",
    run,
    {
        "required": ["type"],
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": list(_WORDS)},
            "disallowDigits": {"type": "boolean"},
            "separator": {
                "type": "object",
                "required": ["char"],
                "additionalProperties": False,
                "properties": {"char": {"type": "string", "maxLength": 1}, "allowLeading": {"type": "boolean"}},
            },
        },
        "additionalProperties": False,
    },
)
