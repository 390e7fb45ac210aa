"""Faults in whose key it is and where: the principal, the endpoint, and how the parts are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.mock.faults.fault import Fault
from idemlint.mock.handling import Handling
from idemlint.mock.identity import digest
from idemlint.mock.messages import Answer
from idemlint.mock.stores.protocol import Written

if TYPE_CHECKING:
    from idemlint.mock.handling import Attempt
    from idemlint.mock.identity import Principal
    from idemlint.mock.messages import Outcome, Request
    from idemlint.mock.routing import Route


class ScopeNone(Handling):
    def scope_principal(self, principal: Principal) -> str:
        return ""


class ScopeConstant(Handling):
    def scope_principal(self, principal: Principal) -> str:
        return "authenticated" if principal.name else "anonymous"


class ScopeNoEndpoint(Handling):
    """Neither in the record's name nor in what is compared."""

    def scope_endpoint(self, request: Request, route: Route) -> tuple[str, ...]:
        return ()

    def compared_endpoint(self, request: Request, route: Route) -> tuple[str, ...]:
        return ()


class ScopeRouteTemplate(Handling):
    def scope_endpoint(self, request: Request, route: Route) -> tuple[str, ...]:
        return (request.method, route.template) if super().scope_endpoint(request, route) else ()

    def compared_endpoint(self, request: Request, route: Route) -> tuple[str, ...]:
        return (request.method, route.template) if super().compared_endpoint(request, route) else ()


class Delimiter(Handling):
    """The endpoint is in the record's name, so only payloads are compared: who meets a stranger's record gets it."""

    def lookup_key(self, request: Request, route: Route, principal: Principal, key: str) -> str:
        return digest((":".join((self.scope_principal(principal), *self.scope_endpoint(request, route), key)),))

    def compared_endpoint(self, request: Request, route: Route) -> tuple[str, ...]:
        return () if self.scope_endpoint(request, route) else super().compared_endpoint(request, route)


class ReplayBeforeAuth(Handling):
    """A second record, under method, path and key alone, is what the middleware in front of authentication finds."""

    async def admitted(self, request: Request, route: Route) -> Answer:
        if isinstance(self.authenticate(request, route), Answer):
            key = self.presented_key(request, route)
            if isinstance(key, str):
                found = await self.store.read(self.unscoped(request, key), now=self.clock.now())
                if found is not None and found.answer is not None:
                    return self.replayed(request, found.answer)
        return await super().admitted(request, route)

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        written = await super().settle(request, attempt, outcome)
        if written is Written.DONE and self.stores(outcome.answer.status):
            copy = attempt._replace(lookup=self.unscoped(request, request.key))
            if (await self.claim(request, copy)).won:
                answer = self.record_of(request, outcome.answer)
                expires = self.clock.now() + self.policy.ttl
                await self.store.complete(copy.lookup, owner=copy.owner, answer=answer, expires=expires)
        return written

    def unscoped(self, request: Request, key: str) -> str:
        return digest(("", request.method, request.path, key, ""))


FAULTS: Final = (
    Fault(
        "scope-none",
        "one pool of keys for all clients",
        (ScopeNone,),
        ("paveg/hono-idempotency#126", "jox-sm/deepslate-rpg#104"),
        ("SCP-01",),
    ),
    Fault(
        "scope-constant",
        "keys belong to the word authenticated or anonymous instead of the client",
        (ScopeConstant,),
        ("nensii21/devlink#773", "KanishJebaMathewM/Truxify#2382"),
        ("SCP-01", "SCP-04"),
    ),
    Fault(
        "scope-no-endpoint",
        "method and path are missing from the key: another endpoint replays the first one's answer",
        (ScopeNoEndpoint,),
        ("nensii21/devlink#1195", "nensii21/devlink#1200", "KanishJebaMathewM/Truxify#2869"),
        ("FPR-05", "FPR-07"),
    ),
    Fault(
        "scope-route-template",
        "the key holds /orders/{id} instead of /orders/1: two resources share it",
        (ScopeRouteTemplate,),
        ("RamaAditya49/titen#37",),
        ("FPR-06",),
    ),
    Fault(
        "delimiter",
        "the key's parts are joined by colons, unescaped, so that different ones run together",
        (Delimiter,),
        ("paveg/hono-idempotency#22",),
        ("SCP-06",),
    ),
    Fault(
        "replay-before-auth",
        "a caller who is refused gets the stored answer all the same",
        (ReplayBeforeAuth,),
        ("margince/margince#5315", "MCKRUZ/microsoft-agentic-harness#127"),
        ("SCP-05",),
    ),
)
