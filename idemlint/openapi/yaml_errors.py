"""libyaml's terse refusals in plain words, each with a mend."""

from __future__ import annotations

from typing import Any, Final

from idemlint.errors import DocumentError
from idemlint.findings import Position

_PLAIN_WORDS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "mapping values are not allowed",
        "a `:` starts a value where none can stand",
        "quote text that holds `: `, and check the indentation of this line and the one above",
    ),
    (
        "could not find expected ':'",
        "this line is no `key: value`",
        "add the missing `:`, or indent the line if it continues the text above",
    ),
    (
        "did not find expected key",
        "this does not fit into the mapping that it stands in",
        "line it up with the keys above, or quote the text if it holds quotes or `#`",
    ),
    (
        "did not find expected '-' indicator",
        "this does not fit into the list that it stands in",
        "line it up with the `-` of the items above",
    ),
    (
        "did not find expected <document start>",
        "something stands behind the document's end",
        "indent it, or remove what precedes it at the margin",
    ),
    (
        "block sequence entries are not allowed",
        "a list cannot begin here",
        "put the first `-` on a line of its own below the key",
    ),
    (
        "block mapping is not allowed",
        "a mapping cannot begin here",
        "put it on a line of its own, indented",
    ),
    (
        "found character that cannot start any token",
        "this character cannot begin a value",
        "indent with spaces instead of tabs, and quote text that begins with @, ` or %",
    ),
    ("found a tab character", "a tab stands where only spaces may indent", "replace the tab by spaces"),
    (
        "found unexpected end of stream",
        "the file ends inside a quoted text or bracket",
        "close it, or fetch the whole file if it was cut off",
    ),
    (
        "found unexpected document indicator",
        "a `---` or `...` stands inside a quoted text",
        "close the quote, or indent",
    ),
    (
        "did not find expected ',' or ']'",
        "this list in brackets is not closed",
        "add the missing `,` or `]`",
    ),
    (
        "did not find expected ',' or '}'",
        "this mapping in braces is not closed",
        "add the missing `,` or `}`, or quote text that begins with {",
    ),
    (
        "did not find expected node content",
        "a value is missing here",
        "quote text that begins with a special character",
    ),
    (
        "found invalid Unicode character escape code",
        "an escape names no character",
        "YAML has no surrogate pairs: write the character itself, or \\U and eight digits",
    ),
    (
        "found unknown escape character",
        "a backslash escapes a character that has no meaning",
        "double the backslash, or use single quotes",
    ),
    (
        "did not find expected hexdecimal number",
        "an escape lacks hexadecimal digits",
        "double the backslash, or use single quotes",
    ),
    ("found undefined tag handle", "a tag uses a handle that was not declared", "quote text that begins with `!`"),
    (
        "did not find expected alphabetic or numeric character",
        "a `*` or `&` begins an alias or anchor, but no name follows",
        "quote text that begins with * or &",
    ),
    ("found incompatible YAML document", "this version of YAML is not known", "remove the %YAML line"),
)


def refusal(error: Any, source: str) -> DocumentError:
    """The DocumentError for an exception of PyYAML's."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    mark = getattr(error, "problem_mark", None)
    context = getattr(error, "context_mark", None)
    begun = f", begun in line {context.line + 1}" if mark and context and context.line != mark.line else ""
    position = Position(mark.line, mark.column) if mark else None
    for terse, message, hint in _PLAIN_WORDS:
        if terse in problem:
            return DocumentError(f"{message} (YAML: {problem}{begun})", source=source, position=position, hint=hint)
    return DocumentError(f"the YAML cannot be read: {problem}{begun}", source=source, position=position)
