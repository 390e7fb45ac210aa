"""How many effects there were: the strongest way of counting that a target offers, proven before it is believed.

Section 3.0 of the checks, oracles O1 to O5. An exact oracle is a number that rises by one with each effect; ids in the
answers can refute "one effect" (two ids are two effects) but never prove it.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from idemlint.probe.exchange import NOT_JSON, Call
from idemlint.probe_report import EffectCount

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

    from idemlint.probe.client import Client
    from idemlint.probe.exchange import Exchange, Lines
    from idemlint.probe.masks import Masks

_PATIENCE: Final = (1, 2, 4)
"""Readings that have to agree are this many base delays apart."""
BASE_DELAY: Final = 0.03
"""Seconds; longer where the target was seen to lag."""
MEMBERS: Final = ("data", "items", "results", "values", "records", "entries", "content", "value", "list", "_embedded")
"""Names under which lists wrap their items."""


class Oracle(Protocol):
    """A number that counts effects."""

    name: str
    """`the mock's counter`, `GET /payments`."""
    lags: bool
    """Whether a reading may be behind the writes."""
    attributed: bool
    """Whether what it counts can only be this run's."""

    async def read(self) -> int | None:
        """The number now; None if it could not be read."""


class MockCounter:
    """O1: `GET /_idemlint/effects` of idemlint's own mock."""

    name = "the mock's counter"
    lags = False
    attributed = True

    def __init__(self, client: Client, base_url: str, operation: str) -> None:
        self._client = client
        self._call = Call("effects", "GET", f"{base_url}/_idemlint/effects", principal="none", refusal_expected=True)
        self._operation = operation

    async def read(self) -> int | None:
        data = (await self._client.send(self._call)).json
        counts = data.get("operations") if isinstance(data, dict) else None
        if not isinstance(counts, dict):
            return None
        count = counts.get(self._operation, 0)
        return count if isinstance(count, int) else None


class ListCount:
    """O2: how many items a list has, those that carry the run's tag if any item does."""

    lags = True

    def __init__(
        self, client: Client, url: str, *, name: str, tag: str, headers: Lines = (), principal: str = "A"
    ) -> None:
        self.name = name
        self._client = client
        self._call = Call("list", "GET", url, headers, principal=principal)
        self._tag = tag
        self._before_tags = 0
        """What the list held when no item in it bore the tag: counting goes on from there, without other people's items."""
        self.attributed = False
        self.overlong = False
        """Whether there are more items than can be read, so that it counts no longer."""

    async def read(self) -> int | None:
        items = await self.items()
        return None if items is None else self.counted(items)

    def counted(self, items: Sequence[Any]) -> int:
        """How many of the items count."""
        tagged = sum(self._tag in json.dumps(item, ensure_ascii=False) for item in items) if self._tag else 0
        self.attributed = bool(tagged)
        if not tagged:
            self._before_tags = len(items)
            return len(items)
        return self._before_tags + tagged

    async def items(self) -> list[Any] | None:
        exchange = await self._client.send(self._call)
        return items_of(exchange) if exchange.ok else None


class HookCount:
    """A hook of the user's: `count_effects(operation)`."""

    lags = True
    attributed = True

    def __init__(self, name: str, count: Callable[[], int | Awaitable[int]]) -> None:
        self.name = name
        self._count = count

    async def read(self) -> int | None:
        value = self._count()
        if not isinstance(value, int):
            value = await value
        return value


class NumberInItem:
    """O4: a number of the resource that an execution changes, a balance say; counts in steps of what one execution did."""

    lags = True
    attributed = False

    def __init__(self, client: Client, call: Call, pointer: str, step: float, *, name: str) -> None:
        self.name = name
        self._client = client
        self._call = call
        self._pointer = pointer
        self._step = step

    async def read(self) -> int | None:
        from idemlint.openapi.pointers import at

        exchange = await self._client.send(self._call)
        value = at(exchange.json, self._pointer) if exchange.ok else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return round(value / self._step)


class Reading(NamedTuple):
    """The state of the oracle at the beginning of a sequence."""

    value: int | None


_ENOUGH: Final = 2
"""Signs that ids are ids; and counts in a row that missed effects, until no more is counted by that oracle."""


class Effects:
    """Counts effects with one oracle, or with the ids in the answers where there is none.

    An oracle that shows fewer effects than new ids is no longer exact: a list whose page is full grows no more. But an id
    overrules a count that rose only if ids were seen to be ids, and not something else that differs in every answer.
    """

    def __init__(self, oracle: Oracle | None, masks: Masks) -> None:
        self.oracle = oracle
        self.masks = masks
        self.base = BASE_DELAY
        self._last: tuple[int, int] | None = None
        """Requests of the run that had been sent when the oracle was last read, and what it showed."""
        self._known: set[str] = set()
        """Ids that answers told before."""
        self._signs = 0
        """How often the count agreed with the ids where duplicates would have set them apart, were they no ids."""
        self._missed = 0
        """Counts in a row that missed effects."""

    @property
    def exact(self) -> bool:
        return self.oracle is not None

    @property
    def name(self) -> str:
        return self.oracle.name if self.oracle is not None else "ids in the answers"

    async def before(self, sent: int | None = None) -> Reading:
        """The state now. Where the run has `sent` nothing since the last reading, that one is good enough, if none lagged."""
        if self.oracle is None:
            return Reading(None)
        if sent is not None and self._last is not None and self._last[0] == sent and self.base <= BASE_DELAY:
            return Reading(self._last[1])
        return Reading(await self.settled())

    async def since(
        self, before: Reading, exchanges: Sequence[Exchange], *, sent: Callable[[], int] | None = None
    ) -> EffectCount:
        """How many there were since; `exchanges` are those that may have had one. `sent` tells the run's requests so far."""
        identities = self.identities(exchanges)
        new = [each for each in identities if each not in self._known]
        self._known.update(new)
        told = EffectCount(len(identities), False, "ids in the answers", ids=tuple(identities))
        if self.oracle is None or before.value is None:
            return told
        name, oracle = self.name, self.oracle
        after = await self.settled(at_least=before.value)
        if after is None:
            return told
        self._last = None if sent is None else (sent(), after)
        count = EffectCount(after - before.value, True, name, before.value, after, tuple(identities), oracle.attributed)
        return self._against(count, len(new), exchanges)

    def _against(self, count: EffectCount, new: int, exchanges: Sequence[Exchange]) -> EffectCount:
        """The count, if the answers do not tell of more effects than it; else the larger number, as the least."""
        paged = isinstance(self.oracle, (ListCount, NumberInItem))
        if not paged or new <= count.least or (count.least > 0 and self._signs < _ENOUGH):
            self._missed = 0
            self._signs += _shown(exchanges, new) if new == count.least else 0
            return count
        self._missed += 1
        if self._missed >= _ENOUGH:
            self.oracle = None
        return count._replace(least=new if self._signs >= _ENOUGH else 1, exact=False)

    async def settled(self, at_least: int | None = None) -> int | None:
        """The number once it no longer changes; the greatest that was seen, since effects may rise late."""
        if self.oracle is None:
            return None
        value = await self.oracle.read()
        if not self.oracle.lags:
            return value
        best = value
        for factor in _PATIENCE:
            await asyncio.sleep(self.base * factor)
            again = await self.oracle.read()
            if again is not None:
                best = again if best is None else max(best, again)
            if again == value:
                break
            value = again
        if best is None and isinstance(self.oracle, ListCount) and self.oracle.overlong:
            self.oracle = None
        return best

    def identities(self, exchanges: Sequence[Exchange]) -> list[str]:
        """Different resources that successful answers tell of."""
        told = self.masks.identities_of(exchange for exchange in exchanges if exchange.ok)
        return [" ".join(identity) for identity in dict.fromkeys(told) if identity]


def _shown(exchanges: Sequence[Exchange], ids: int) -> int:
    """What a count that agrees with the ids shows of them: all, if a duplicate's answer repeated one.

    If duplicates got ids of their own and were counted, half: a request without any key rightly runs each time it is sent.
    """
    calls = [each.call for each in exchanges if each.ok]
    sent = {(call.method, call.url, call.headers, call.body, call.principal) for call in calls}
    if not ids or len(sent) == len(calls):
        return 0
    return _ENOUGH if ids <= len(sent) else 1


def items_of(exchange: Exchange) -> list[Any] | None:
    """The items of a list answer: an array, or an object that holds one."""
    data = exchange.json
    if data is NOT_JSON:
        return None
    if isinstance(data, list):
        return data
    if not isinstance(data, dict):
        return None
    named = [data[name] for name in MEMBERS if isinstance(data.get(name), list)]
    if named:
        return list(named[0])
    arrays = [value for value in data.values() if isinstance(value, list)]
    if arrays:
        return list(arrays[0])
    nested = [value for name in MEMBERS if isinstance(value := data.get(name), dict)]
    for value in nested:
        inner = [each for each in value.values() if isinstance(each, list)]
        if inner:
            return list(inner[0])
    return None
