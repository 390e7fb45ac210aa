"""Valid values for the schemas of a document: its own examples first, else made up and checked."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from zlib import crc32

from idemlint.openapi.samples import variation
from idemlint.openapi.samples.draw import Draw, EndlessError, copied
from idemlint.openapi.samples.grammar import Grammar
from idemlint.openapi.samples.repair import pruned
from idemlint.openapi.samples.scalars import SampleError
from idemlint.openapi.schema_bundle import bundle_for
from idemlint.openapi.validation import validator_for

if TYPE_CHECKING:
    from idemlint.openapi.references import Node, References
    from idemlint.openapi.samples.draw import Fullness
    from idemlint.openapi.samples.grammar import LazyMaker
    from idemlint.openapi.schema_bundle import Schema
    from idemlint.openapi.schema_groups import Direction
    from idemlint.openapi.validation import SchemaValidator

_ATTEMPTS: tuple[tuple[bool, Fullness, int], ...] = (
    (False, "usual", 0),
    (True, "usual", 0),
    (True, "least", 0),
    (True, "usual", 1),
    (True, "all", 2),
    (True, "least", 3),
    (False, "least", 4),
)
"""Whether the careful grammar is used, how full the value is, and what is added to the seed."""
_MOST_NOTES = 50


class Sample(NamedTuple):
    """A value that its schema allows."""

    value: Any
    """The caller's own; may be changed."""
    origin: Literal["example", "default", "enum", "generated"]


class _Prepared:
    """What is known of one schema."""

    __slots__ = ("attempt", "definition", "given", "hint", "makers", "number", "validator", "value")

    def __init__(self, value: Any, hint: str, number: int, definition: Schema, validator: SchemaValidator) -> None:
        self.value = value
        """Kept, since the memo goes by identity."""
        self.hint = hint
        self.number = number
        """For the random generator."""
        self.definition = definition
        self.validator = validator
        self.given: Sample | None = None
        self.makers: list[LazyMaker] = []
        """Of the quick and of the careful grammar."""
        self.attempt = 0
        """The one that led to a value the last time."""


class Sampler:
    """Samples for one document and direction. The same seed, schema and variant give the same value."""

    def __init__(self, references: References, *, seed: int = 0, direction: Direction = "request") -> None:
        self.notes: list[str] = []
        """What was passed over: examples that are not valid."""
        self._references = references
        self._seed = seed
        self._direction: Direction = direction
        self._bundle = bundle_for(references, direction)
        complete = direction == "response"
        self._grammars = [
            Grammar(self._bundle, complete=complete, careful=careful, tell=self.note) for careful in (False, True)
        ]
        self._prepared: dict[tuple[int, str], _Prepared] = {}

    def sample(self, schema: Node, *, variant: int = 0, hint: str = "") -> Sample:
        """Raises SampleError where no value was found.

        Variant 0 is the document's own example, if it has a valid one. Other variants are that example with its own
        identifiers made anew, or another generated value. `hint` is the name of the member that the value is for.
        """
        prepared = self._prepare(schema, hint)
        rng = _generator(prepared.number, variant)
        if prepared.given is not None:
            value, origin = prepared.given
            value = copied(value)
        else:
            value, origin = self._generated(prepared, rng), "generated"
        if variant:
            value = variation.renewed(value, rng, prepared.validator)
        return Sample(value, origin)

    def different(self, schema: Node, value: Any) -> tuple[Any, str] | None:
        """A copy that stays valid and differs in one member that matters, and the JSON Pointer of that member.

        An amount, a quantity or a description near the top rather than anything else; never an identifier.
        """
        prepared = self._prepare(schema, "")
        return variation.different(self._grammars[0], prepared.definition, value, prepared.validator, prepared.number)

    def changed(self, schema: Node, value: Any, pointer: str) -> Any | None:
        """A copy that stays valid and differs in the member at the pointer alone; None where no such was found."""
        prepared = self._prepare(schema, "")
        return variation.changed(
            self._grammars[1], prepared.definition, value, pointer, prepared.validator, prepared.number
        )

    def invalid(self, schema: Node, value: Any) -> tuple[Any, str] | None:
        """A copy that breaks the schema in one way, and the JSON Pointer of the member that does.

        A required member of a type that it may not have, else one that is gone, else any member of a wrong type.
        """
        prepared = self._prepare(schema, "")
        return variation.invalid(self._grammars[0], prepared.definition, value, prepared.validator)

    def is_valid(self, schema: Node, value: Any) -> bool:
        return self._prepare(schema, "").validator.is_valid(value)

    def renewed(self, schema: Node | None, value: Any, variant: int) -> Any:
        """The value with its own identifiers made anew, for each variant others; variant 0 is the value itself."""
        if not variant or schema is None:
            return value
        prepared = self._prepare(schema, "")
        return variation.renewed(value, _generator(prepared.number, variant), prepared.validator)

    def note(self, message: str) -> None:
        if message not in self.notes and len(self.notes) < _MOST_NOTES:
            self.notes.append(message)

    def _prepare(self, schema: Node, hint: str) -> _Prepared:
        key = (id(schema.value), hint)
        known = self._prepared.get(key)
        if known is not None:
            return known
        validator = validator_for(self._references, schema, direction=self._direction)
        definition = self._bundle.definitions[self._bundle.define(schema)]
        number = crc32(repr((self._seed, schema.path)).encode("utf-8", "replace"))
        prepared = self._prepared[key] = _Prepared(schema.value, hint, number, definition, validator)
        prepared.makers = [grammar.maker((definition,), hint) for grammar in self._grammars]
        grammar = self._grammars[0]
        for origin, value in grammar.given(grammar.shape((definition,)), (definition,), hint):
            if validator.is_valid(value):
                prepared.given = Sample(value, origin)
                break
        return prepared

    def _generated(self, prepared: _Prepared, rng: Random) -> Any:
        reason = ""
        first = prepared.attempt
        for attempt in (first, *(other for other in range(len(_ATTEMPTS)) if other != first)):
            careful, fullness, shift = _ATTEMPTS[attempt]
            if shift:
                rng = _generator(prepared.number, shift)
            try:
                value = prepared.makers[careful](Draw(rng, self._direction == "response", fullness), 0)
            except EndlessError:
                reason = reason or "the schema requires itself without end"
                continue
            except SampleError as error:
                reason = reason or str(error)
                continue
            if not prepared.validator.is_valid(value):
                violations = prepared.validator.violations(value, 5)
                reason = reason or f"{violations[0].pointer or 'the value'}: {violations[0].message}"
                value = pruned(value, violations, prepared.validator)
                if value is None:
                    continue
            prepared.attempt = attempt
            return value[0] if type(value) is tuple else value
        raise SampleError(reason)


def _generator(number: int, variant: int) -> Random:
    return Random(number + variant * 0x9E3779B1)  # noqa: S311 # samples are no secrets
