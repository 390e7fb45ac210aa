"""What `a.b`, `a[b]` and `a.b(…)` mean in a filter: members that follow `$ref`, and the built-in methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.check.function import UNDEFINED
from idemlint.check.javascript import WHITESPACE, is_number, is_truthy, strict_equal, to_text, trim, utf16_length
from idemlint.check.selectors.natives import CONSTRUCTORS, METHOD, Constructor, RegExp
from idemlint.check.selectors.semantics import NAN, is_integer, is_nan, numeric
from idemlint.check.selectors.syntax import array_index

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from idemlint.check.selectors.frame import Frame

MAX_TEXT: Final = 1_000_000
"""Characters that a method may build; `repeat` on a hostile document would want more."""

MATCHES: Final = "match without its array"
"""How the parser calls `match` when nothing looks into the array: telling *whether* is cheaper than telling *what*."""
TEXT_ONLY: Final = frozenset(("replace", "replaceAll", "search", "split"))
"""Methods that JavaScript also gives a regular expression, and this does not."""


def member(frame: Frame, value: Any, key: Any) -> Any:
    """`value[key]`; `undefined` when there is no such member, and also where JavaScript would throw."""
    name = key if type(key) is str else to_text(key)
    kind = type(value)
    if kind is dict:
        if name in value:
            return frame.inside(value, value[name])
        if name == "constructor":
            return CONSTRUCTORS["Object"]
        return METHOD if name in _OBJECT else UNDEFINED
    if kind is list or kind is str:
        return _part(frame, value, name)
    if kind is RegExp:
        return value.source if name == "source" else UNDEFINED
    if kind is Constructor:
        return value.name if name == "name" else UNDEFINED
    if name == "constructor" and value is not None and value is not UNDEFINED:
        return CONSTRUCTORS["Boolean" if kind is bool else "Number"]
    return UNDEFINED


def _part(frame: Frame, value: Any, name: str) -> Any:
    """A member of an array or a text."""
    is_array = type(value) is list
    if name == "length":
        return len(value) if is_array else utf16_length(value)
    if name == "constructor":
        return CONSTRUCTORS["Array" if is_array else "String"]
    if name in (_ARRAY if is_array else _STRING):
        return METHOD  # `@.type.indexOf && …`: is it there at all?
    index = array_index(name)
    if index is None or index >= len(value):
        return UNDEFINED
    return frame.inside(value, value[index]) if is_array else value[index]


def call(value: Any, name: str, arguments: Sequence[Any]) -> Any:
    """`value.name(arguments)`; `undefined` when `value` has no such method."""
    kind = type(value)
    if kind is str:
        table: dict[str, Callable[..., Any]] = _STRING
    elif kind is list:
        table = _ARRAY
    elif kind is RegExp:
        table = _REGEXP
    elif kind is Constructor:
        function = _STATIC.get((value.name, name))
        return UNDEFINED if function is None else function(_argument(arguments, 0))
    else:
        table = _OBJECT if kind is dict else _SCALAR
        if name not in table and is_number(value):
            # nimma makes a string of `@property`, which may be an index, before it calls a string's method on it.
            value, table = to_text(value), _STRING
    method = table.get(name)
    if method is None or value is None or value is UNDEFINED:
        return UNDEFINED
    return method(value, arguments)


def convert(name: str, arguments: Sequence[Any]) -> Any:
    """`String(x)`, `Number(x)`, `Boolean(x)`, `parseInt(x)`, `parseFloat(x)`, `isNaN(x)`."""
    value = _argument(arguments, 0)
    if name == "String":
        return to_text(value)
    if name == "Boolean":
        return is_truthy(value)
    if name == "isNaN":
        return is_nan(numeric(value))
    if name == "Number":
        return numeric(value)
    return _leading_number(to_text(value), whole=name == "parseInt")


def _argument(arguments: Sequence[Any], index: int) -> Any:
    return arguments[index] if index < len(arguments) else UNDEFINED


def _text(arguments: Sequence[Any], index: int) -> str:
    return to_text(_argument(arguments, index))


def _whole(value: Any, default: int) -> int:
    if value is UNDEFINED:
        return default
    number = numeric(value)
    if is_nan(number):
        return 0
    return int(max(-(2.0**53), min(2.0**53, number)))


def _start(arguments: Sequence[Any]) -> int:
    return max(_whole(_argument(arguments, 1), 0), 0)


def _leading_number(text: str, *, whole: bool) -> int | float:
    text = trim(text)
    allowed = "0123456789" if whole else "0123456789.eE"
    end = 0
    while end < len(text) and (text[end] in allowed or (text[end] in "+-" and (end == 0 or text[end - 1] in "eE"))):
        end += 1
    while end:
        number = numeric(text[:end])
        if not is_nan(number):
            return number
        end -= 1
    return NAN


def _slice(value: Any, arguments: Sequence[Any]) -> Any:
    return value[_whole(_argument(arguments, 0), 0) : _whole(_argument(arguments, 1), len(value))]


def _substring(text: str, arguments: Sequence[Any]) -> str:
    start = min(max(_whole(_argument(arguments, 0), 0), 0), len(text))
    end = min(max(_whole(_argument(arguments, 1), len(text)), 0), len(text))
    return text[min(start, end) : max(start, end)]


def _substr(text: str, arguments: Sequence[Any]) -> str:
    start = _whole(_argument(arguments, 0), 0)
    start = max(len(text) + start, 0) if start < 0 else start
    return text[start : start + max(_whole(_argument(arguments, 1), len(text)), 0)]


def _pattern(argument: Any) -> RegExp | None:
    """The argument of `match`; a text is a pattern, too. One from the document that is none matches nothing."""
    if type(argument) is RegExp:
        return argument
    try:
        return RegExp("" if argument is UNDEFINED else to_text(argument), "")
    except ValueError:
        return None


def _match(text: str, arguments: Sequence[Any]) -> Any:
    pattern = _pattern(_argument(arguments, 0))
    return None if pattern is None else pattern.match(text)


def _matches(text: str, arguments: Sequence[Any]) -> bool | None:
    """`match` whose array nobody looks into: whether there is one."""
    pattern = _pattern(_argument(arguments, 0))
    return (pattern is not None and pattern.test(text)) or None


def _split(text: str, arguments: Sequence[Any]) -> list[str]:
    separator = _argument(arguments, 0)
    if separator is UNDEFINED:
        return [text]
    separator = to_text(separator)
    return text.split(separator) if separator else list(text)


def _at(value: Any, arguments: Sequence[Any]) -> Any:
    index = _whole(_argument(arguments, 0), 0)
    return value[index] if -len(value) <= index < len(value) else UNDEFINED


def _char_at(text: str, arguments: Sequence[Any]) -> str:
    index = _whole(_argument(arguments, 0), 0)
    return text[index] if 0 <= index < len(text) else ""


def _index_of(items: list[Any], arguments: Sequence[Any]) -> int:
    wanted = _argument(arguments, 0)
    return next((index for index, item in enumerate(items) if strict_equal(item, wanted)), -1)


def _includes(items: list[Any], arguments: Sequence[Any]) -> bool:
    return _index_of(items, arguments) >= 0


def _join(items: list[Any], arguments: Sequence[Any]) -> str:
    separator = "," if _argument(arguments, 0) is UNDEFINED else _text(arguments, 0)
    return separator.join("" if item is None or item is UNDEFINED else to_text(item) for item in items)


def _concat(items: list[Any], arguments: Sequence[Any]) -> list[Any]:
    joined = list(items)
    for argument in arguments:
        joined += argument if type(argument) is list else [argument]
    return joined


def _replace(text: str, arguments: Sequence[Any], times: int) -> str:
    old, new = _argument(arguments, 0), _text(arguments, 1)
    if len(text) * len(new) > MAX_TEXT:
        return text
    return text.replace(to_text(old), new, times)


_STRING: Final[dict[str, Callable[..., Any]]] = {
    "at": _at,
    "charAt": _char_at,
    "concat": lambda text, arguments: text + "".join(map(to_text, arguments)),
    "endsWith": lambda text, arguments: text.endswith(_text(arguments, 0)),
    "includes": lambda text, arguments: _text(arguments, 0) in text,
    "indexOf": lambda text, arguments: text.find(_text(arguments, 0), _start(arguments)),
    "lastIndexOf": lambda text, arguments: text.rfind(_text(arguments, 0)),
    "match": _match,
    MATCHES: _matches,
    "replace": lambda text, arguments: _replace(text, arguments, 1),
    "replaceAll": lambda text, arguments: _replace(text, arguments, -1),
    "slice": _slice,
    "split": _split,
    "startsWith": lambda text, arguments: text.startswith(_text(arguments, 0), _start(arguments)),
    "substr": _substr,
    "substring": _substring,
    "toLowerCase": lambda text, _: text.lower(),
    "toString": lambda text, _: text,
    "toUpperCase": lambda text, _: text.upper(),
    "trim": lambda text, _: trim(text),
    "trimEnd": lambda text, _: text.rstrip(WHITESPACE),
    "trimStart": lambda text, _: text.lstrip(WHITESPACE),
    "valueOf": lambda text, _: text,
}
_ARRAY: Final[dict[str, Callable[..., Any]]] = {
    "at": _at,
    "concat": _concat,
    "includes": _includes,
    "indexOf": _index_of,
    "join": _join,
    "slice": _slice,
    "toString": lambda items, _: to_text(items),
}
_REGEXP: Final[dict[str, Callable[..., Any]]] = {
    "exec": lambda pattern, arguments: pattern.match(_text(arguments, 0)),
    "test": lambda pattern, arguments: pattern.test(_text(arguments, 0)),
}
_OBJECT: Final[dict[str, Callable[..., Any]]] = {
    "hasOwnProperty": lambda members, arguments: _text(arguments, 0) in members,
    "toString": lambda members, _: to_text(members),
}
_SCALAR: Final[dict[str, Callable[..., Any]]] = {
    "toString": lambda value, _: to_text(value),
    "valueOf": lambda value, _: value,
}
_STATIC: Final[dict[tuple[str, str], Callable[[Any], Any]]] = {
    ("Array", "isArray"): lambda value: type(value) is list,
    ("Number", "isFinite"): lambda value: is_number(value) and abs(value) < float("inf"),
    ("Number", "isInteger"): is_integer,
    ("Number", "isNaN"): is_nan,
    ("Object", "entries"): lambda value: [[name, item] for name, item in value.items()] if type(value) is dict else [],
    ("Object", "keys"): lambda value: list(value) if type(value) is dict else _keys(value),
    ("Object", "values"): lambda value: list(value.values()) if type(value) is dict else [],
}
METHODS: Final = frozenset(
    {*_STRING, *_ARRAY, *_REGEXP, *_OBJECT, *_SCALAR, *(name for _, name in _STATIC)},
)


def _keys(value: Any) -> list[str]:
    return [str(index) for index in range(len(value))] if isinstance(value, (list, str)) else []
