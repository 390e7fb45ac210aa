"""Faults in how a key is given free: after an error, a crash, or a client that left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.faults.fault import Argument, Fault
from idemlint.mock.handling import Handling
from idemlint.mock.identity import digest

if TYPE_CHECKING:
    from idemlint.mock.handling import Attempt
    from idemlint.mock.messages import Outcome, Request
    from idemlint.mock.policy import Policy
    from idemlint.mock.stores.protocol import Written

_MONTH: Final = 30 * 86_400.0
"""Stands for ever where a key never expires."""


class OrphanLock(Handling):
    """The reservation has the key's own time to live, and only an answer ends it earlier."""

    def __init__(self, *, policy: Policy, **parts: Any) -> None:
        super().__init__(policy=replace(policy, lease=min(policy.ttl, _MONTH)), **parts)

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        """Work that failed stands for a process that died at it: nobody is left to clean up."""
        if outcome.answer.status >= 500 and not self.stores(outcome.answer.status):
            return await self.store.apply(outcome.effects)
        return await super().settle(request, attempt, outcome)


class StillReserved(Handling):
    """After an answer that is not kept, the reservation stays until the key expires."""

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        if self.stores(outcome.answer.status):
            return await super().settle(request, attempt, outcome)
        await self.unlock(attempt)
        lease = min(self.policy.ttl, _MONTH)
        await self.store.renew(attempt.lookup, owner=attempt.owner, now=self.clock.now(), lease=lease)
        return await self.store.apply(outcome.effects)

    async def unlock(self, attempt: Attempt) -> None:
        """Nothing is done about it."""


class NoReleaseOnError(StillReserved):
    pass


class WrongUnlockKey(StillReserved):
    async def unlock(self, attempt: Attempt) -> None:
        """The name of the lock is put together in two places, and differs."""
        await self.store.release(digest(("lock", attempt.lookup)), owner=attempt.owner)


class ReleaseAfterEffect(Handling):
    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        if self.work.fails_after(request):
            return await self.store.release(attempt.lookup, owner=attempt.owner, effects=outcome.effects)
        return await super().settle(request, attempt, outcome)


class AbortCancelsStore(Handling):
    """The record is written with the request's own cancellation: what the client's leaving ends, ends this as well."""

    write_time: float = 100.0
    """Milliseconds."""

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        if self.stores(outcome.answer.status):
            await asyncio.sleep(self.write_time / 1000)
            if await request.disconnected():
                return await self.store.release(attempt.lookup, owner=attempt.owner, effects=outcome.effects)
        return await super().settle(request, attempt, outcome)


FAULTS: Final = (
    Fault(
        "orphan-lock",
        "the reservation of a run that crashed (any 5xx counts) stays until the key expires",
        (OrphanLock,),
        (
            "VilledeMontreal/express-idempotency#32",
            "pathosDev/actor-ts#984",
            "ikyriak/IdempotentAPI#37",
            "status.dwolla.com/incidents/bkl5393wxlhf",
        ),
        ("FLT-04",),
    ),
    Fault(
        "wrong-unlock-key",
        "after an error, unlocks a key that is put together in another way than the one it locked",
        (WrongUnlockKey,),
        ("LerianStudio/midaz#1799",),
        ("FLT-04", "ERR-02"),
    ),
    Fault(
        "no-release-on-error",
        "keeps the key as in progress after an error answer that it does not store",
        (NoReleaseOnError,),
        ("useautumn/autumn#1851",),
        ("ERR-02", "FLT-04"),
    ),
    Fault(
        "release-after-effect",
        "a failure behind the effect (Prefer: fail=after-effect) gives the key free, so that the retry repeats it",
        (ReleaseAfterEffect,),
        ("pathosDev/actor-ts#984",),
        ("FLT-05", "CON-07"),
    ),
    Fault(
        "abort-cancels-store",
        "a client that goes away cancels the writing of the record, though the effect has happened",
        (AbortCancelsStore,),
        ("fullstackhero/dotnet-starter-kit#1333", "caura-ai/caura#1629"),
        ("FLT-01",),
        Argument("write_time", "how long writing a record takes", "ms", AbortCancelsStore.write_time),
    ),
)
