"""O4: a number that an execution changes, a balance or a version say, found by watching the resource that it belongs to."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final

from idemlint.openapi.operations import operations
from idemlint.openapi.pointers import at
from idemlint.probe.exchange import NOT_JSON, Call
from idemlint.probe.masks import leaves
from idemlint.probe.nouns import noun_of, noun_of_name, same_noun, shape
from idemlint.probe.reading import fill, path_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import References
    from idemlint.probe.client import Client
    from idemlint.probe.oracle import Oracle
    from idemlint.probe.samples import RequestSample

_TELLING: Final = re.compile(r"balance|available|version|revision|count|total|amount|sequence|quantity", re.IGNORECASE)
_TIMES: Final = re.compile(r"time|date|_at$|At$|age|expires|updated|created|modified|timestamp|ttl", re.IGNORECASE)
_CLOCK: Final = 86_400 * 366
"""Seconds around now: numbers there are the time, in whatever unit."""
_TOLERANCE: Final = 1e-6
_SAME_STEP: Final = 0.1
"""How much, of itself, a payload's amount may differ in another payload and still count as one step."""
_HEADERS: Final = (("Accept", "application/json"), ("Cache-Control", "no-cache"))


class ChangedNumber:
    """Counts in steps of what the first execution did to a number.

    The first reading is taken twice: what differs between them changes by itself. The first change tells the step of each
    number that changed; with each further reading those stay that moved by whole steps. None if no number is left.
    """

    lags = True
    attributed = False

    def __init__(self, client: Client, call: Call, *, name: str) -> None:
        self.name = name
        self._client = client
        self._call = call
        self._start: dict[str, float] | None = None
        self._steps: dict[str, float] | None = None

    async def read(self) -> int | None:
        numbers = await self._numbers()
        if numbers is None:
            return None
        if self._start is None:
            again = await self._numbers() or {}
            self._start = {pointer: value for pointer, value in numbers.items() if again.get(pointer) == value}
            return 0
        moved = {
            pointer: numbers[pointer] - value
            for pointer, value in self._start.items()
            if pointer in numbers and abs(numbers[pointer] - value) > _TOLERANCE
        }
        if self._steps is None:
            if not moved:
                return 0
            self._steps = moved
            return 1
        self._steps = {
            pointer: step
            for pointer, step in self._steps.items()
            if pointer in numbers and _is_whole((numbers[pointer] - self._start[pointer]) / step)
        }
        if not self._steps:
            return None
        best = min(self._steps, key=lambda pointer: (not _TELLING.search(pointer), pointer.count("/"), pointer))
        return round((numbers[best] - self._start[best]) / self._steps[best])

    async def _numbers(self) -> dict[str, float] | None:
        exchange = await self._client.send(self._call)
        if not exchange.ok or exchange.json is NOT_JSON:
            return None
        found = {}
        for pointer, value in leaves(exchange.json).items():
            number = _number(value)
            if number is not None and not _TIMES.search(pointer.rpartition("/")[2]) and not _is_clock(number):
                found[pointer] = number
        return found


def changing_oracles(
    references: References,
    operation: Operation,
    sample: RequestSample,
    other: RequestSample | None,
    *,
    client: Client,
    base_url: str,
    most: int = 2,
) -> list[Oracle]:
    """Oracles over the resources that a request is about: those in its path, and those that its body names."""
    if other is not None and not _same_step(sample, other):
        return []
    found: dict[str, Oracle] = {}
    for each, arguments in _subjects(references, operation, sample):
        url = base_url + fill(each.template, arguments)
        if url not in found and len(found) < most:
            found[url] = ChangedNumber(client, Call("item", "GET", url, _HEADERS), name=f"a number in {each.label}")
    return list(found.values())


def _subjects(
    references: References, operation: Operation, sample: RequestSample
) -> Iterator[tuple[Operation, dict[str, str]]]:
    """Items that can be read, the innermost first, with their path arguments."""
    gets = {shape(each.template): each for each in operations(references) if each.method == "get"}
    template = operation.template
    for name in reversed(path_names(template)):
        get = gets.get(shape(template[: template.index(f"{{{name}}}") + len(name) + 2]))
        if get is not None:
            values = [sample.arguments[each] for each in path_names(template)]
            yield get, dict(zip(path_names(get.template), values, strict=False))
    for pointer in sample.fixed:
        *_, holder, last = ["", *pointer.split("/")]
        noun = noun_of_name(last) or noun_of_name(f"{holder} {last}") or last
        value = at(sample.value, pointer)
        for each in gets.values():
            names = path_names(each.template)
            collection, _, end = each.template.rpartition("/")
            if len(names) == 1 and end == f"{{{names[0]}}}" and same_noun(noun, noun_of(collection)):
                yield each, {names[0]: str(value)}


def _same_step(sample: RequestSample, other: RequestSample) -> bool:
    """Whether both payloads would move a number by about as much."""
    one, two = _number(at(sample.value, other.difference)), _number(at(other.value, other.difference))
    return one is None or two is None or abs(two - one) <= _SAME_STEP * abs(one)


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) < 1e15 else None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,4}", value):
        return float(value)
    return None


def _is_clock(number: float) -> bool:
    now = time.time()
    return any(abs(number / scale - now) < _CLOCK for scale in (1, 1e3, 1e6))


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) < 0.05
