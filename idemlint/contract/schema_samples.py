"""Does a JSON Schema admit this string? Asked for samples of keys, it tells what the schema demands of a key.

Just the keywords that can say something about a string are read. Like a server that validates, unknown keywords and
unknown formats demand nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeAlias

    class Pattern(Protocol):
        def search(self, text: str, /) -> object: ...

    Follow: TypeAlias = Callable[[Any, Any], tuple[Any, Any]]
    """`(document, value) -> (document, value)`: a `$ref` in the value's place followed to its end."""

_MAX_DEPTH: Final = 60
_MAX_SCHEMAS: Final = 2_000


def compile_pattern(pattern: str) -> Pattern:
    """An ECMA-262 regular expression; ValueError when it is none. The one place that knows the engine."""
    from idemlint.openapi.ecma_regex import compile_pattern as compile_ecma

    return compile_ecma(pattern)


def is_uuid(text: str) -> bool:
    """`8-4-4-4-12` hexadecimal digits of either case (RFC 9562, section 4): what `format: uuid` asks."""
    if len(text) != 36 or text[8] != "-" or text[13] != "-" or text[18] != "-" or text[23] != "-":
        return False
    return len(digits := text.replace("-", "")) == 32 and _HEX.issuperset(digits)


_HEX: Final = frozenset("0123456789abcdefABCDEF")
_NAMES: Final = {"None": "null", "True": "true", "False": "false"}


def takes_strings(schema: dict[str, Any]) -> bool:
    """Whether `type` leaves room for a string; keywords such as `format` say nothing of other values."""
    types = schema.get("type")
    return not ((isinstance(types, str) and types != "string") or (isinstance(types, list) and "string" not in types))


class SchemaSamples:
    """One schema, asked about many strings.

    `undecided` becomes True when a reference could not be followed: what the schema demands is then not known.
    `literals` holds the strings that it names in `const` and `enum`.
    """

    __slots__ = (
        "_checkers",
        "_document",
        "_follow",
        "_nonsense",
        "_patterns",
        "_schema",
        "_siblings",
        "_steps",
        "literals",
        "undecided",
    )

    def __init__(
        self,
        schema: Any,
        formats: dict[str, Callable[[str], bool]],
        *,
        document: Any = None,
        follow: Follow | None = None,
        siblings: bool = True,
    ) -> None:
        """`formats` are those that are asserted; `siblings`: keywords beside `$ref` count (OpenAPI 3.1 and later)."""
        self._schema = schema
        self._checkers = formats
        self._document = document
        self._follow = follow
        self._siblings = siblings
        self._patterns: dict[str, Pattern | None] = {}
        self._nonsense: dict[str, None] = {}
        self._steps = 0
        self.literals: dict[str, None] = {}
        self.undecided = False

    @property
    def patterns(self) -> list[str]:
        """Those that were met so far and say something."""
        return [source for source, compiled in self._patterns.items() if compiled is not None]

    @property
    def broken(self) -> list[str]:
        """Those met so far that are no regular expression of ECMA-262, and so demand nothing; what is no text as JSON or so."""
        return [*(source for source, compiled in self._patterns.items() if compiled is None), *self._nonsense]

    def admits(self, text: str) -> bool:
        """Whether the schema is met by the string."""
        self._steps = 0
        return self._admits(self._schema, self._document, text, {}, 0)

    def _admits(self, schema: Any, document: Any, text: str, known: dict[int, bool], depth: int) -> bool:
        if not isinstance(schema, dict):
            return schema is not False
        verdict = known.get(id(schema))
        if verdict is not None:
            return verdict
        self._steps += 1
        if depth > _MAX_DEPTH or self._steps > _MAX_SCHEMAS:
            self.undecided = True
            return True
        known[id(schema)] = True  # a circle back to here demands nothing more
        verdict = self._decide(schema, document, text, known, depth + 1)
        known[id(schema)] = verdict
        return verdict

    def _decide(self, schema: dict[str, Any], document: Any, text: str, known: dict[int, bool], depth: int) -> bool:
        if isinstance(schema.get("$ref"), str):
            if not self._admits_target(schema, document, text, known, depth):
                return False
            if not self._siblings:
                return True
        return self._admits_itself(schema, text) and self._admits_parts(schema, document, text, known, depth)

    def _admits_target(
        self, schema: dict[str, Any], document: Any, text: str, known: dict[int, bool], depth: int
    ) -> bool:
        if self._follow is None:
            self.undecided = True
            return True
        there, target = self._follow(document, schema)
        if target is schema or (isinstance(target, dict) and isinstance(target.get("$ref"), str)):
            self.undecided = True
            return True
        return self._admits(target, there, text, known, depth)

    def _admits_itself(self, schema: dict[str, Any], text: str) -> bool:
        if not takes_strings(schema):
            return False
        if "const" in schema:
            self._remember(schema["const"])
            if schema["const"] != text:
                return False
        values = schema.get("enum")
        if isinstance(values, list):
            for value in values:
                self._remember(value)
            if text not in values:
                return False
        least, greatest = schema.get("minLength"), schema.get("maxLength")
        if isinstance(least, (int, float)) and len(text) < least:
            return False
        if isinstance(greatest, (int, float)) and len(text) > greatest:
            return False
        checker = self._checkers.get(schema["format"]) if isinstance(schema.get("format"), str) else None
        if checker is not None and not checker(text):
            return False
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            return self._found(pattern, text)
        if "pattern" in schema:
            self._nonsense[_NAMES.get(str(pattern), str(pattern))] = None
        return True

    def _admits_parts(
        self, schema: dict[str, Any], document: Any, text: str, known: dict[int, bool], depth: int
    ) -> bool:
        for keyword in ("allOf", "anyOf", "oneOf"):
            parts = schema.get(keyword)
            if isinstance(parts, list) and parts:
                admitted = sum(self._admits(part, document, text, known, depth) for part in parts)
                if not (
                    admitted == len(parts) if keyword == "allOf" else admitted == 1 if keyword == "oneOf" else admitted
                ):
                    return False
        if (
            "not" in schema
            and isinstance(schema["not"], (dict, bool))
            and self._admits(schema["not"], document, text, known, depth)
        ):
            return False
        if "if" in schema:
            branch = "then" if self._admits(schema["if"], document, text, known, depth) else "else"
            return branch not in schema or self._admits(schema[branch], document, text, known, depth)
        return True

    def _remember(self, value: Any) -> None:
        if isinstance(value, str) and len(self.literals) < 100:
            self.literals[value] = None

    def _found(self, pattern: str, text: str) -> bool:
        from idemlint.openapi.ecma_regex import PatternCostError

        if pattern not in self._patterns:
            try:
                self._patterns[pattern] = compile_pattern(pattern)
            except ValueError:
                self._patterns[pattern] = None  # what is no expression demands nothing
        compiled = self._patterns[pattern]
        if compiled is None:
            return True
        try:
            return bool(compiled.search(text))
        except PatternCostError:
            self.undecided = True
            return True
