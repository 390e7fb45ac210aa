"""Text from documents is hostile. One function for each kind of place that it may reach."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_BIDI: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the direction of what follows: a terminal or a review page would show another text."""
_INVISIBLE: Final = "\u200b\u2028\u2029\ufeff"

_SHOWN: Final = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))},
    **{ord(character): f"\\u{ord(character):04x}" for character in _BIDI + _INVISIBLE},
    ord("\n"): " ",
    ord("\r"): " ",
    ord("\t"): " ",
}


LONGEST: Final = 4_000
"""Characters of a text that reach a person. GitHub drops annotations and whole pages over what a document can say."""


def terminal(text: str) -> str:
    """One line without anything that a terminal would obey: control characters (C0, C1, DEL), ESC, and bidi overrides
    are shown as escapes, line breaks and tabs become blanks. Cut to `LONGEST`.
    """
    if not (text.isascii() and text.isprintable()):
        text = _surrogates(text.translate(_SHOWN))
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def terminal_lines(text: str) -> str:
    """As `terminal`, but line breaks stay."""
    return _cut("\n".join(map(terminal, _cut(text).split("\n"))))


_IN_JSON: Final = {ord(character): f"\\u{ord(character):04x}" for character in map(chr, _SHOWN) if character >= "\x7f"}


def json_text(text: str) -> str:
    """Finished JSON that says the same, with what a terminal would obey and JSON allows in texts written as escapes."""
    if any(chr(code) in text for code in _IN_JSON):
        text = text.translate(_IN_JSON)
    return text


def _surrogates(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def xml(text: str) -> str:
    """For text and attribute values of XML 1.0: markup escaped, characters that XML cannot hold replaced by U+FFFD."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    if escaped.isascii() and escaped.isprintable():
        return escaped
    return "".join(_xml_character(character) for character in escaped)


def _xml_character(character: str) -> str:
    if character in "\t\n\r":
        return f"&#{ord(character)};"  # attribute values would turn them into blanks
    code = ord(character)
    legal = 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
    return character if legal else "\ufffd"


_MARKDOWN: Final = {ord(character): f"\\{character}" for character in "\\`*_{}[]()#+!|~$"} | {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("@"): "&#64;",  # a name behind it would notify somebody
    ord(":"): "&#58;",  # a URL would become a link, and :name: a picture
    ord("."): "\\.",  # www.example.com links by itself
}


def markdown(text: str) -> str:
    """Plain words in a table cell of GitHub's or GitLab's Markdown: no markup, no HTML, no link, no mention."""
    return terminal(text).translate(_MARKDOWN)


def markdown_code(text: str) -> str:
    """A code span inside a table cell: fenced by more backticks than it holds; a pipe would end the cell even there."""
    shown = terminal(text).replace("|", "\\|")
    longest = run = 0
    for character in shown:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def command_data(text: str) -> str:
    """The message of a GitHub workflow command; `%0A` is a line break there."""
    return _surrogates(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def command_property(text: str) -> str:
    """A property value of a GitHub workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")
