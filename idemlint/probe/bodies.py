"""Bodies that an operation should take: the document's own example first, then others for a server that refuses it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idemlint.openapi.samples import SampleError, body_sample
from idemlint.openapi.samples.draw import Draw, EndlessError, copied
from idemlint.openapi.samples.grammar import Grammar
from idemlint.openapi.schema_bundle import bundle_for
from idemlint.openapi.validation import validator_for
from idemlint.probe.samples import BOUNDARY, NO_BODY, as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References
    from idemlint.openapi.samples import BodySample, Sampler
    from idemlint.openapi.samples.draw import Fullness
    from idemlint.openapi.validation import SchemaValidator

_MOST_EXAMPLES: Final = 3
_MOST_PROPERTIES: Final = 300
_MULTIPART: Final = "multipart/form-data"


class Body(NamedTuple):
    """One body, not yet encoded."""

    media_type: str | None
    """As it is sent; None for no body."""
    schema: Node | None
    value: Any
    origin: str
    is_valid: Callable[[Any], bool] | None


NOTHING: Final = Body(None, None, NO_BODY, "generated", None)


class Bodies:
    """Makes them for one document."""

    def __init__(self, references: References, sampler: Sampler, seed: int) -> None:
        self._references = references
        self._sampler = sampler
        self._seed = seed
        self._grammar: Grammar | None = None

    def all(self, operation: Operation) -> list[Body]:
        """The likeliest first, no two alike; `NOTHING` alone where the operation takes no body. Raises SampleError."""
        reason = ""
        try:
            first = body_sample(self._sampler, operation)
        except SampleError as error:
            reason = str(error)
            first = None
        else:
            if first is None:
                return [NOTHING]
        media_type, schema = self._declared(operation) if first is None else (first.media_type, first.schema)
        validator = None if schema is None else validator_for(self._references, schema, direction="request")
        is_valid = None if validator is None else validator.is_valid
        sent = f"{media_type}; boundary={BOUNDARY}" if media_type.startswith(_MULTIPART) else media_type
        found: list[Body] = []
        candidates = self._candidates(operation, first, media_type, schema, validator)
        if media_type.startswith("application/x-www-form-urlencoded"):
            candidates = _seen(list(candidates), is_valid)
        for value, origin in candidates:
            if (is_valid is None or is_valid(value)) and not any(_same(value, body.value) for body in found):
                found.append(Body(sent, schema, value, origin, is_valid))
        if not found:
            raise SampleError(reason or "no value fits the schema of the body")
        if not _required(operation):
            found.append(NOTHING)
        return found

    def _candidates(
        self,
        operation: Operation,
        first: BodySample | None,
        media_type: str,
        schema: Node | None,
        validator: SchemaValidator | None,
    ) -> Iterator[tuple[Any, str]]:
        """Values and where they come from, valid or not."""
        if first is not None:
            value, origin = first.sample
            value = self._filled(schema, value) if operation.method == "patch" else value
            yield value, origin
            if validator is not None and isinstance(value, dict):
                yield least(value, validator), origin
        for example in _examples(self._references, operation, media_type):
            yield copied(example), "example"
        if schema is None or validator is None:
            return
        yield from ((value, "generated") for value in self._generated(schema, validator))
        if first is None:
            from idemlint.probe.last_resort import searched

            found = searched(self._references, schema, seed=self._seed)
            if found is not None:
                yield found[0], "generated"

    def _filled(self, schema: Node | None, value: Any) -> Any:
        """A merge patch that changes something: an empty one says nothing."""
        if schema is None or value != {}:
            return value
        found = self._sampler.different(schema, value)
        return value if found is None else found[0]

    def _generated(self, schema: Node, validator: SchemaValidator) -> Iterator[Any]:
        """Made from the schema whatever example it has: as usual, with everything, with nothing that may be left out."""
        bundle = bundle_for(self._references, "request")
        if self._grammar is None:
            self._grammar = Grammar(bundle, complete=False, careful=True, tell=self._sampler.note)
        maker = self._grammar.maker((bundle.definitions[bundle.define(schema)],), "")
        fullness: Fullness
        for fullness in ("usual", "all", "least"):
            try:
                value = maker(Draw(Random(self._seed), complete=False, fullness=fullness), 0)  # noqa: S311 - no secret
            except (SampleError, EndlessError, RecursionError):
                continue
            value = value[0] if type(value) is tuple else value
            if validator.is_valid(value):
                yield value

    def _declared(self, operation: Operation) -> tuple[str, Node | None]:
        """Media type and schema of a body for which the sampler found no value."""
        body = self._references.child(operation.node, "requestBody")
        content = self._references.child(body, "content") if body is not None else None
        if content is not None and isinstance(content.value, dict) and content.value:
            names = sorted(content.value, key=lambda name: "json" not in str(name))
            media = self._references.child(content, names[0])
            return str(names[0]), self._references.child(media, "schema") if media is not None else None
        swagger = next((each for each in operation.parameters() if each.location == "body"), None)
        return "application/json", swagger.schema() if swagger is not None else None


def least(value: dict[str, Any], validator: SchemaValidator) -> dict[str, Any]:
    """The members of an object that its schema cannot do without."""
    kept = dict(value)
    for name in list(value)[:_MOST_PROPERTIES]:
        fewer = {key: member for key, member in kept.items() if key != name}
        if validator.is_valid(fewer):
            kept = fewer
    return kept


def declared_members(references: References, schema: Node | None) -> list[str]:
    """Names under `properties` of a schema, those of its `allOf` parts included, but for what is read only."""
    found: dict[str, None] = {}
    waiting = [] if schema is None else [schema]
    for _ in range(20):
        if not waiting:
            break
        node = references.resolve(waiting.pop(0))
        properties = references.child(node, "properties")
        if properties is not None and isinstance(properties.value, dict):
            for name in list(properties.value)[:_MOST_PROPERTIES]:
                member = references.child(properties, name)
                if member is not None and isinstance(member.value, dict) and member.value.get("readOnly") is not True:
                    found[name] = None
        parts = references.child(node, "allOf")
        if parts is not None and isinstance(parts.value, list):
            waiting += [
                part for index in range(len(parts.value)) if (part := references.child(parts, index)) is not None
            ]
    return list(found)


def _examples(references: References, operation: Operation, media_type: str) -> list[Any]:
    """Further entries of the media type's `examples`."""
    body = references.child(operation.node, "requestBody")
    content = references.child(body, "content") if body is not None else None
    media = references.child(content, media_type) if content is not None else None
    examples = references.child(media, "examples") if media is not None else None
    if examples is None or not isinstance(examples.value, dict):
        return []
    found = []
    for name in list(examples.value)[:_MOST_EXAMPLES]:
        example = references.child(examples, name)
        for keyword in ("value", "dataValue"):
            if example is not None and isinstance(example.value, dict) and keyword in example.value:
                found.append(example.value[keyword])
                break
    return found


def _required(operation: Operation) -> bool:
    body = operation.references.child(operation.node, "requestBody")
    if body is not None:
        return isinstance(body.value, dict) and body.value.get("required") is True
    return any(each.required for each in operation.parameters() if each.location in ("body", "formData"))


def _seen(candidates: list[tuple[Any, str]], is_valid: Callable[[Any], bool] | None) -> Iterator[tuple[Any, str]]:
    """Those of which a form shows all that is required, before the others."""
    shown = [(_shown(value), origin) for value, origin in candidates]
    yield from (each for each in shown if is_valid is None or is_valid(each[0]))
    yield from candidates


def _shown(value: Any) -> Any:
    """What a form shows of a value: nothing of empty objects and arrays, and nothing of null."""
    if isinstance(value, dict):
        kept = {name: _shown(member) for name, member in value.items()}
        return {name: member for name, member in kept.items() if member not in ({}, [], None)}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _same(first: Any, second: Any) -> bool:
    return first is second or (first is not NO_BODY and second is not NO_BODY and as_json(first) == as_json(second))
