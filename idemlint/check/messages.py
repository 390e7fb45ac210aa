"""Placeholders in messages, as Spectral fills them, and how it prints paths.

`{{error}}`, `{{description}}`, `{{path}}`, `{{property}}` and `{{value}}` stand for those texts; `#{{...}}` holds an
expression: `print("property")`, `print("value")`, names, literals, `name.member`, `.toUpperCase()`, `concat(...)`,
joined by `+` (which always joins texts, as it does there). Spectral's expression library knows arithmetic and
conditions, too; no public ruleset was seen to use them, and here such a placeholder becomes empty, as a broken one does
there.
"""

from __future__ import annotations

import re
from functools import lru_cache

from idemlint.check.function import UNDEFINED
from idemlint.check.javascript import WHITESPACE, print_value, to_number, to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

_DISALLOWED = ("constructor", "process", "require", "global", "mainModule", "fs", "child_process")
_TOKENS = r"""\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([0-9]+(?:\.[0-9]+)?)|([A-Za-z_$][\w$]*)|(\|\||[(),.]))"""
_BLANKS = frozenset(WHITESPACE)
_PLACEHOLDER = re.compile(r"(#?)\{\{([^}\n]+)\}\}")
_PRINTED = {f"print({quote}{what}{quote})": what for quote in "\"'" for what in ("property", "value")}
"""The expressions of nearly every rule, which need no parser."""
_DEEPEST = 50


def interpolate(
    template: str,
    *,
    property: str | int = "",  # noqa: A002 -- Spectral's name
    error: str = "",
    path: str = "",
    description: str | None = None,
    value: Any = UNDEFINED,
) -> str:
    """The template with its placeholders filled. `path` is printed already (see `print_pointer`)."""
    if "{{" not in template:
        return template
    names = {"property": property, "error": error, "path": path, "description": description, "value": value}

    def fill(match: re.Match[str]) -> str:
        name = match[2]
        if match[1]:
            return _evaluate(name.strip(), names)
        return to_text(names[name]) if name in names else ""

    return _PLACEHOLDER.sub(fill, template)


@lru_cache(maxsize=256)
def of_property(error: str, message: str | None, name: str | int, description: str | None) -> str:
    """A rule's message that tells neither path nor value. Remembered: one rule says the same of a whole document."""
    for template in (error, message):
        if template is not None:
            error = interpolate(template, property=name, error=error, description=description)
    return error.strip()


class _BrokenExpressionError(Exception):
    pass


def _evaluate(expression: str, names: dict[str, Any]) -> str:
    printed = _PRINTED.get(expression)
    if printed is not None:
        return _call("print", [printed], names)
    try:
        tokens = _tokens(expression)
        arguments, end = _arguments(tokens, 0, names, 0)
    except _BrokenExpressionError:
        return ""
    return "".join(map(to_text, arguments)) if end == len(tokens) and arguments else ""


@lru_cache(maxsize=256)
def _tokens(expression: str) -> tuple[tuple[int, str], ...]:
    """Kinds: 1 text, 2 number, 3 name, 4 punctuation. Remembered: one rule says the same of a whole document."""
    if any(word in expression for word in _DISALLOWED):
        raise _BrokenExpressionError
    expression = re.sub(r"(\S+)\.toUpperCase\(\)", r"toUpperCase(\1)", expression)
    expression = re.sub(r"\s*\+\s*", ",", expression).rstrip()
    pattern = re.compile(_TOKENS)
    tokens = []
    position = 0
    while position < len(expression):
        found = pattern.match(expression, position)
        if found is None or found.lastindex is None:
            raise _BrokenExpressionError
        position = found.end()
        tokens.append((found.lastindex, found[found.lastindex]))
    return tuple(tokens)


def _arguments(
    tokens: Sequence[tuple[int, str]], index: int, names: dict[str, Any], depth: int
) -> tuple[list[Any], int]:
    """Terms between commas, up to a closing parenthesis or the end."""
    arguments: list[Any] = []
    if depth > _DEEPEST:
        raise _BrokenExpressionError
    while index < len(tokens) and tokens[index][1] != ")":
        if arguments:
            if tokens[index] != (4, ","):
                raise _BrokenExpressionError
            index += 1
        value, index = _term(tokens, index, names, depth)
        while index < len(tokens) and tokens[index] == (4, "||"):
            right, index = _term(tokens, index + 1, names, depth)
            value = to_text(value) + to_text(right)
        arguments.append(value)
    return arguments, index


def _term(tokens: Sequence[tuple[int, str]], index: int, names: dict[str, Any], depth: int) -> tuple[Any, int]:
    if index >= len(tokens):
        raise _BrokenExpressionError
    kind, text = tokens[index]
    called = index + 1 < len(tokens) and tokens[index + 1] == (4, "(")
    value: Any
    if kind == 1:
        value, index = re.sub(r"\\(.)", r"\1", text[1:-1]), index + 1
    elif kind == 2:
        value, index = to_number(text), index + 1
    elif text == "(" or (kind == 3 and called):
        arguments, index = _arguments(tokens, index + (2 if kind == 3 else 1), names, depth + 1)
        if index >= len(tokens) or not arguments:
            raise _BrokenExpressionError
        value, index = (_call(text, arguments, names) if kind == 3 else arguments[-1]), index + 1
    elif kind == 3 and names.get(text, UNDEFINED) is not UNDEFINED:
        value, index = names[text], index + 1
    elif text in {"true", "false"}:
        value, index = text == "true", index + 1
    else:
        raise _BrokenExpressionError
    return _member(tokens, index, value)


def _member(tokens: Sequence[tuple[int, str]], index: int, value: Any) -> tuple[Any, int]:
    """`.name`, as often as it stands behind a value."""
    while index + 1 < len(tokens) and tokens[index] == (4, ".") and tokens[index + 1][0] == 3:
        if value is None or value is UNDEFINED:
            raise _BrokenExpressionError
        value = value.get(tokens[index + 1][1], UNDEFINED) if isinstance(value, dict) else UNDEFINED
        index += 2
    return value, index


def _call(function: str, arguments: list[Any], names: dict[str, Any]) -> str:
    if function == "toUpperCase":
        return to_text(arguments[0]).upper()
    if function == "concat":
        return "".join(map(to_text, arguments))
    if function != "print":
        raise _BrokenExpressionError
    what = arguments[0]
    if what == "property":
        name = names["property"]
        return "The document " if name == "" else f'"{name}" property '
    if what == "value":
        return "undefined" if names["value"] is UNDEFINED else print_value(names["value"])
    found = names.get(what) if isinstance(what, str) else None
    return "" if found is None else to_text(found)


def print_pointer(path: Iterable[str | int]) -> str:
    """A path as `{{path}}` shows it: `#/paths/~1payments/post`, with whatever a URI does not allow percent-encoded."""
    parts = []
    for part in path:
        text = str(part)
        if not text.isalnum() or not text.isascii():
            text = text.replace("~1", "/").replace("~0", "~").replace("~", "~0").replace("/", "~1")
            if re.search(r"[^A-Za-z0-9_.!~*'()/–-]", text):
                text = _encode(text)
        parts.append(text)
    return "#/" + "/".join(parts) if parts else "#"


def _encode(text: str) -> str:
    from urllib.parse import quote

    # Spectral's own class leaves en dashes alone, and a lone surrogate has no UTF-8.
    return "".join(
        char if char == "–" or "\ud800" <= char <= "\udfff" else quote(char, safe="/_.!~*'()-") for char in text
    )


def print_dotted(path: Iterable[str | int]) -> str:
    """A path with dots and brackets: `paths./payments.post.parameters[0]`."""
    printed = ""
    for index, part in enumerate(path):
        if isinstance(part, int):
            printed += f"[{part}]"
        else:
            step = _bracketed(part)
            printed += step or (f".{part}" if index else part)
    return printed.replace("~1", "/").replace("~0", "~")


@lru_cache(maxsize=1024)
def _bracketed(name: str) -> str:
    """How a name that does not go behind a dot is printed; empty for any other."""
    if not name or not _BLANKS.isdisjoint(name):
        return f"['{name}']"
    return f"[{name}]" if to_number(name) is not None else ""
