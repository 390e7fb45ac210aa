"""Makes valid requests for operations: bodies, parameters, and what has to exist before they can succeed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.samples import SampleError, Sampler
from idemlint.probe.arguments import arguments_of
from idemlint.probe.bodies import Bodies, Body, declared_members
from idemlint.probe.cleanup import Cleanup
from idemlint.probe.configured import check_entries, is_given, with_entry
from idemlint.probe.hooks import HookError
from idemlint.probe.nouns import noun_of
from idemlint.probe.prerequisites import DEEPEST, Prerequisites
from idemlint.probe.samples import NO_BODY, RequestSample, put
from idemlint.probe.slots import body_slots, hint, path_slots, prefix
from idemlint.probe.tags import tagged, untagged
from idemlint.probe.uniqueness import unique_members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References
    from idemlint.probe.arguments import Arguments
    from idemlint.probe.client import Client
    from idemlint.probe.exchange import Exchange
    from idemlint.probe.expectations import Expectations
    from idemlint.probe.hooks import Hooks
    from idemlint.probe.keys import KeyForms
    from idemlint.probe.slots import Slot

MOST_ALTERNATIVES: Final = 4


@dataclass(frozen=True, slots=True)
class Made:
    """Requests for one operation."""

    sample: RequestSample | None
    other: RequestSample | None = None
    alternatives: tuple[RequestSample, ...] = ()
    blocked: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Draft:
    """Requests for one operation, the likeliest first, and what they lack."""

    samples: list[RequestSample] = field(default_factory=list)
    schemas: list[Node | None] = field(default_factory=list)
    missing: dict[str, Slot] = field(default_factory=dict)
    settled: dict[str, str] | None = None
    """Path arguments: the same for all of them."""


class SampleMaker:
    """Makes them for one document and one target. What has to exist is made once for the run."""

    def __init__(
        self,
        references: References,
        *,
        client: Client,
        base_url: str,
        expectations: Callable[[Operation], Expectations],
        settings: Mapping[str, Mapping[str, Any]],
        hooks: Hooks | None,
        tag: str,
        seed: int,
        forms: KeyForms | None = None,
    ) -> None:
        """Raises ConfigError for settings of an operation that the document does not have."""
        check_entries(references, settings)
        self.references = references
        self.sampler = Sampler(references, seed=seed, direction="request")
        self.tag = tag
        self._bodies = Bodies(references, self.sampler, seed)
        self.expectations = expectations
        self._settings = settings
        self._hooks = hooks
        self._samples: dict[str, RequestSample] = {}
        self._schemas: dict[str, Node | None] = {}
        self._set_up: dict[str, None] = {}
        """Operations whose set-up was called."""
        self.cleanup = Cleanup(references, client, base_url)
        self.prerequisites = Prerequisites(
            references,
            client=client,
            base_url=base_url,
            expectations=expectations,
            build=self._build,
            made=self.note,
            forms=forms,
        )

    async def make(self, operation: Operation) -> Made:
        """Requests for an operation. Sends what it needs to make its prerequisites.

        Raises RunEndedError where the run cannot go on, and HookError where the user's own code fails.
        """
        if self._hooks is not None and operation.label not in self._set_up:
            self._set_up[operation.label] = None
            await self._hooks.setup(operation.label)
        try:
            draft = await self._draft(operation, (operation.label,), {})
        except SampleError as error:
            how = f'[tool.idemlint.probe.operations."{operation.label}"] replace-body = … or a hook'
            return Made(None, blocked=f"no valid request could be made: {error}. Give one with {how}.")
        sample = draft.samples[0]
        self._schemas[operation.label] = next((schema for schema in draft.schemas if schema is not None), None)
        return Made(
            sample,
            self.chosen(operation, sample),
            tuple(draft.samples[1 : MOST_ALTERNATIVES + 1]),
            hint=hint(operation, list(draft.missing.values())),
            notes=(*self.prerequisites.notes, *self.prerequisites.borrowed),
        )

    def chosen(self, operation: Operation, sample: RequestSample) -> RequestSample | None:
        """The `b'` that goes with a sample, which is from now on the one that the operation is probed with."""
        self._samples[operation.label] = sample
        return self._other(sample, self._schemas.get(operation.label))

    async def another_target(self, operation: Operation) -> RequestSample | None:
        """A request like the one for `operation`, to another resource; None if there is none."""
        sample = self._samples.get(operation.label)
        if sample is None:
            return None
        slots = path_slots(operation, self._arguments(operation).constants)
        bound = {prefix(operation.template, slot.name): sample.arguments[slot.name] for slot in slots}
        for slot in reversed(slots):
            inner = bound.pop(prefix(operation.template, slot.name))
            value = await self.prerequisites.value(operation, slot, (operation.label,), bound, 1)
            if value is not None and value != inner:
                return sample.with_arguments(**{slot.name: value})
        return None

    def note(self, operation: Operation, exchange: Exchange) -> None:
        """Remember what an answer made, for `finish`."""
        self.cleanup.note(operation, exchange)

    async def finish(self, *, clean_up: bool) -> list[str]:
        """Take down what hooks set up and, if that is wanted, delete what the run made. Notes for the report."""
        notes = list(self.prerequisites.borrowed)
        while self._hooks is not None and self._set_up:
            label, _ = self._set_up.popitem()
            try:
                await self._hooks.teardown(label)
            except HookError as error:
                notes.append(str(error))
        return [*notes, *(await self.cleanup.clean_up())] if clean_up else notes

    async def _build(
        self, operation: Operation, trail: tuple[str, ...], bound: Mapping[str, str]
    ) -> Sequence[RequestSample]:
        """Requests for an operation that has to be called first; none if none can be made."""
        if len(trail) > DEEPEST + 1:
            return ()
        try:
            return (await self._draft(operation, trail, bound)).samples
        except SampleError:
            return ()

    async def _draft(self, operation: Operation, trail: tuple[str, ...], bound: Mapping[str, str]) -> _Draft:
        arguments = self._arguments(operation)
        entry = self._settings.get(operation.label, {})
        bodies = self._bodies_of(operation, entry)
        draft = _Draft()
        asking = self.prerequisites.asking
        try:
            for body in bodies[: MOST_ALTERNATIVES + 2]:
                sample = await self._sample(operation, arguments, body, trail, bound, draft)
                if not any(each.value == sample.value and each.value is not NO_BODY for each in draft.samples):
                    draft.samples.append(sample)
                    draft.schemas.append(body.schema)
                # What only a second choice needs is not worth a request, nor a word to the user.
                self.prerequisites.asking = False
        finally:
            self.prerequisites.asking = asking
        first = draft.samples[0]
        others = [first.renew(SystemRandom()) if first.unique else None, untagged(first, bodies[0].value)]
        found = [each for each in others if each is not None]
        draft.samples[1:1] = found
        draft.schemas[1:1] = [draft.schemas[0]] * len(found)
        return draft

    async def _sample(
        self,
        operation: Operation,
        arguments: Arguments,
        body: Body,
        trail: tuple[str, ...],
        bound: Mapping[str, str],
        draft: _Draft,
    ) -> RequestSample:
        sample = RequestSample(
            operation.template,
            arguments.path,
            arguments.query,
            arguments.headers,
            body.media_type,
            body.value,
            body.origin,
            is_valid=body.is_valid,
        )
        sample, given = with_entry(sample, self._settings.get(operation.label, {}))
        if self._hooks is not None and self._hooks.makes_requests:
            sample, more = await self._hooks.request(operation.label, sample)
            given |= more
        if draft.settled is None:
            draft.settled = await self._settle(operation, arguments, sample, given, trail, bound, draft)
        sample = sample.with_arguments(**draft.settled)
        sample = await self._fill(operation, sample, given, trail, draft)
        return self._finished(sample, body)

    def _bodies_of(self, operation: Operation, entry: Mapping[str, Any]) -> list[Body]:
        try:
            return self._bodies.all(operation)
        except SampleError:
            if "replace-body" in entry or (self._hooks is not None and self._hooks.makes_requests):
                return [Body("application/json", None, {}, "generated", None)]
            raise

    def _arguments(self, operation: Operation) -> Arguments:
        return arguments_of(self.sampler, operation, self.expectations(operation))

    async def _settle(
        self,
        operation: Operation,
        arguments: Arguments,
        sample: RequestSample,
        given: frozenset[str],
        trail: tuple[str, ...],
        bound: Mapping[str, str],
        draft: _Draft,
    ) -> dict[str, str]:
        """Values for the path parameters, outermost first, since inner resources lie in outer ones."""
        found: dict[str, str] = {}
        inside = dict(bound)
        for slot in path_slots(operation, arguments.constants):
            here = prefix(operation.template, slot.name)
            if slot.place in given:
                value: str | None = sample.arguments[slot.name]
            elif here in bound:
                value = bound[here]
            else:
                value = await self.prerequisites.value(operation, slot, trail, inside)
            if value is None:
                draft.missing[slot.place] = slot
                value = sample.arguments.get(slot.name, "1")
            found[slot.name] = inside[here] = value
        return found

    async def _fill(
        self,
        operation: Operation,
        sample: RequestSample,
        given: frozenset[str],
        trail: tuple[str, ...],
        draft: _Draft,
    ) -> RequestSample:
        """Names of things that exist in the body, where the schema takes them."""
        if not isinstance(sample.value, (dict, list)):
            return sample
        for slot in body_slots(self.references, sample.value, noun_of(operation.template)):
            if is_given(given, slot.place):
                continue
            with_it = partial(_with_value, sample, slot.place[4:])
            found = await self.prerequisites.value(operation, slot._replace(fits=with_it), trail, {})
            filled = None if found is None else with_it(found)
            if filled is not None:
                sample = filled
            elif self.prerequisites.asking:
                draft.missing[slot.place] = slot
        return sample

    def _finished(self, sample: RequestSample, body: Body) -> RequestSample:
        """With the run's tag, and with a note of what a server may want to be unique."""
        value = sample.value
        if not isinstance(value, dict):
            return sample
        is_valid = sample.is_valid or (lambda _value: True)
        if not sample.is_valid or sample.is_valid(value):
            with_tag = tagged(
                value, self.tag, is_valid=is_valid, declared=declared_members(self.references, body.schema)
            )
            if with_tag is not None:
                sample = replace(sample, value=with_tag[0], tag=with_tag[1])
        unique = unique_members(sample.value, fixed=sample.fixed, is_valid=sample.is_valid)
        return replace(sample, unique=unique)

    def _other(self, sample: RequestSample, schema: Node | None) -> RequestSample | None:
        """`b'`: different in one member that matters, and still valid."""
        if sample.value is NO_BODY:
            return None
        if schema is not None:
            found = self.sampler.different(schema, sample.value)
            if found is not None and found[1] not in sample.fixed:
                return sample.with_value(found[0], difference=found[1])
        from idemlint.probe.variation import varied

        return varied(sample)


def _with_value(sample: RequestSample, pointer: str, text: str) -> RequestSample | None:
    """The sample with the name of something that exists, as a number if need be; None if the schema takes neither."""
    number = [int(text)] if text.isascii() and text.isdigit() and len(text) < 19 else []
    for member in (*number, text):
        value = put(sample.value, pointer, member)
        if sample.is_valid is None or sample.is_valid(value):
            return replace(sample, value=value, fixed=(*sample.fixed, pointer))
    return None
