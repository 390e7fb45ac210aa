"""The closures that scripts are made of: each takes a Frame and gives a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from idemlint.check.function import UNDEFINED
from idemlint.check.javascript import is_truthy, strict_equal, to_text
from idemlint.check.selectors import semantics
from idemlint.check.selectors.members import call, member

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.check.selectors.frame import Frame

    Evaluate: TypeAlias = Callable[[Frame], Any]


def constant(value: Any) -> Evaluate:
    return lambda _: value


def own(name: str) -> Evaluate:
    """`@.name`, by far the most frequent of all: no call for what is not there."""

    def evaluate(frame: Frame) -> Any:
        value = frame.value
        if type(value) is dict and name != "constructor":
            return frame.inside(value, value[name]) if name in value else UNDEFINED
        return member(frame, value, name)

    return evaluate


def named(value: Evaluate, name: str, frame: Frame) -> Any:
    return member(frame, value(frame), name)


def computed(value: Evaluate, key: Evaluate, frame: Frame) -> Any:
    return member(frame, value(frame), key(frame))


def called(value: Evaluate, name: str, arguments: tuple[Evaluate, ...], frame: Frame) -> Any:
    return call(value(frame), name, [argument(frame) for argument in arguments])


def logical(operator: str, parts: tuple[Evaluate, ...]) -> Evaluate:
    def both(frame: Frame) -> Any:
        value: Any = None
        for part in parts:
            value = part(frame)
            if value is False or not (value is True or is_truthy(value)):
                break
        return value

    def either(frame: Frame) -> Any:
        value: Any = None
        for part in parts:
            value = part(frame)
            if value is True or (value is not False and is_truthy(value)):
                break
        return value

    def present(frame: Frame) -> Any:
        value: Any = None
        for part in parts:
            value = part(frame)
            if value is not None and value is not UNDEFINED:
                break
        return value

    return {"&&": both, "||": either, "??": present}[operator]


def unary(operator: str, operand: Evaluate) -> Evaluate:
    if operator == "!":
        return lambda frame: not is_truthy(operand(frame))
    if operator == "typeof":
        return lambda frame: semantics.type_of(operand(frame))
    if operator == "void":
        return constant(UNDEFINED)
    sign = -1 if operator == "-" else 1
    return lambda frame: semantics.arithmetic("*", sign, operand(frame))


def binary(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    compare = _COMPARISONS.get(operator)
    if compare is None:
        return lambda frame: semantics.arithmetic(operator, left(frame), right(frame))
    return lambda frame: compare(left(frame), right(frame))


def _contained(item: Any, container: Any) -> bool:
    """`in`: a value of an array (nimma turns it into `includes`), a part of a string, or a member name."""
    if type(container) is dict:
        return to_text(item) in container
    return call(container, "includes", [item]) is True


def _matches(text: Any, pattern: Any) -> bool:
    """`~=`, nimma's own operator: the text matches the pattern on the right."""
    return bool(call(to_text(text), "match", [pattern]))


_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "===": strict_equal,
    "!==": lambda left, right: not strict_equal(left, right),
    "==": semantics.loose_equal,
    "!=": lambda left, right: not semantics.loose_equal(left, right),
    "<": lambda left, right: semantics.less(left, right) is True,
    ">": lambda left, right: semantics.less(right, left) is True,
    "<=": lambda left, right: semantics.less(right, left) is False,
    ">=": lambda left, right: semantics.less(left, right) is False,
    "in": _contained,
    "~=": _matches,
}
