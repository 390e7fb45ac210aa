"""The tokens of a JavaScript expression inside `[?( )]` or `[( )]`."""

from __future__ import annotations

from typing import Any, Final

from idemlint.check.selectors.syntax import SelectorError
from idemlint.named_tuple import NamedTuple

NUMBER, STRING, REGEX, NAME, OPERATOR, END = range(6)

MAX_TOKENS: Final = 2_000

_OPERATORS: Final = (
    ("===", "!==", "..."),
    ("=~", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "~=", "=>", "++", "--", "<<", ">>", "**"),
    tuple("!<>+-*/%()[],.?:=&|^~{};`"),
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_REFUSED: Final = {
    "=": "one `=` assigns; compare with `===` or `==`",
    "=~": "write @.name.match(/…/)",
    "&": "write `&&`",
    "|": "write `||`",
    "=>": "functions cannot be written in a filter",
    "`": "write texts as '…', not as template strings",
    "{": "objects and blocks cannot be written in a filter",
    ";": "a filter is one expression, without `;`",
}
_DEPTH: Final = {"(": 1, ")": -1}
_OPERANDS_END: Final = frozenset((")", "]"))


class Token(NamedTuple):
    kind: int
    value: Any
    offset: int


def read_tokens(text: str, start: int, end: int) -> tuple[list[Token], int]:
    """The tokens from `start` to the `)` that closes what was open there, and that parenthesis' offset.

    Raise SelectorError when it is never closed, or at what is no JavaScript.
    """
    tokens: list[Token] = []
    offset = start
    depth = 0
    while offset < end:
        character = text[offset]
        if character.isspace():
            offset += 1
            continue
        if len(tokens) >= MAX_TOKENS:
            raise SelectorError(f"the filter is too long: more than {MAX_TOKENS} tokens", offset)
        begin = offset
        if character in "'\"":
            value, offset = _string(text, offset, end)
            tokens.append(Token(STRING, value, begin))
        elif character.isdecimal() or (character == "." and text[offset + 1 : offset + 2].isdecimal()):
            number, offset = _number(text, offset, end)
            tokens.append(Token(NUMBER, number, begin))
        elif character == "/" and not _after_operand(tokens):
            regex, offset = _regex(text, offset, end)
            tokens.append(Token(REGEX, regex, begin))
        elif character.isalpha() or character in "_$@":
            offset = _name_end(text, offset + 1, end)
            tokens.append(Token(NAME, text[begin:offset], begin))
        else:
            operator = _operator(text, offset)
            offset += len(operator)
            depth += _DEPTH.get(operator, 0)
            if depth < 0:
                tokens.append(Token(END, None, begin))
                return tokens, begin
            tokens.append(Token(OPERATOR, operator, begin))
    raise SelectorError("`(` is never closed", start - 1)


def _name_end(text: str, offset: int, end: int) -> int:
    while offset < end and (text[offset].isalnum() or text[offset] in "_$@"):
        offset += 1
    return offset


def _after_operand(tokens: list[Token]) -> bool:
    if not tokens:
        return False
    kind, value, _ = tokens[-1]
    return value in _OPERANDS_END if kind == OPERATOR else value not in {"typeof", "void", "in"}


def _operator(text: str, offset: int) -> str:
    for length, operators in zip((3, 2, 1), _OPERATORS, strict=True):
        operator = text[offset : offset + length]
        if operator in operators:
            if operator in _REFUSED:
                raise SelectorError(f"`{operator}` has no place here: {_REFUSED[operator]}", offset)
            return operator
    raise SelectorError(f"`{text[offset]}` has no meaning in a filter", offset)


def _string(text: str, start: int, end: int) -> tuple[str, int]:
    quote = text[start]
    parts: list[str] = []
    offset = start + 1
    while offset < end:
        character = text[offset]
        if character == quote:
            return "".join(parts), offset + 1
        if character == "\\":
            offset += 1
            escaped = text[offset : offset + 1]
            digits = text[offset + 1 : offset + 5]
            if escaped == "u" and len(digits) == 4 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
                parts.append(chr(int(digits, 16)))
                offset += 5
                continue
            parts.append(_ESCAPES.get(escaped, escaped))
        else:
            parts.append(character)
        offset += 1
    raise SelectorError(f"the string that begins here is never closed with {quote}", start)


def _number(text: str, start: int, end: int) -> tuple[int | float, int]:
    offset = start
    while offset < end and (
        text[offset].isalnum() or text[offset] == "." or (text[offset] in "+-" and text[offset - 1] in "eE")
    ):
        offset += 1
    raw = text[start:offset]
    try:
        if raw[:2] in {"0x", "0X"}:
            return int(raw, 16), offset
        return (int(raw) if raw.isdecimal() else float(raw)), offset
    except ValueError:
        raise SelectorError(f"`{raw}` is no number", start) from None


def _regex(text: str, start: int, end: int) -> tuple[tuple[str, str], int]:
    offset = start + 1
    in_class = False
    while offset < end:
        character = text[offset]
        if character == "\\":
            offset += 1
        elif character == "[":
            in_class = True
        elif character == "]":
            in_class = False
        elif character == "/" and not in_class:
            source = text[start + 1 : offset]
            offset += 1
            flags = offset
            while offset < end and text[offset].isalpha():
                offset += 1
            return (source, text[flags:offset]), offset
        offset += 1
    raise SelectorError("the regular expression that begins here is never closed with `/`", start)
