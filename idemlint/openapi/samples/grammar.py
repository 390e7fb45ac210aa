"""From schemas to makers of values: a closure for each, built when it is first called and kept.

A maker knows one way to fill its schemas. Where `oneOf`, `anyOf` or `if` leave several, the quick grammar takes the
first branch that looks fit; the careful one tries them on the schema itself, and is used where the quick one's values
turned out to be invalid.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal

from idemlint.openapi.samples.containers import array_maker, object_maker
from idemlint.openapi.samples.draw import Draw, EndlessError, copied
from idemlint.openapi.samples.scalars import SampleError, number_maker, string_maker
from idemlint.openapi.samples.shapes import Shape, flatten
from idemlint.openapi.validation import validator_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from idemlint.openapi.samples.draw import Maker
    from idemlint.openapi.samples.shapes import Picks, Schemas
    from idemlint.openapi.schema_bundle import Bundle
    from idemlint.openapi.validation import SchemaValidator

    Origin = Literal["example", "default", "enum"]

_MOST_TRIALS = 60
_MOST_CHOICES = 40
_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int, float),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


class Grammar:
    """The makers for one document and direction."""

    def __init__(self, bundle: Bundle, *, complete: bool, careful: bool, tell: Callable[[str], None]) -> None:
        self.bundle = bundle
        self.complete = complete
        """Whether optional members belong to a value (responses), or just those with examples (requests)."""
        self._careful = careful
        self._tell = tell
        self._makers: dict[tuple[Any, ...], LazyMaker] = {}
        self._validators: dict[tuple[int, ...], SchemaValidator] = {}
        self._kept: list[Any] = []

    def maker(self, schemas: Schemas, hint: str, *, plain: bool = False) -> LazyMaker:
        """`hint` is the member's name; `plain` leaves examples and defaults aside."""
        key = (*map(id, schemas), hint, plain)
        made = self._makers.get(key)
        if made is None:
            self._kept.append(schemas)
            made = self._makers[key] = LazyMaker(self, schemas, hint, plain=plain)
        return made

    def shape(self, schemas: Schemas) -> Shape:
        """Without picking branches."""
        return flatten(self.bundle, schemas, {})

    def validator(self, schemas: Schemas) -> SchemaValidator:
        key = tuple(map(id, schemas))
        known = self._validators.get(key)
        if known is None:
            definitions = self.bundle.definitions_for(schemas)
            known = self._validators[key] = validator_of(
                {"allOf": list(schemas), "$defs": definitions}, self.bundle.costs
            )
            self._kept.append(schemas)
        return known

    def given(self, shape: Shape, schemas: Schemas, place: str) -> Iterator[tuple[Origin, Any]]:
        """Values that the document itself gives for the schemas, if they are valid, the best first."""
        sources: tuple[tuple[Origin, list[Any]], ...] = (
            ("default", shape.told),
            ("example", shape.examples),
            ("enum", shape.constants or []),
            ("default", shape.default),
        )
        later = []
        for origin, values in sources:
            for value in values[:50]:
                if value is None and shape.types != {"null"}:
                    later.append((origin, value))
                elif self._fits(value, shape, schemas):
                    yield origin, value
                elif origin == "example":
                    self._tell(f"an example of {place or 'the schema'} is not valid against its schema")
        if shape.constants is not None:
            yield from ((origin, value) for origin, value in later if self._fits(value, shape, schemas))

    def build(self, schemas: Schemas, hint: str, *, plain: bool) -> Maker:
        """Raises SampleError."""
        return self._search(schemas, hint, plain=plain) if self._careful else self._guess(schemas, hint, plain=plain)

    def _fits(self, value: Any, shape: Shape, schemas: Schemas) -> bool:
        if shape.types is not None and not any(type(value) in _TYPES[kind] for kind in shape.types):
            return False
        return self.validator(schemas).is_valid(value)

    def _guess(self, schemas: Schemas, hint: str, *, plain: bool) -> Maker:
        picks: Picks = {}
        for _ in range(_MOST_CHOICES):
            shape = flatten(self.bundle, schemas, picks)
            if not shape.choices:
                break
            choice = shape.choices[0]
            picks[choice.key] = 0
            for at in range(len(choice.branches)):
                after = flatten(self.bundle, schemas, {**picks, choice.key: at})
                kinds = after.kinds()
                if not after.impossible and kinds and kinds != ["null"] and after.constants != []:
                    picks[choice.key] = at
                    break
        return self._made(shape, schemas, hint, plain=plain)

    def _search(self, schemas: Schemas, hint: str, *, plain: bool) -> Maker:
        validator = self.validator(schemas)
        pending: list[Picks] = [{}]
        best: Maker | None = None
        reason: SampleError | None = None
        for trial in range(_MOST_TRIALS):
            if not pending:
                break
            picks = pending.pop()
            shape = flatten(self.bundle, schemas, picks)
            if shape.impossible or shape.constants == []:
                continue
            if shape.choices and len(picks) < _MOST_CHOICES:
                choice = shape.choices[0]
                pending += [{**picks, choice.key: at} for at in reversed(range(len(choice.branches)))]
                continue
            try:
                maker = self._made(shape, schemas, hint, plain=plain)
                value = maker(Draw(Random(trial), self.complete), 1)  # noqa: S311 # samples are no secrets
            except (SampleError, EndlessError) as error:
                reason = error if isinstance(error, SampleError) else reason
                continue
            if validator.is_valid(value):
                return maker
            best = best or maker
        if best is None:
            raise reason or SampleError("no branch of the schema leads to a value that ends")
        return best

    def _made(self, shape: Shape, schemas: Schemas, hint: str, *, plain: bool) -> Maker:
        """For a shape whose branches are picked."""
        if shape.impossible:
            raise SampleError("the schema is `false`: no value is valid")
        if not plain or shape.constants is not None:
            for _, value in self.given(shape, schemas, hint):
                return _constant(value)
            if shape.constants is not None:
                return self._enumerated(shape)
        reason = SampleError("its types exclude each other")
        for kind in shape.kinds():
            try:
                return self._of_kind(kind, shape, hint)
            except SampleError as error:
                reason = error
        raise reason

    def _enumerated(self, shape: Shape) -> Maker:
        if not shape.constants:
            raise SampleError("its `enum`s have no value in common")
        return _constant(shape.constants[0])

    def _of_kind(self, kind: str, shape: Shape, hint: str) -> Maker:
        if kind == "object":
            return object_maker(self, shape)
        if kind == "array":
            return array_maker(self, shape, hint)
        if kind in {"integer", "number"}:
            integer = kind == "integer" and not (shape.types and "number" in shape.types)
            number = number_maker(shape, hint, integer=integer)
            return lambda draw, _depth: number(draw.rng)
        if kind == "string":
            string = string_maker(shape, hint)
            return lambda draw, _depth: string(draw.rng)
        if kind == "boolean":
            return lambda draw, _depth: draw.rng.random() < 0.5
        return lambda _draw, _depth: None


class LazyMaker:
    """A maker that is built when it is first called, so that schemas may refer to themselves."""

    __slots__ = ("_building", "_grammar", "_hint", "_plain", "_reason", "_schemas", "make")

    def __init__(self, grammar: Grammar, schemas: Schemas, hint: str, *, plain: bool) -> None:
        self._grammar = grammar
        self._schemas = schemas
        self._hint = hint
        self._plain = plain
        self._building = False
        self._reason: SampleError | None = None
        self.make: Maker | None = None

    def __call__(self, draw: Draw, depth: int) -> Any:
        make = self.make
        if make is None:
            make = self._build()
        return make(draw, depth)

    def _build(self) -> Maker:
        if self._reason is not None:
            raise self._reason
        if self._building:
            raise EndlessError
        self._building = True
        try:
            make = self.make = self._grammar.build(self._schemas, self._hint, plain=self._plain)
        except SampleError as error:
            self._reason = error
            raise
        finally:
            self._building = False
        return make


def _constant(value: Any) -> Maker:
    if type(value) is dict or type(value) is list:
        return lambda _draw, _depth: copied(value)
    return lambda _draw, _depth: value
