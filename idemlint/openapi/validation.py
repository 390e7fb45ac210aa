"""JSON values held to the schemas of an OpenAPI document: exact, fast, and safe from either.

The schema is rewritten once (`schema_bundle.py`) and compiled by `jsonschema-rs`, which takes about a microsecond for a
small value. Patterns run on its linear engine; those that it cannot do (lookarounds, back-references) on `ecma_regex`,
which counts its steps; one that neither can do demands nothing.
"""

from __future__ import annotations

from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from idemlint.openapi.parameter_styles import coerce, decode_parameter, encode_parameter, parameter_texts
from idemlint.openapi.pointers import encode_pointer
from idemlint.openapi.schema_bundle import bundle_for
from idemlint.openapi.schema_keywords import ECMA_PATTERN, text

if TYPE_CHECKING:
    from idemlint.openapi.references import Node, References
    from idemlint.openapi.schema_cost import Costs
    from idemlint.openapi.schema_groups import Direction

__all__ = [
    "SchemaValidator",
    "Violation",
    "coerce",
    "decode_parameter",
    "encode_parameter",
    "parameter_texts",
    "validator_for",
]

DEEPEST_VALUE = 128
"""Containers within containers; the validator takes some three frames of the machine's stack for each."""
_SHALLOW = 5
"""Levels that no schema makes expensive."""
_PATIENCE = 0.03
"""Seconds for gathering the errors of a value that is cut off one level further up."""
_SHOWN = 60
_LONGEST_MESSAGE = 400
_MASK = "\ufffc"
_LEVELS = f"nests more than {DEEPEST_VALUE} levels deep"


class Violation(NamedTuple):
    """One place where a value breaks its schema."""

    pointer: str
    """JSON Pointer into the value (RFC 6901); empty for the whole."""
    message: str
    """A line without control characters, the value in it shortened."""
    keyword: str
    """`type`, `required`, ...; `json` where the value is none that JSON knows."""


class SchemaValidator:
    """One compiled schema. Never raises for a value, whatever it is."""

    __slots__ = ("_validator", "problems")

    def __init__(self, schema: dict[str, Any], problems: tuple[str, ...] = ()) -> None:
        """`schema` is JSON Schema 2020-12 and holds all that it refers to."""
        self._validator, failed = _compiled(schema)
        self.problems = problems + failed
        """What in the schema is broken and therefore demands nothing."""

    def is_valid(self, value: Any) -> bool:
        try:
            return not _is_deep(value) and bool(self._validator.is_valid(value))
        except (ValueError, RecursionError):
            return not self.violations(value, 1)

    def violations(self, value: Any, limit: int = 20) -> list[Violation]:
        """The first `limit` of them, in no particular order; empty for a valid value."""
        if _is_deep(value):
            return [Violation("", f"the value {_LEVELS}", "json")]
        try:
            try:
                return self._found(value, limit)
            except UnicodeEncodeError:
                # Lone surrogates, which JSON's escapes can spell and UTF-8 cannot.
                return self._found(_encodable(value), limit)
        except (ValueError, RecursionError) as error:
            return [Violation("", f"the value is none that JSON knows: {_line(str(error))}", "json")]

    def _found(self, value: Any, limit: int) -> list[Violation]:
        if self._validator.is_valid(value):
            return []
        if not self._affordable(value):
            return [Violation("", "the value does not fit its schema; to tell where would take too long", "schema")]
        return [_violation(error, value) for error in islice(self._validator.iter_errors(value), limit)]

    def _affordable(self, value: Any) -> bool:
        """Whether errors can be gathered: each level of a value may multiply them by the branches of a `oneOf`.

        Told from what the value takes when it is cut off level by level.
        """
        for depth in range(_SHALLOW, _depth(value)):
            started = perf_counter()
            for _ in self._validator.iter_errors(_cut(value, depth)):
                break
            if perf_counter() - started > _PATIENCE:
                return False
        return True


def validator_for(references: References, schema: Node, *, direction: Direction = "request") -> SchemaValidator:
    """Remembered by `references`, for each schema and direction.

    In a request `readOnly` members are not required, in a response `writeOnly` ones are not.
    """
    key = (direction, id(schema.value))
    known: tuple[SchemaValidator, Any] | None = references.schema_memo.get(key)
    if known is not None:
        return known[0]
    bundle = bundle_for(references, direction)
    name = bundle.define(schema)
    definitions = bundle.reachable(name)
    problems = tuple(dict.fromkeys(message for part in definitions for message in bundle.problems[part]))
    validator = validator_of({"$ref": f"#/$defs/{name}", "$defs": definitions}, bundle.costs, problems)
    references.schema_memo[key] = (validator, schema.value)  # kept: the memo goes by identity
    return validator


def validator_of(schema: dict[str, Any], costs: Costs, problems: tuple[str, ...] = ()) -> SchemaValidator:
    """For a schema that is rewritten already; one that would take too long demands nothing."""
    told = costs.problem(schema)
    return SchemaValidator({}, (*problems, told)) if told else SchemaValidator(schema, problems)


class _EcmaPattern:
    """The keyword that stands for a `pattern` which Rust's engine cannot do."""

    def __init__(self, _schema: dict[str, Any], source: Any, _path: list[str | int]) -> None:
        from idemlint.openapi.ecma_regex import compile_pattern

        self._pattern = compile_pattern(source)

    def validate(self, value: Any) -> None:
        from idemlint.openapi.ecma_regex import PatternCostError

        if type(value) is not str:
            return
        try:
            found = self._pattern.search(value)
        except PatternCostError:
            return
        if not found:
            raise ValueError(f'{_MASK} does not match "{self._pattern.source}"')


def _compiled(schema: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """The validator, and what had to be left out for it."""
    import jsonschema_rs

    def build(one: dict[str, Any]) -> Any:
        return jsonschema_rs.Draft202012Validator(
            one,
            validate_formats=True,
            mask=_MASK,
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
            keywords={ECMA_PATTERN: _EcmaPattern},
        )

    try:
        return build(schema), ()
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError) as error:
        return build({}), (f"the schema cannot be compiled: {_line(str(error).partition(chr(10))[0])}",)


def _is_deep(value: Any) -> bool:
    return _depth(value) > DEEPEST_VALUE


def _depth(value: Any) -> int:
    """Containers within containers, up to one more than `DEEPEST_VALUE`.

    Level by level, since a value may be deeper than Python's stack, or hold itself.
    """
    level = [value]
    for depth in range(DEEPEST_VALUE + 1):
        below: list[Any] = []
        for container in level:
            items = container.values() if type(container) is dict else container if type(container) is list else ()
            below.extend(item for item in items if type(item) is dict or type(item) is list)
        if not below:
            return depth
        level = below
    return DEEPEST_VALUE + 1


def _cut(value: Any, depth: int) -> Any:
    """The value with a number, which rarely fits, for each container below the depth."""
    if type(value) is dict:
        return {key: _cut(item, depth - 1) for key, item in value.items()} if depth else 0
    if type(value) is list:
        return [_cut(item, depth - 1) for item in value] if depth else 0
    return value


def _encodable(value: Any) -> Any:
    if type(value) is str:
        return text(value)
    if type(value) is list:
        return list(map(_encodable, value))
    if type(value) is dict:
        return {text(key) if type(key) is str else key: _encodable(item) for key, item in value.items()}
    return value


def _violation(error: Any, value: Any) -> Violation:
    path = error.instance_path
    keyword = error.kind.name
    return Violation(
        encode_pointer(path)[1:], _message(error, value), "pattern" if keyword == ECMA_PATTERN else keyword
    )


def _message(error: Any, value: Any) -> str:
    shown = _shown(value, error.instance_path)
    message = error.message.replace(_MASK, shown)
    if error.kind.name in {"anyOf", "oneOf"} and hasattr(error.kind, "context"):
        nearest = _nearest(error.kind.context)
        if nearest is not None:
            place = encode_pointer(nearest.instance_path[len(error.instance_path) :])[1:]
            inner = nearest.message.replace(_MASK, _shown(value, nearest.instance_path))
            where = f" at {place}" if place else ""
            message = f"{shown} fits none of the schemas of {error.kind.name!r}; the nearest fails{where}: {inner}"
    return _line(message)


def _nearest(branches: list[list[Any]]) -> Any:
    """Of the branches that fail, the first error of the one that comes closest: deep down, and with few errors."""
    failed = [branch for branch in branches if branch]
    if len(failed) < len(branches) or not failed:
        return None  # more than one fits
    best = max(failed, key=lambda branch: (min(len(error.instance_path) for error in branch), -len(branch)))
    return best[0]


def _shown(value: Any, path: list[str | int]) -> str:
    """The value at the path as JSON, shortened."""
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return "the value"
    if type(value) is dict:
        return "the object" if value else "{}"
    if type(value) is list:
        return f"the array of {len(value)}" if value else "[]"
    import json

    if type(value) is str:
        return json.dumps(value if len(value) <= _SHOWN else value[:_SHOWN] + "…", ensure_ascii=False)
    if type(value) is int and value.bit_length() > 200:
        return "the number"
    return json.dumps(value)


def _line(message: str) -> str:
    clean = "".join(char if char.isprintable() else "�" for char in message[: _LONGEST_MESSAGE + 1])
    return clean if len(clean) <= _LONGEST_MESSAGE else clean[:_LONGEST_MESSAGE] + "…"
