"""Faults in how a key is claimed: races, locks that end too early, and what a request is told that comes too late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.faults.fault import Argument, Fault
from idemlint.mock.faults.stores import Wrapped
from idemlint.mock.handling import Handling
from idemlint.mock.keys import Claim, Record, Standing
from idemlint.mock.stores.protocol import StoreDownError, Written

if TYPE_CHECKING:
    from idemlint.mock.handling import Attempt
    from idemlint.mock.messages import Outcome, Request
    from idemlint.mock.policy import Policy

_POLL: Final = 0.01
_MONTH: Final = 30 * 86_400.0
"""Stands for ever where a key never expires."""


class LookedUp(Handling):
    """The key is looked up in one step and reserved in another, with a moment between them. A store of one process
    has no such moment of its own, so it is made here.
    """

    window: float = 20.0
    """Milliseconds."""

    async def claim(self, request: Request, attempt: Attempt) -> Claim:
        self.reach_store(request)
        found = await self.store.read(attempt.lookup, now=self.clock.now())
        if found is not None:
            return Claim(found)
        await asyncio.sleep(self.window / 1000)
        return await self.reserve(request, attempt)

    async def reserve(self, request: Request, attempt: Attempt) -> Claim:
        """What follows on a look that found nothing."""
        return await super().claim(request, attempt)


class Overwriting(LookedUp):
    """Records are written by their key alone, as a plain SET does, whoever else has written there since."""

    async def seize(self, attempt: Attempt) -> None:
        """Make the key this run's, whatever stands there: as if the time of that were over."""
        now = self.clock.now()
        while True:
            claim = await self.store.claim(
                attempt.lookup,
                fingerprint=attempt.fingerprint,
                owner=attempt.owner,
                now=now,
                lease=self.policy.lease,
            )
            if claim.found is None or (claim.found.owner == attempt.owner and claim.found.answer is None):
                return
            now = claim.found.deadline

    async def renew(self, attempt: Attempt) -> bool:
        await super().renew(attempt)
        return True

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        written = Written.LOST
        while written is Written.LOST:
            await self.seize(attempt)
            written = await super().settle(request, attempt, outcome)
        return written


class Toctou(Overwriting):
    async def reserve(self, request: Request, attempt: Attempt) -> Claim:
        return Claim(None)


class OverwriteReservation(Overwriting):
    async def reserve(self, request: Request, attempt: Attempt) -> Claim:
        await self.seize(attempt)
        return Claim(None)


class Race503(LookedUp):
    async def reserve(self, request: Request, attempt: Attempt) -> Claim:
        claim = await super().reserve(request, attempt)
        if not claim.won:
            raise StoreDownError("duplicate key value violates unique constraint")
        return claim


class NoReread(Overwriting):
    """Requests queue for a lock. Who gets it does what it made up its mind to do before it queued."""

    async def claim(self, request: Request, attempt: Attempt) -> Claim:
        self.reach_store(request)
        found = await self.store.read(attempt.lookup, now=self.clock.now())
        if found is not None and (found.answer is not None or found.fingerprint != attempt.fingerprint):
            return Claim(found)
        if found is None:
            await asyncio.sleep(self.window / 1000)
        return await self.reserve(request, attempt)

    async def reserve(self, request: Request, attempt: Attempt) -> Claim:
        waited = 0.0
        claim = await Handling.claim(self, request, attempt)
        while claim.found is not None and claim.found.answer is None and waited < self.policy.wait:
            if claim.found.fingerprint != attempt.fingerprint:
                return claim
            await asyncio.sleep(_POLL)
            waited += _POLL
            claim = await Handling.claim(self, request, attempt)
        if claim.found is not None and claim.found.answer is not None:
            await self.seize(attempt)
            return Claim(None)
        return claim


class ConflictBeforeMismatch(Handling):
    """Where the profile has duplicates wait, there is no conflict to tell of."""

    def standing(self, found: Record, fingerprint: str) -> Standing:
        if found.answer is None and self.policy.in_flight == "reject":
            return Standing.IN_FLIGHT
        return super().standing(found, fingerprint)


class LockTtl(Handling):
    """The lease ends while the work goes on, nothing renews it, and nothing ties the effect to it."""

    lock_ttl: float = 1.0
    """Seconds."""

    def __init__(self, *, policy: Policy, **parts: Any) -> None:
        super().__init__(policy=replace(policy, lease=self.lock_ttl), **parts)

    async def take_time(self, attempt: Attempt, seconds: float) -> bool:
        await asyncio.sleep(seconds)
        return True

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        written = await super().settle(request, attempt, outcome)
        return await self.outlived(attempt, outcome) if written is Written.LOST else written

    async def outlived(self, attempt: Attempt, outcome: Outcome) -> Written:
        """The work is done, and the key is another's by now."""
        return await self.store.apply(outcome.effects)


class ForeignUnlock(LockTtl):
    async def outlived(self, attempt: Attempt, outcome: Outcome) -> Written:
        written = await super().outlived(attempt, outcome)
        found = await self.store.read(attempt.lookup, now=self.clock.now())
        if found is not None:
            await self.store.release(attempt.lookup, owner=found.owner)
        return written


class SweepRace(Handling):
    """An expired row stands in the way of the new one; it is swept, and what stands there then is not looked at."""

    async def claim(self, request: Request, attempt: Attempt) -> Claim:
        claim = await super().claim(request, attempt)
        if not (claim.won and claim.expired):
            return claim
        now = self.clock.now()
        lease = min(self.policy.ttl, _MONTH)
        await self.store.renew(attempt.lookup, owner=attempt.owner, now=now, lease=lease)
        return Claim(Record(attempt.fingerprint, attempt.owner, now + lease))


class Unswept(Wrapped):
    """What the sweep should have taken is still there."""

    async def sweep(self, *, now: float) -> None:
        """It comes too late."""


_WINDOW: Final = Argument("window", "time between looking a key up and reserving it", "ms", LookedUp.window)
_LOCK: Final = Argument("lock_ttl", "how long the lock holds", "s", LockTtl.lock_ttl, least=0.001)

FAULTS: Final = (
    Fault(
        "toctou",
        "looks a key up, does the work, then stores: nothing is reserved in between",
        (Toctou,),
        (
            "square1-io/laravel-idempotency#1",
            "mastodon/mastodon#37879",
            "LabsCrypt/remitlend#1624",
            "RatLoopz/sahidawa-india#3393",
        ),
        ("CON-01",),
        _WINDOW,
    ),
    Fault(
        "overwrite-reservation",
        "reserves a key without asking whether somebody just did: the second reservation replaces the first",
        (OverwriteReservation,),
        ("idempot-dev/idempot-js#182",),
        ("CON-01", "CON-03"),
        _WINDOW,
    ),
    Fault(
        "race-503",
        "the loser of a race for a key gets the store's unique violation as a 503",
        (Race503,),
        ("idempot-dev/idempot-js#181",),
        ("CON-01",),
        _WINDOW,
    ),
    Fault(
        "409-before-422",
        "asks whether the first request is in flight before it compares payloads",
        (ConflictBeforeMismatch,),
        ("idempot-dev/idempot-js#183",),
        ("FPR-10",),
    ),
    Fault(
        "lock-ttl",
        "the lock ends while the work goes on, and a duplicate gets it",
        (LockTtl,),
        ("KanishJebaMathewM/Truxify#5846",),
        ("CON-05",),
        _LOCK,
    ),
    Fault(
        "foreign-unlock",
        "a request that outlived its lock deletes the lock of the duplicate that took over",
        (ForeignUnlock,),
        ("KanishJebaMathewM/Truxify#4623",),
        ("CON-05",),
        _LOCK,
    ),
    Fault(
        "no-reread",
        "a duplicate waits for the lock and then does the work, without looking whether it was done meanwhile",
        (NoReread,),
        ("KanishJebaMathewM/Truxify#6898",),
        ("CON-05", "CON-02"),
        _WINDOW,
    ),
    Fault(
        "sweep-race",
        "a key that is used again after its expiry is reported as in progress, whatever became of it",
        (SweepRace, Unswept),
        ("margince/margince#423",),
        ("EXP-02",),
    ),
)
