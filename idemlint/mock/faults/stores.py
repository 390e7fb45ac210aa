"""Faults in what stands between the mock and its store."""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.faults.fault import Argument, Fault
from idemlint.mock.handling import Handling
from idemlint.mock.keys import Claim
from idemlint.mock.stores.memory import MemoryStore
from idemlint.mock.stores.protocol import MAX_ANSWER, StoreDownError, Written, stored_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.mock.handling import Attempt
    from idemlint.mock.keys import Record
    from idemlint.mock.messages import Answer, Effect, Outcome, Request
    from idemlint.mock.stores.protocol import Resource, Store

_CONNECTION: ContextVar[int] = ContextVar("connection", default=0)
_MAX_CONNECTIONS: Final = 10_000


class Wrapped:
    """A store that does what another one does."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.shared = store.shared

    async def open(self) -> None:
        await self.store.open()

    async def close(self) -> None:
        await self.store.close()

    async def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> Claim:
        return await self.store.claim(key, fingerprint=fingerprint, owner=owner, now=now, lease=lease)

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        return await self.store.complete(key, owner=owner, answer=answer, expires=expires, effects=effects)

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        return await self.store.release(key, owner=owner, effects=effects)

    async def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        return await self.store.renew(key, owner=owner, now=now, lease=lease)

    async def read(self, key: str, *, now: float) -> Record | None:
        return await self.store.read(key, now=now)

    async def apply(self, effects: Sequence[Effect]) -> Written:
        return await self.store.apply(effects)

    async def resources(self, collection: str, principal: str) -> list[Resource]:
        return await self.store.resources(collection, principal)

    async def resource(self, collection: str, principal: str, identifier: str) -> bytes | None:
        return await self.store.resource(collection, principal, identifier)

    async def counts(self) -> dict[str, int]:
        return await self.store.counts()

    async def sweep(self, *, now: float) -> None:
        await self.store.sweep(now=now)

    async def reset(self) -> None:
        await self.store.reset()


class FailOpen(Handling):
    """Without the store the work is done all the same, and nobody remembers it."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.unprotected: set[str] = set()
        """Owners of runs that never got to the store."""

    async def claim(self, request: Request, attempt: Attempt) -> Claim:
        try:
            return await super().claim(request, attempt)
        except StoreDownError:
            self.unprotected.add(attempt.owner)
            return Claim(None)

    async def renew(self, attempt: Attempt) -> bool:
        return attempt.owner in self.unprotected or await super().renew(attempt)

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        if attempt.owner not in self.unprotected:
            return await super().settle(request, attempt, outcome)
        self.unprotected.discard(attempt.owner)
        with suppress(StoreDownError):
            await self.store.apply(outcome.effects)
        return Written.DONE


class Connected(Handling):
    """Lets the store know on which connection a request came."""

    async def handle(self, request: Request) -> Answer:
        _CONNECTION.set(request.connection)
        return await super().handle(request)


class PerInstance(Wrapped):
    """Each instance keeps records in its own memory. Connections are dealt out to instances in turn, as a load balancer
    does it; each worker process has instances of its own. What the work changed is in the store, for all.
    """

    instances: float = 2.0

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._records = [MemoryStore() for _ in range(int(self.instances))]
        self._dealt: dict[int, MemoryStore] = {}
        self._next = 0

    def own(self) -> MemoryStore:
        connection = _CONNECTION.get()
        own = self._dealt.get(connection)
        if own is None:
            if len(self._dealt) >= _MAX_CONNECTIONS:
                self._dealt.clear()
            own = self._dealt[connection] = self._records[self._next % len(self._records)]
            self._next += 1
        return own

    async def claim(self, key: str, *, fingerprint: str, owner: str, now: float, lease: float) -> Claim:
        return await self.own().claim(key, fingerprint=fingerprint, owner=owner, now=now, lease=lease)

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        if stored_size(answer) > MAX_ANSWER:
            return Written.TOO_LARGE
        written = await self.store.apply(effects)
        if written is not Written.DONE:
            return written
        return await self.own().complete(key, owner=owner, answer=answer, expires=expires)

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        written = await self.store.apply(effects)
        return written if written is not Written.DONE else await self.own().release(key, owner=owner)

    async def renew(self, key: str, *, owner: str, now: float, lease: float) -> bool:
        return await self.own().renew(key, owner=owner, now=now, lease=lease)

    async def read(self, key: str, *, now: float) -> Record | None:
        return await self.own().read(key, now=now)

    async def sweep(self, *, now: float) -> None:
        for records in self._records:
            await records.sweep(now=now)
        await self.store.sweep(now=now)

    async def reset(self) -> None:
        for records in self._records:
            await records.reset()
        await self.store.reset()


FAULTS: Final = (
    Fault(
        "per-instance",
        "each instance of the service keeps keys in its own memory; connections go to the instances in turn",
        (Connected, PerInstance),
        ("Junirezz/YieldVault-RWA#811",),
        ("CON-06",),
        Argument("instances", "instances behind the address", "n", PerInstance.instances, most=100.0, least=1.0),
    ),
    Fault(
        "fail-open",
        "does the work unprotected while the store of keys is down",
        (FailOpen,),
        ("jcagarcia/grape-idempotency#20",),
        ("FLT-06",),
    ),
)
