"""What has to exist before a request can succeed: a payment before its capture, a customer before an invoice.

Found, in this order: by the document's `links`, by the operation that makes such a resource, in a list of them, in what
earlier answers of this run told. Whatever is made is remembered, so that it is made once and can be deleted again.
"""

from __future__ import annotations

import json
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from idemlint.openapi.samples.wording import words
from idemlint.probe.bench import Bench
from idemlint.probe.exchange import NOT_JSON, Call
from idemlint.probe.facts import Options
from idemlint.probe.keys import REFUSED_FORM, KeyForms
from idemlint.probe.links import evaluate, links_to
from idemlint.probe.masks import Masks
from idemlint.probe.oracle import Effects, items_of
from idemlint.probe.reading import id_in, id_in_location, path_names
from idemlint.probe.slots import listers, members, path_slots, prefixes, producers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References
    from idemlint.probe.client import Client
    from idemlint.probe.exchange import Exchange
    from idemlint.probe.expectations import Expectations
    from idemlint.probe.samples import RequestSample
    from idemlint.probe.slots import Slot

    Build = Callable[[Operation, tuple[str, ...], Mapping[str, str]], Awaitable[Sequence[RequestSample]]]

DEEPEST: Final = 4
"""Producers of producers."""
_TRIES: Final = 3
"""Requests with different bodies that one producer gets."""
_MOST_PRODUCERS: Final = 3
_READ_HEADERS: Final = (("Accept", "application/json"), ("Cache-Control", "no-cache"))


class Answer(NamedTuple):
    """A successful answer of a producer, and the path arguments that it was asked with."""

    operation: Operation
    arguments: Mapping[str, str]
    exchange: Exchange


class Prerequisites:
    """Finds and makes them for one document and one target."""

    def __init__(
        self,
        references: References,
        *,
        client: Client,
        base_url: str,
        expectations: Callable[[Operation], Expectations],
        build: Build,
        made: Callable[[Operation, Exchange], None] = lambda _operation, _exchange: None,
        forms: KeyForms | None = None,
    ) -> None:
        self._references = references
        self.client = client
        self._base_url = base_url
        self._expectations = expectations
        self._build = build
        self._forms = forms if forms is not None else KeyForms()
        self._tell = made
        """Requests for a producer, the likeliest first; given the labels on the way to it, and path prefixes to values."""
        self._answers: dict[tuple[str, tuple[tuple[str, str], ...], int], Answer | None] = {}
        self._lists: dict[str, list[Any]] = {}
        self.made: list[Answer] = []
        """What was made, in this order."""
        self.asking = True
        """Whether anything is sent; if not, just what is known already counts."""
        self.notes: dict[str, None] = {}
        """Where values come from."""
        self.borrowed: dict[str, None] = {}
        """What was not made for this run and is changed all the same: the user should know."""

    async def value(
        self, operation: Operation, slot: Slot, trail: tuple[str, ...], bound: Mapping[str, str], turn: int = 0
    ) -> str | None:
        """Something that exists; None if nothing is found. `turn` 1 asks for another one than 0.

        `bound`: what is settled for the path prefixes outside it, `/accounts/{}` to an account.
        """
        if len(trail) > DEEPEST:
            return None
        return (
            await self._linked(operation, slot, trail, bound, turn)
            or await self._produced(slot, trail, bound, turn)
            or await self._listed(operation, slot, trail, bound, turn)
            or (self._told(slot) if not turn else None)
        )

    async def _linked(
        self, operation: Operation, slot: Slot, trail: tuple[str, ...], bound: Mapping[str, str], turn: int
    ) -> str | None:
        for link in links_to(self._references, operation)[:_MOST_PRODUCERS]:
            where, _, name = slot.place.partition(".")
            expression = link.parameters.get(slot.place, link.parameters.get(name)) if name else None
            if expression is None and where.startswith("body/") and isinstance(link.body, dict):
                expression = link.body.get(where[5:])
            if expression is None:
                continue
            answer = await self._asked(link.source, trail, bound, turn)
            value = None if answer is None else evaluate(expression, answer.exchange, answer.arguments)
            if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
                text = str(value)
                text = text.rstrip("/").rpartition("/")[2] if "/" in text and slot.collection else text
                if slot.fits(text):
                    self.notes[f"{slot.name} comes from {link.source.label}"] = None
                    return text
        return None

    async def _produced(self, slot: Slot, trail: tuple[str, ...], bound: Mapping[str, str], turn: int) -> str | None:
        for producer in producers(self._references, slot)[:_MOST_PRODUCERS]:
            answer = await self._asked(producer, trail, bound, turn)
            found = None if answer is None else identifier(answer, slot)
            if found is not None and slot.fits(found):
                self.notes[f"{slot.name} comes from {producer.label}"] = None
                return found
        return None

    async def _listed(
        self, operation: Operation, slot: Slot, trail: tuple[str, ...], bound: Mapping[str, str], turn: int
    ) -> str | None:
        for lister in listers(self._references, slot)[:_MOST_PRODUCERS]:
            if lister.label in trail:
                continue
            samples = await self._build(lister, (*trail, lister.label), bound)
            if not samples:
                continue
            target = samples[0].target()
            if target not in self._lists:
                if not self.asking:
                    continue
                headers = (*_READ_HEADERS, *samples[0].headers)
                call = Call("prerequisite", "GET", self._base_url + target, headers, refusal_expected=True)
                exchange = await self.client.send(call)
                self._lists[target] = (items_of(exchange) or []) if exchange.ok else []
            items = self._lists[target][turn : turn + 1]
            found = id_in(items[0], slot.name, slot.noun) if items else None
            if items and isinstance(items[0], (str, int)) and not isinstance(items[0], bool):
                found = str(items[0])
            if found is not None and slot.fits(found):
                self.borrowed[
                    f"{operation.label}: {slot.name} is an item of {lister.label} that this run did not make"
                ] = None
                return found
        return None

    def _told(self, slot: Slot) -> str | None:
        """An identifier that stands under that name, or in an object of that name, in an answer of this run."""
        wanted = words(slot.name) if words(slot.name) not in ("id", "uuid") else f"{slot.noun} id"
        for answer in self.made:
            for path, member in members(answer.exchange.json, ()):
                names = [words(step[:100]) for step in path if isinstance(step, str)]
                fitting = names and (names[-1] == wanted or " ".join(names[-2:]) == wanted)
                if fitting and member != "" and slot.fits(str(member)):
                    return str(member)
        return None

    async def _asked(
        self, producer: Operation, trail: tuple[str, ...], bound: Mapping[str, str], turn: int
    ) -> Answer | None:
        """The producer's answer, from a call just now or from an earlier one; None if it makes nothing."""
        if producer.label in trail:
            return None
        inside = prefixes(producer.template)
        key = (producer.label, tuple(sorted(pair for pair in bound.items() if pair[0] in inside)), turn)
        if key in self._answers:
            return self._answers[key]
        if not self.asking:
            return None
        self._answers[key] = None
        for plain in list(await self._build(producer, (*trail, producer.label), bound))[:_TRIES]:
            sample = plain.renew(SystemRandom())  # the plain values are for the operation's own checks
            if producer.method == "put":
                sample = _renamed(producer, sample)
            exchange = await self._send(producer, sample)
            if exchange.ok:
                answer = self._answers[key] = Answer(producer, sample.arguments, exchange)
                if producer.method != "get":
                    self.made.append(answer)
                    self._tell(producer, exchange)
                return answer
            if exchange.status in (None, 401, 403, 404, 405, 429) or (exchange.status or 0) >= 500:
                break
        return None

    async def _send(self, operation: Operation, sample: RequestSample) -> Exchange:
        """With a fresh key where it takes one; what is refused here is no sign of lost credentials.

        Where a request is refused that may have the key in the wrong form, it is sent once more with the key in the other.
        """
        expected = self._expectations(operation)
        bench = Bench(
            operation=operation,
            references=self._references,
            expectations=expected,
            client=self.client,
            base_url=self._base_url,
            sample=sample,
            other=None,
            effects=Effects(None, Masks()),
            options=Options(),
        )
        if not expected.keyed:
            return await self.client.send(bench.call("prerequisite", refusal_expected=True))
        bench.quote = self._forms.quoted(operation.label, expected)
        exchange = await self.client.send(bench.call("prerequisite", key=bench.key(), refusal_expected=True))
        if exchange.status not in REFUSED_FORM or expected.location != "header":
            return exchange
        bench.quote = not bench.quote
        turned = await self.client.send(bench.call("prerequisite", key=bench.key(), refusal_expected=True))
        if not turned.ok:
            return exchange
        self._forms.learn(operation.label, expected, quoted=bench.quote)
        return turned


def identifier(answer: Answer, slot: Slot) -> str | None:
    """Of what a producer made: by its Location, else by an identifier in the body."""
    location = answer.exchange.header("location")
    if location:
        found = id_in_location(location, slot.collection or answer.operation.template)
        if found is not None:
            return found
    if answer.operation.method == "put":
        return list(answer.arguments.values())[-1]
    data = answer.exchange.json
    if data is NOT_JSON or data is None:
        return id_in(_json(answer.exchange.call.body), slot.name, slot.noun)
    if isinstance(data, (str, int)) and not isinstance(data, bool):
        return str(data)
    return id_in(data, slot.name, slot.noun)


def _json(body: bytes) -> Any:
    """Of a request: who names a resource itself may get an answer without a body."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOT_JSON


def _renamed(producer: Operation, sample: RequestSample) -> RequestSample:
    """A PUT to a name that nothing has yet."""
    *_, name = path_names(producer.template)
    fresh = str(UUID(int=SystemRandom().getrandbits(128), version=4))
    fits = path_slots(producer, frozenset())[-1].fits
    return sample.with_arguments(**{name: fresh}) if fits(fresh) else sample
