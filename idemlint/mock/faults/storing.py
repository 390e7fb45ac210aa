"""Faults in what a record keeps: answers that are kept and must not be, or that are not kept, or only in part."""

from __future__ import annotations

import gzip
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from idemlint.mock.answers import ORIGINAL
from idemlint.mock.faults.fault import Argument, Fault
from idemlint.mock.handling import Handling

if TYPE_CHECKING:
    from idemlint.mock.handling import Attempt
    from idemlint.mock.identity import Principal
    from idemlint.mock.messages import Answer, Outcome, Request
    from idemlint.mock.routing import Route
    from idemlint.mock.stores.protocol import Written

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Store5xx(Handling):
    def stores(self, status: int) -> bool:
        return status >= 500 or super().stores(status)


class Store4xx(Handling):
    def stores(self, status: int) -> bool:
        return 400 <= status < 500 or super().stores(status)


class BigNotStored(Handling):
    big: float = 65_536.0
    """Bytes."""

    async def settle(self, request: Request, attempt: Attempt, outcome: Outcome) -> Written:
        if len(outcome.answer.body) > self.big:
            return await self.store.release(attempt.lookup, owner=attempt.owner, effects=outcome.effects)
        return await super().settle(request, attempt, outcome)


class StreamAsEmpty(Handling):
    """What is no JSON document was streamed to the client and read by nobody else: an empty object is kept of it."""

    def record_of(self, request: Request, answer: Answer) -> Answer:
        kept = super().record_of(request, answer)
        media = (answer.header("content-type") or "").partition(";")[0].strip().lower()
        if not answer.body or media == "application/json" or media.endswith("+json"):
            return kept
        return kept._replace(body=b"{}")


class DropHeaders(Handling):
    kept_headers: Final = frozenset({"content-type", "content-encoding", "content-language", ORIGINAL})

    def record_of(self, request: Request, answer: Answer) -> Answer:
        kept = super().record_of(request, answer)
        return kept._replace(headers=tuple(line for line in kept.headers if line[0] in self.kept_headers))


class ReplayCookies(Handling):
    """Each answer to a write sets a session of its own; the record keeps it as if it were part of the result."""

    async def run(self, request: Request, route: Route, principal: Principal) -> Outcome:
        outcome = await super().run(request, route, principal)
        if request.method in _SAFE:
            return outcome
        cookie = ("set-cookie", f"session={token_hex(16)}; Path=/; HttpOnly; SameSite=Lax")
        return outcome._replace(answer=outcome.answer.with_headers(cookie))

    def record_of(self, request: Request, answer: Answer) -> Answer:
        kept = super().record_of(request, answer)
        cookies = tuple(line for line in answer.headers if line[0] == "set-cookie")
        return kept._replace(headers=(*kept.headers, *cookies))


class EncodingVerbatim(Handling):
    """Who takes gzip gets it; the record keeps the answer as it went out, whatever the next client takes."""

    async def run(self, request: Request, route: Route, principal: Principal) -> Outcome:
        outcome = await super().run(request, route, principal)
        answer = outcome.answer
        if not answer.body or not takes_gzip(request) or answer.header("content-encoding") is not None:
            return outcome
        encoded = answer._replace(body=gzip.compress(answer.body, mtime=0))
        encoded = encoded.with_headers(("content-encoding", "gzip"), ("vary", "Accept-Encoding"))
        return outcome._replace(answer=encoded)


def takes_gzip(request: Request) -> bool:
    """RFC 9110, section 12.5.3, as far as it is about gzip."""
    for line in request.lines("accept-encoding"):
        for offer in line.lower().split(","):
            coding, _, weight = offer.partition(";")
            if coding.strip() in ("gzip", "x-gzip", "*") and weight.replace(" ", "").rstrip("0.") != "q=":
                return True
    return False


FAULTS: Final = (
    Fault(
        "store-5xx",
        "keeps a server error and replays it, though running again would succeed",
        (Store5xx,),
        (
            "LabsCrypt/remitlend#1329",
            "C-Address-Onboarding-Bridge/C-Address-Onboarding-Bridge-Backend#380",
        ),
        ("ERR-02",),
    ),
    Fault(
        "store-4xx",
        "keeps an error that comes from the state of things and replays it when that has changed",
        (Store4xx,),
        ("KanishJebaMathewM/Truxify#2869",),
        ("ERR-01",),
    ),
    Fault(
        "big-not-stored",
        "does not keep an answer that is too big, so that the retry does the work again",
        (BigNotStored,),
        ("gofiber/fiber#4018", "gofiber/fiber#4287"),
        ("RPL-09",),
        Argument("big", "the biggest body that is kept", "bytes", BigNotStored.big),
    ),
    Fault(
        "stream-as-empty",
        "keeps {} in the place of a body that is no JSON document",
        (StreamAsEmpty,),
        ("pathosDev/actor-ts#1308",),
        ("RPL-10",),
    ),
    Fault(
        "drop-headers",
        "keeps status, body and content type only: Location and ETag are missing on replays",
        (DropHeaders,),
        ("VSN2015/concerns_on_rails#47",),
        ("RPL-04",),
    ),
    Fault(
        "replay-cookies",
        "sets a session cookie with each write, and replays that of the first exchange",
        (ReplayCookies,),
        ("granit-fx/granit-dotnet#1151",),
        ("RPL-07",),
    ),
    Fault(
        "encoding-verbatim",
        "compresses answers for clients that take gzip, and replays them to clients that do not",
        (EncodingVerbatim,),
        ("gin-contrib/cache#69",),
        ("RPL-08",),
    ),
)
