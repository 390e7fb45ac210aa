"""Scripts in brackets, `[?(…)]` and `[(…)]`: a JavaScript expression, parsed here and turned into closures.

No text is ever executed: what the grammar does not know is an error when the ruleset is read. The names that begin
with `@` mean what they mean in nimma and jsonpath-plus: `@` is the node under test, `@property` its key,
`@parentProperty` the key of the container it lies in, `@parent` what that *container* lies in (the node's grandparent),
`@root` the document, `@path` a string such as `$['paths']['/a'][0]`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from idemlint.check.function import UNDEFINED
from idemlint.check.javascript import is_number, is_truthy
from idemlint.check.selectors import operators
from idemlint.check.selectors.members import MATCHES, METHODS, TEXT_ONLY, convert
from idemlint.check.selectors.natives import CONSTRUCTORS, RegExp
from idemlint.check.selectors.semantics import NAN, is_integer
from idemlint.check.selectors.syntax import SelectorError
from idemlint.check.selectors.tokens import END, NAME, NUMBER, OPERATOR, REGEX, STRING, Token, read_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.check.selectors.operators import Evaluate

MAX_DEPTH: Final = 50
"""Of parentheses, brackets and prefixes inside each other."""
MAX_NODES: Final = 500
"""Operators, members and calls in one script: what bounds the depth of the closures."""

_PRECEDENCE: Final[dict[str, int]] = {
    "??": 1, "||": 2, "&&": 3,
    "==": 4, "!=": 4, "===": 4, "!==": 4,
    "<": 5, ">": 5, "<=": 5, ">=": 5, "in": 5, "~=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "%": 7,
}  # fmt: skip
_CONSTANTS: Final[dict[str, Any]] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": UNDEFINED,
    "NaN": NAN,
    "Infinity": float("inf"),
    "index": UNDEFINED,  # nimma knows the name, and never gives it a value
    **CONSTRUCTORS,
}
_CONVERSIONS: Final = frozenset(("String", "Number", "Boolean", "parseInt", "parseFloat", "isNaN"))
_NODE: Final[dict[str, Evaluate]] = {
    "@": lambda frame: frame.value,
    "@property": lambda frame: frame.key,
    "@parent": lambda frame: frame.grandparent(),
    "@parentProperty": lambda frame: frame.container_key(),
    "@path": lambda frame: frame.path(),
    "@root": lambda frame: frame.root(),
}
_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "@array": lambda value: type(value) is list,
    "@boolean": lambda value: type(value) is bool,
    "@integer": is_integer,
    "@null": lambda value: value is None,
    "@number": is_number,
    "@object": lambda value: type(value) is dict or type(value) is list,
    "@scalar": lambda value: type(value) is not dict and type(value) is not list,
    "@string": lambda value: type(value) is str,
}


class Script:
    """A compiled script. `names`: the `@` names in it."""

    __slots__ = ("evaluate", "names")

    def __init__(self, evaluate: Evaluate, names: frozenset[str]) -> None:
        self.evaluate = evaluate
        self.names = names


def read_script(text: str, start: int, end: int) -> tuple[Script, int]:
    """The script in `text` from `start` (behind its `(`), and the offset of the `)` that ends it."""
    tokens, close = read_tokens(text, start, end)
    return _Parser(tokens).script(), close


def type_script(name: str) -> Script:
    """The filter that `@string()` and its like stand for."""
    test = _TYPES[name]
    return Script(lambda frame: test(frame.value), frozenset())


class _Parser:
    __slots__ = ("depth", "names", "nodes", "position", "tokens")

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0
        self.nodes = 0
        self.names: set[str] = set()

    def script(self) -> Script:
        if self.tokens[0].kind == END:
            raise SelectorError("the parentheses hold no expression", self.tokens[0].offset)
        evaluate = self.expression()
        rest = self.tokens[self.position]
        if rest.kind != END:
            raise SelectorError(f"`{_shown(rest)}` was not expected; an operator is missing before it", rest.offset)
        return Script(evaluate, frozenset(self.names))

    def expression(self) -> Evaluate:
        self.deeper()
        test = self.binary(1)
        if self.accept("?"):
            consequent = self.expression()
            self.expect(":")
            alternate = self.expression()
            self.depth -= 1
            return lambda frame: consequent(frame) if is_truthy(test(frame)) else alternate(frame)
        self.depth -= 1
        return test

    def binary(self, precedence: int) -> Evaluate:
        left = self.unary()
        while True:
            token = self.tokens[self.position]
            operator = token.value if token.kind == OPERATOR or token.value == "in" else ""
            binds = _PRECEDENCE.get(operator, 0) if token.kind in {OPERATOR, NAME} else 0
            if binds < precedence or not binds:
                return left
            if operator in {"&&", "||", "??"}:
                parts = [left]
                while self.accept(operator):
                    parts.append(self.binary(binds + 1))
                left = operators.logical(operator, tuple(parts))
            else:
                self.position += 1
                left = operators.binary(operator, left, self.binary(binds + 1))
            self.count(token)

    def unary(self) -> Evaluate:
        token = self.tokens[self.position]
        if (token.kind == OPERATOR and token.value in {"!", "-", "+"}) or (
            token.kind == NAME and token.value in {"typeof", "void"}
        ):
            self.position += 1
            self.deeper()
            self.count(token)
            operand = self.unary()
            self.depth -= 1
            return operators.unary(token.value, operand)
        return self.postfix(self.primary())

    def postfix(self, value: Evaluate) -> Evaluate:
        while True:
            token = self.tokens[self.position]
            if token.kind != OPERATOR or token.value not in {".", "?.", "[", "("}:
                return value
            self.count(token)
            self.position += 1
            if token.value == "(":
                raise SelectorError("only methods can be called: `value.method(…)`", token.offset)
            if token.value == "[" or (token.value == "?." and self.accept("[")):
                key = self.expression()
                self.expect("]")
                value = partial(operators.computed, value, key)
                continue
            name = self.tokens[self.position]
            if name.kind != NAME:
                raise SelectorError(f"a member name is missing behind `{token.value}`", token.offset)
            self.position += 1
            if self.accept("("):
                value = self.called(value, name)
            elif value is _NODE["@"]:
                value = operators.own(name.value)
            else:
                value = partial(operators.named, value, name.value)

    def called(self, value: Evaluate, name: Token) -> Evaluate:
        method = name.value
        if method not in METHODS:
            raise SelectorError(
                f"a filter cannot call `{method}`; what it can call is {', '.join(sorted(METHODS))}", name.offset
            )
        if method in TEXT_ONLY and self.tokens[self.position].kind == REGEX:
            raise SelectorError(f"`{method}` takes a text here, not a regular expression", name.offset)
        arguments = self.arguments(")")
        following = self.tokens[self.position]
        if method == "match" and not (following.kind == OPERATOR and following.value in {".", "?.", "["}):
            method = MATCHES
        return partial(operators.called, value, method, arguments)

    def primary(self) -> Evaluate:
        token = self.tokens[self.position]
        self.position += 1
        kind, value, offset = token
        if kind in {STRING, NUMBER}:
            return operators.constant(value)
        if kind == REGEX:
            try:
                return operators.constant(RegExp(*value))
            except ValueError as error:
                raise SelectorError(f"the regular expression cannot be read: {error}", offset) from error
        if kind == NAME:
            return self.named(token)
        if kind == OPERATOR and value == "(":
            inner = self.expression()
            self.expect(")")
            return inner
        if kind == OPERATOR and value == "[":
            items = self.arguments("]")
            return lambda frame: [item(frame) for item in items]
        raise SelectorError(f"a value is missing before `{_shown(token)}`", offset)

    def named(self, token: Token) -> Evaluate:
        name, offset = token.value, token.offset
        if name in _NODE:
            self.names.add(name)
            return _NODE[name]
        if name in _TYPES:
            self.expect("(")
            self.expect(")")
            test = _TYPES[name]
            return lambda frame: test(frame.value)
        if name in _CONVERSIONS and self.accept("("):
            arguments = self.arguments(")")
            return lambda frame: convert(name, [argument(frame) for argument in arguments])
        if name in _CONSTANTS:
            return operators.constant(_CONSTANTS[name])
        if name.startswith("@"):
            known = ", ".join(_NODE)
            raise SelectorError(f"`{name}` is not known; there are {known} and tests such as @string()", offset)
        before = self.tokens[self.position - 2] if self.position > 1 else None
        if before is not None and before.value == "-" and before.offset == offset - 1:
            raise SelectorError(f"`-{name}` subtracts; a member with a dash is written @['…-{name}']", before.offset)
        raise SelectorError(f"`{name}` is not defined: quote a text, write a member as @.{name} or @['…']", offset)

    def arguments(self, close: str) -> tuple[Evaluate, ...]:
        items: list[Evaluate] = []
        while not self.accept(close):
            if items:
                self.expect(",")
            items.append(self.expression())
        return tuple(items)

    def accept(self, operator: str) -> bool:
        kind, value, _ = self.tokens[self.position]
        if kind == OPERATOR and value == operator:
            self.position += 1
            return True
        return False

    def expect(self, operator: str) -> None:
        if not self.accept(operator):
            token = self.tokens[self.position]
            raise SelectorError(f"expected `{operator}`, found `{_shown(token)}`", token.offset)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SelectorError("the script is nested too deeply", self.tokens[self.position].offset)

    def count(self, token: Token) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise SelectorError("the script is too long; use several `given`", token.offset)


def _shown(token: Token) -> str:
    if token.kind == END:
        return ")"
    return f"/{token.value[0]}/" if token.kind == REGEX else str(token.value)
