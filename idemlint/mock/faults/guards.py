"""Guards: nothing is wrong with keys here, but it may look so. What the probe must not call a failure."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any, Final

from idemlint.mock.faults.fault import Argument, Fault
from idemlint.mock.faults.stores import Wrapped
from idemlint.mock.handling import Handling
from idemlint.mock.identity import digest
from idemlint.mock.messages import Outcome
from idemlint.mock.stores.protocol import MAX_RESOURCES, Resource, Written

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from idemlint.mock.identity import Principal
    from idemlint.mock.messages import Answer, Effect, Request
    from idemlint.mock.routing import Route
    from idemlint.mock.stores.protocol import Store

_YEARS: Final = 1e9
"""Seconds."""
_UNIQUE: Final = ("email", "reference", "external_id", "externalId", "name")
"""Members whose value no two of a collection have; without any of them, it is the first text, else the first number."""


class UniqueMember(Handling):
    """A constraint of the data, looked at before the key: the second of the same value is refused, be it a retry."""

    async def with_key(self, request: Request, route: Route, principal: Principal, key: str) -> Answer:
        return await self.constrained(request, principal, super().with_key(request, route, principal, key))

    async def without_key(self, request: Request, route: Route, principal: Principal) -> Answer:
        return await self.constrained(request, principal, super().without_key(request, route, principal))

    async def constrained(self, request: Request, principal: Principal, rest: Coroutine[Any, Any, Answer]) -> Answer:
        """`rest` of the way, unless the value is taken; a failure on it gives the value free."""
        member = unique_member(request)
        if member is None:
            return await rest
        value = digest(("unique", principal.name, request.path, member, str(request.json()[member])))
        owner = self.new_owner()
        claim = await self.store.claim(value, fingerprint="", owner=owner, now=self.clock.now(), lease=_YEARS)
        if not claim.won:
            rest.close()
            problem = {"detail": f"The value of {member} has already been taken.", "pointer": f"#/{member}"}
            return self.answers.invalid([problem], 422)
        answer = await rest
        if answer.status >= 400:
            await self.store.release(value, owner=owner)
        return answer


def unique_member(request: Request) -> str | None:
    value = request.json() if request.method == "POST" and request.body else None
    if not isinstance(value, dict):
        return None
    scalars = [name for name, member in value.items() if isinstance(member, str | int | float)]
    texts = [name for name in scalars if isinstance(value[name], str)]
    return next((name for name in (*_UNIQUE, *texts, *scalars) if name in scalars), None)


class Flaky429(Handling):
    seed: int = 0
    rate: float = 0.2

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._chance = Random(f"flaky-429 {self.seed}")  # noqa: S311 - repeatable on purpose

    async def handle(self, request: Request) -> Answer:
        if self._chance.random() < self.rate:
            return self.answers.problem(429, "Too many requests. Try again soon.", headers=(("retry-after", "1"),))
        return await super().handle(request)


class Eventual(Wrapped):
    """What was made is listed some time later only. Another process's is counted from when this one first sees it."""

    lag: float = 300.0
    """Milliseconds."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._made: dict[tuple[str, str, str], float] = {}

    async def complete(
        self, key: str, *, owner: str, answer: Answer, expires: float, effects: Sequence[Effect] = ()
    ) -> Written:
        return self._noted(
            await super().complete(key, owner=owner, answer=answer, expires=expires, effects=effects), effects
        )

    async def release(self, key: str, *, owner: str, effects: Sequence[Effect] = ()) -> Written:
        return self._noted(await super().release(key, owner=owner, effects=effects), effects)

    async def apply(self, effects: Sequence[Effect]) -> Written:
        return self._noted(await super().apply(effects), effects)

    async def resources(self, collection: str, principal: str) -> list[Resource]:
        found = await super().resources(collection, principal)
        latest = asyncio.get_running_loop().time() - self.lag / 1000
        return [one for one in found if self._since((collection, principal, one.identifier)) <= latest]

    def _noted(self, written: Written, effects: Sequence[Effect]) -> Written:
        if written is Written.DONE:
            for effect in effects:
                if effect.kind == "create":
                    self._since((effect.collection, effect.principal, effect.identifier))
        return written

    def _since(self, resource: tuple[str, str, str]) -> float:
        made = self._made.setdefault(resource, asyncio.get_running_loop().time())
        if len(self._made) > MAX_RESOURCES:
            del self._made[next(iter(self._made))]
        return made


class Upsert(Handling):
    """What is sent twice is one thing, key or no key: the second is answered as the first was, and changes nothing."""

    async def run(self, request: Request, route: Route, principal: Principal) -> Outcome:
        if request.method != "POST":
            return await super().run(request, route, principal)
        content = digest(("content", principal.name, request.path, request.query, self.payload(request, route)))
        owner = self.new_owner()
        now = self.clock.now()
        claim = await self.store.claim(content, fingerprint="", owner=owner, now=now, lease=self.policy.lease)
        if claim.found is not None and claim.found.answer is not None:
            return Outcome(claim.found.answer)
        outcome = await super().run(request, route, principal)
        if outcome.answer.status < 400:
            await self.store.complete(content, owner=owner, answer=outcome.answer, expires=now + _YEARS)
        else:
            await self.store.release(content, owner=owner)
        return outcome


class Static(Handling):
    """The document's example for each operation, whatever is asked of it: no key and no state is looked at."""

    async def with_key(self, request: Request, route: Route, principal: Principal, key: str) -> Answer:
        return await self.without_key(request, route, principal)

    async def run(self, request: Request, route: Route, principal: Principal) -> Outcome:
        return Outcome(self.work.responses.success(route.operation, request.header("accept")).still)


FAULTS: Final = (
    Fault(
        "422-business",
        "refuses the second of the same email, reference or name with an ordinary 422, before it looks at keys",
        (UniqueMember,),
        ("ietf-wg-httpapi/idempotency#42",),
        ("FPR-01", "RPL-01"),
        guard=True,
    ),
    Fault(
        "static",
        "answers every request for an operation with the document's example, and remembers nothing",
        (Static,),
        (),
        ("CTL-04",),
        guard=True,
    ),
    Fault(
        "upsert",
        "takes the same content for the same thing: the operation is idempotent without keys",
        (Upsert,),
        (),
        ("CTL-02",),
        guard=True,
    ),
    Fault(
        "eventual",
        "lists show what was made some time later",
        (Eventual,),
        (),
        ("CTL-01",),
        Argument("lag", "how long a list lags behind", "ms", Eventual.lag),
        guard=True,
    ),
    Fault(
        "flaky-429",
        "refuses requests at random with 429 and Retry-After",
        (Flaky429,),
        (),
        ("CTL-01",),
        Argument("rate", "the share of requests that is refused", "p", Flaky429.rate, most=1.0),
        guard=True,
    ),
)
