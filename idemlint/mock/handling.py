"""One request's way through the contract, a method a step.

The steps follow draft-ietf-httpapi-idempotency-key-header-06: who asks comes before whether the key is known (section 5),
whether the request is valid before whether it is a duplicate, and the payload before the state of the first request
(section 2.7). A fault (`faults/`) is a subclass that gets one of the steps wrong; here, each of them is right.
"""

from __future__ import annotations

import asyncio
from itertools import count
from secrets import token_hex
from typing import TYPE_CHECKING, Final, NamedTuple

from idemlint.mock import keys
from idemlint.mock.identity import digest
from idemlint.mock.keys import Standing
from idemlint.mock.messages import Answer
from idemlint.mock.stores.protocol import StoreDownError, Written

if TYPE_CHECKING:
    from idemlint.mock.answers import Answers
    from idemlint.mock.carriers import Carriers
    from idemlint.mock.clock import Clock
    from idemlint.mock.identity import Principal
    from idemlint.mock.keys import Record
    from idemlint.mock.messages import Outcome, Request
    from idemlint.mock.policy import Policy
    from idemlint.mock.routing import Route, Router
    from idemlint.mock.security import Security
    from idemlint.mock.stores.protocol import Store
    from idemlint.mock.validation import Validation
    from idemlint.mock.work import Work

_TRIES: Final = 5
"""How often work is run again because a resource changed under it."""
_POLL: Final = 0.02
"""Seconds between two looks at the record of a request that is waited for."""
_PER_EXCHANGE: Final = frozenset({"x-request-id", "set-cookie", "date", "retry-after", "www-authenticate"})
"""Headers that belong to one exchange and are neither stored nor replayed."""


class Attempt(NamedTuple):
    """One run's try for a key."""

    lookup: str
    """What the record is stored under."""
    fingerprint: str
    owner: str


class Handling:
    """The contract, kept. One object serves all requests of a process."""

    def __init__(
        self,
        *,
        policy: Policy,
        store: Store,
        clock: Clock,
        router: Router,
        security: Security,
        validation: Validation,
        carriers: Carriers,
        work: Work,
        answers: Answers,
        delay: float = 0.0,
    ) -> None:
        self.policy = policy
        self.store = store
        self.clock = clock
        self.router = router
        self.security = security
        self.validation = validation
        self.carriers = carriers
        self.work = work
        self.answers = answers
        self.delay = delay
        """Seconds that the work takes."""
        self._process = token_hex(8)
        self._runs = count(1)

    async def handle(self, request: Request) -> Answer:
        """The answer to any request; never raises for what a client, a document, or the store can do."""
        found = self.router.find(request)
        if isinstance(found, Answer):
            return found
        request.operation = found.label
        try:
            return await self.admitted(request, found)
        except StoreDownError:
            return self.answers.store_down()

    async def admitted(self, request: Request, route: Route) -> Answer:
        """Authentication, then the key's form, then the request's validity, then the key's state."""
        principal = self.authenticate(request, route)
        if isinstance(principal, Answer):
            return principal
        key = self.presented_key(request, route)
        if isinstance(key, Answer):
            return key
        refusal = self.validate(request, route)
        if refusal is not None:
            return refusal
        if key is None:
            return await self.without_key(request, route, principal)
        request.key = key
        return await self.with_key(request, route, principal, key)

    def authenticate(self, request: Request, route: Route) -> Principal | Answer:
        return self.security.principal(request, route)

    def presented_key(self, request: Request, route: Route) -> str | Answer | None:
        """The key; None if the request has none and may run without; else the refusal."""
        return self.carriers.key(request, route)

    def validate(self, request: Request, route: Route) -> Answer | None:
        """The refusal of a request that the document does not allow; None if it is valid."""
        return self.validation.refusal(request, route)

    def lookup_key(self, request: Request, route: Route, principal: Principal, key: str) -> str:
        """What the record is stored under (sections 2.2 and 5): principal, endpoint, key."""
        return digest((self.scope_principal(principal), *self.scope_endpoint(request, route), key))

    def scope_principal(self, principal: Principal) -> str:
        return principal.name

    def scope_endpoint(self, request: Request, route: Route) -> tuple[str, ...]:
        return (request.method, request.path) if self.policy.endpoint == "separate" else ()

    def fingerprint(self, request: Request, route: Route) -> str:
        """What makes two requests the same (section 2.4): method, path, query and payload."""
        return digest((*self.compared_endpoint(request, route), request.query, self.payload(request, route)))

    def compared_endpoint(self, request: Request, route: Route) -> tuple[str, ...]:
        return () if self.policy.endpoint == "global" else (request.method, request.path)

    def payload(self, request: Request, route: Route) -> bytes:
        """The body as it is compared: its JSON value in one spelling, unless the profile compares bytes."""
        if self.policy.compare == "bytes":
            return request.body
        return self.carriers.without_key(request, route)

    async def without_key(self, request: Request, route: Route, principal: Principal) -> Answer:
        delay = self.work.delay(request)
        if delay:
            await asyncio.sleep(delay)
        outcome = await self.run(request, route, principal)
        for _ in range(_TRIES):
            if await self.store.apply(outcome.effects) is Written.DONE:
                return outcome.answer
            outcome = await self.run(request, route, principal)
        return self.answers.contended()

    async def with_key(self, request: Request, route: Route, principal: Principal, key: str) -> Answer:
        lookup = self.lookup_key(request, route, principal, key)
        attempt = Attempt(lookup, self.fingerprint(request, route), self.new_owner())
        claim = await self.claim(request, attempt)
        if claim.found is None:
            request.result = "EXPIRED" if claim.expired else "MISS"
            return await self.first_time(request, route, principal, attempt)
        return await self.met(request, route, principal, attempt, claim.found)

    def new_owner(self) -> str:
        return f"{self._process}-{next(self._runs)}"

    async def claim(self, request: Request, attempt: Attempt) -> keys.Claim:
        self.reach_store(request)
        return await self.store.claim(
            attempt.lookup,
            fingerprint=attempt.fingerprint,
            owner=attempt.owner,
            now=self.clock.now(),
            lease=self.policy.lease,
        )

    def reach_store(self, request: Request) -> None:
        """StoreDownError if the client asked for a store that is down."""
        if self.work.store_fails(request):
            raise StoreDownError("Prefer: fail=store")

    async def first_time(self, request: Request, route: Route, principal: Principal, attempt: Attempt) -> Answer:
        """Section 2.6: process as usual, and keep the answer in the same step in which the effect happens."""
        delay = self.delay + self.work.delay(request)
        if delay and not await self.take_time(attempt, delay):
            return self.answers.lost()
        for _ in range(_TRIES):
            outcome = await self.run(request, route, principal)
            written = await self.settle(request, attempt, outcome)
            if written is Written.DONE:
                return self.first_answer(request, outcome.answer)
            if written is Written.LOST:
                return self.answers.lost()
            if written is Written.TOO_LARGE:
                await self.store.release(attempt.lookup, owner=attempt.owner)
                return self.answers.too_large()
        await self.store.release(attempt.lookup, owner=attempt.owner)
        return self.answers.contended()

    async def take_time(self, attempt: Attempt, seconds: float) -> bool:
        """The work's duration, during which the lease is kept alive; False if the key was lost all the same."""
        left = seconds
        step = self.policy.lease / 3
        while left > step:
            await asyncio.sleep(step)
            left -= step
            if not await self.renew(attempt):
                return False
        await asyncio.sleep(left)
        return True

    async def renew(self, attempt: Attempt) -> bool:
        return await self.store.renew(
            attempt.lookup, owner=attempt.owner, now=self.clock.now(), lease=self.policy.lease
        )

    async def run(self, request: Request, route: Route, principal: Principal) -> Outcome:
        """The work: its answer, and the effects that happen once the answer is kept."""
        return await self.work.run(request, route, principal)

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        """Keep the answer, or give the key free, together with the effects."""
        if not self.stores(outcome.answer.status):
            return await self.store.release(attempt.lookup, owner=attempt.owner, effects=outcome.effects)
        return await self.store.complete(
            attempt.lookup,
            owner=attempt.owner,
            answer=self.record_of(request, outcome.answer),
            expires=self.clock.now() + self.policy.ttl,
            effects=outcome.effects,
        )

    def stores(self, status: int) -> bool:
        """Whether a first answer of that status is kept for replay."""
        if status in self.policy.never_stored:
            return False
        if status >= 500:
            return self.policy.stores_server_errors
        return self.policy.stores_client_errors if status >= 400 else self.policy.stores_success

    def record_of(self, request: Request, answer: Answer) -> Answer:
        """The part of an answer that is kept: all but what belongs to its own exchange."""
        return answer._replace(headers=tuple(line for line in answer.headers if line[0] not in _PER_EXCHANGE))

    def first_answer(self, request: Request, answer: Answer) -> Answer:
        """What the client gets; a failure that it asked for behind the effect comes here, when all is kept."""
        if self.work.fails_after(request):
            return self.answers.server_error()
        return self.answers.marked(answer, request, replayed=False)

    async def met(
        self, request: Request, route: Route, principal: Principal, attempt: Attempt, found: Record
    ) -> Answer:
        """A request whose key has a record."""
        standing = self.standing(found, attempt.fingerprint)
        if standing is Standing.MISMATCH:
            request.result = "MISMATCH"
            return await self.mismatch(request, route, principal, attempt, found)
        if standing is Standing.IN_FLIGHT:
            request.result = "CONFLICT"
            return await self.in_flight(request, route, principal, attempt)
        request.result = "HIT"
        return await self.duplicate(request, route, principal, found)

    def standing(self, found: Record, fingerprint: str) -> Standing:
        return keys.standing(found, fingerprint)

    async def mismatch(
        self, request: Request, route: Route, principal: Principal, attempt: Attempt, found: Record
    ) -> Answer:
        """Section 2.7: another payload."""
        if self.policy.mismatch == "execute":
            return await self.without_key(request, route, principal)
        if self.policy.mismatch == "replay":
            if found.answer is None:
                return await self.in_flight(request, route, principal, attempt._replace(fingerprint=found.fingerprint))
            return await self.duplicate(request, route, principal, found)
        return self.answers.mismatch(found.answer)

    async def in_flight(self, request: Request, route: Route, principal: Principal, attempt: Attempt) -> Answer:
        """Section 2.6: the first request is still at work."""
        if self.policy.in_flight == "block":
            return await self.wait(request, route, principal, attempt)
        return self.answers.in_flight()

    async def wait(self, request: Request, route: Route, principal: Principal, attempt: Attempt) -> Answer:
        """Until the first request ended; if it ended without an answer to keep, this one is the first from then on."""
        waited = 0.0
        while waited < self.policy.wait:
            await asyncio.sleep(_POLL)
            waited += _POLL
            attempt = attempt._replace(owner=self.new_owner())
            claim = await self.claim(request, attempt)
            if claim.found is None:
                request.result = "MISS"
                return await self.first_time(request, route, principal, attempt)
            if claim.found.answer is not None or claim.found.fingerprint != attempt.fingerprint:
                return await self.met(request, route, principal, attempt, claim.found)
        return self.answers.in_flight()

    async def duplicate(self, request: Request, route: Route, principal: Principal, found: Record) -> Answer:
        """Section 2.6: a duplicate of a request that ended."""
        if found.answer is None:
            return self.answers.in_flight()
        if self.policy.replay == "refuse":
            return self.answers.duplicate(found.answer)
        if self.policy.replay == "current":
            return self.replayed(request, await self.work.current(request, route, principal, found.answer))
        return self.replayed(request, found.answer)

    def replayed(self, request: Request, answer: Answer) -> Answer:
        return self.answers.marked(answer, request, replayed=True)
