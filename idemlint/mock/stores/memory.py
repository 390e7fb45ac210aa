"""The store of one process: dictionaries, and the state machine of `keys.py` as it stands."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Final

from idemlint.mock import keys
from idemlint.mock.stores.protocol import (
    MAX_ANSWER,
    MAX_BYTES,
    MAX_RECORDS,
    MAX_RESOURCES,
    Resource,
    Written,
    stored_size,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.mock.keys import Claim, Record
    from idemlint.mock.messages import Answer, Effect

_SWEPT_AT_ONCE: Final = 2_000
"""Records that a sweep forgets before requests get their turn again."""


class MemoryStore:
    """No method but `sweep` waits for anything, so each is atomic on an event loop."""

    shared = False

    def __init__(
        self, *, max_records: int = MAX_RECORDS, max_resources: int = MAX_RESOURCES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._records: dict[str, Record] = {}
        self._deadlines: list[tuple[float, int, str]] = []
        """A heap of deadline, serial number, key. It may hold entries that are no longer true; the record tells."""
        self._serial = count()
        self._resources: dict[tuple[str, str], dict[str, bytes]] = {}
        self._order: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        """Collection, principal, identifier of each resource, the oldest first."""
        self._counts: dict[str, int] = {}
        self._bytes = 0
        """What bodies and resources take."""
        self._max_records = max_records
        self._max_resources = max_resources
        self._max_bytes = max_bytes

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to let go."""

    async def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> Claim:
        record = self._records.get(key)
        after, claim = keys.claim(record, fingerprint=fingerprint, owner=owner, now=now, lease=lease)
        if claim.won:
            if record is None and len(self._records) >= self._max_records:
                self._evict()
            self._write(key, after)
        return claim

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        after, done = keys.complete(self._records.get(key), owner=owner, answer=answer, expires=expires)
        if not done:
            return Written.LOST
        if stored_size(answer) > MAX_ANSWER:
            return Written.TOO_LARGE
        return self._settle(key, after, effects)

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        after, done = keys.release(self._records.get(key), owner=owner)
        return self._settle(key, after, effects) if done else Written.LOST

    async def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        after, done = keys.renew(self._records.get(key), owner=owner, now=now, lease=lease)
        if done:
            self._write(key, after)
        return done

    async def read(self, key: str, *, now: float) -> Record | None:
        record = self._records.get(key)
        return record if record is not None and now < record.deadline else None

    async def apply(self, effects: Sequence[Effect]) -> Written:
        if self._stale(effects):
            return Written.STALE
        self._happen(effects)
        return Written.DONE

    async def resources(self, collection: str, principal: str) -> list[Resource]:
        found = self._resources.get((collection, principal), {})
        return [Resource(identifier, value) for identifier, value in found.items()]

    async def resource(self, collection: str, principal: str, identifier: str) -> bytes | None:
        return self._resources.get((collection, principal), {}).get(identifier)

    async def counts(self) -> dict[str, int]:
        return dict(self._counts)

    async def sweep(self, *, now: float) -> None:
        before = len(self._records)
        while self._forget_some(now):  # noqa: ASYNC110 - lets requests in between
            await asyncio.sleep(0)
        if len(self._deadlines) > 2 * len(self._records) + 64:
            self._deadlines = [(record.deadline, next(self._serial), key) for key, record in self._records.items()]
            heapify(self._deadlines)
        if len(self._records) < before // 2:
            # A dictionary never gives back by itself what it needed at its largest.
            self._records = {**self._records}

    async def reset(self) -> None:
        self._records.clear()
        self._deadlines.clear()
        self._resources.clear()
        self._order.clear()
        self._counts.clear()
        self._bytes = 0

    def _settle(self, key: str, record: Record | None, effects: Sequence[Effect]) -> Written:
        if self._stale(effects):
            return Written.STALE
        self._happen(effects)
        self._write(key, record)
        return Written.DONE

    def _write(self, key: str, record: Record | None) -> None:
        self._forget(key)
        if record is None:
            return
        self._records[key] = record
        heappush(self._deadlines, (record.deadline, next(self._serial), key))
        if record.answer is not None:
            self._bytes += len(record.answer.body)
            while self._bytes > self._max_bytes:
                self._evict()

    def _forget(self, key: str) -> None:
        record = self._records.pop(key, None)
        if record is not None and record.answer is not None:
            self._bytes -= len(record.answer.body)

    def _forget_some(self, now: float) -> bool:
        """Whether there may be more whose time is over."""
        for _ in range(_SWEPT_AT_ONCE):
            if not self._deadlines or self._deadlines[0][0] > now:
                return False
            _, _, key = heappop(self._deadlines)
            record = self._records.get(key)
            if record is not None and record.deadline <= now:
                self._forget(key)
        return True

    def _evict(self) -> None:
        """Make room: the done record that ends first goes, else the oldest resource, else an unfinished record."""
        unfinished: list[tuple[float, int, str]] = []
        while self._deadlines:
            entry = heappop(self._deadlines)
            record = self._records.get(entry[2])
            if record is None or record.deadline != entry[0]:
                continue
            if record.answer is not None:
                self._forget(entry[2])
                break
            unfinished.append(entry)
        else:
            if self._bytes > self._max_bytes:
                self._forget_oldest()
            else:
                self._forget(unfinished.pop(0)[2])
        for entry in unfinished:
            heappush(self._deadlines, entry)

    def _stale(self, effects: Sequence[Effect]) -> bool:
        for effect in effects:
            if effect.kind in ("update", "delete"):
                held = self._resources.get((effect.collection, effect.principal), {}).get(effect.identifier)
                if held != effect.before:
                    return True
        return False

    def _happen(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if effect.counted:
                self._counts[effect.operation] = self._counts.get(effect.operation, 0) + 1
            if effect.kind == "other":
                continue
            item = (effect.collection, effect.principal, effect.identifier)
            if effect.kind == "delete":
                self._drop(item)
                continue
            held = self._resources.setdefault(item[:2], {})
            self._bytes += len(effect.value) - len(held.get(effect.identifier, b""))
            held[effect.identifier] = effect.value
            self._order[item] = None
            while len(self._order) > self._max_resources or (self._bytes > self._max_bytes and len(self._order) > 1):
                self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._drop(next(iter(self._order)))

    def _drop(self, item: tuple[str, str, str]) -> None:
        if item not in self._order:
            return
        del self._order[item]
        held = self._resources[item[:2]]
        self._bytes -= len(held.pop(item[2]))
        if not held:
            del self._resources[item[:2]]


def store_of(url: str) -> MemoryStore:
    """`memory`."""
    if url.partition(":")[2].strip("/"):
        raise ValueError("the memory store takes no place")
    return MemoryStore()
