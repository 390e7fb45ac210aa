"""Faults in how a record is replayed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from idemlint.mock.faults.fault import Fault
from idemlint.mock.handling import Handling
from idemlint.mock.identity import digest

if TYPE_CHECKING:
    from idemlint.mock.identity import Principal
    from idemlint.mock.messages import Answer, Outcome, Request
    from idemlint.mock.routing import Route


class StatusFlatten(Handling):
    def replayed(self, request: Request, answer: Answer) -> Answer:
        answer = super().replayed(request, answer)
        return answer._replace(status=200) if 200 <= answer.status < 300 else answer


class SplitHeaders(Handling):
    """A comma in an entity tag is none of the list's. One is put there, so that there is a header to split."""

    async def run(self, request: Request, route: Route, principal: Principal) -> Outcome:
        outcome = await super().run(request, route, principal)
        tag = digest((outcome.answer.body,))
        return outcome._replace(answer=outcome.answer.with_headers(("etag", f'"{tag[:8]},{tag[8:16]}"')))

    def replayed(self, request: Request, answer: Answer) -> Answer:
        answer = super().replayed(request, answer)
        lines = ((name, part.strip()) for name, value in answer.headers for part in value.split(","))
        return answer._replace(headers=tuple(lines))


class LengthMismatch(Handling):
    """The body is written anew, longer, under the `Content-Length` of the first one: what a client reads is cut off."""

    def replayed(self, request: Request, answer: Answer) -> Answer:
        answer = super().replayed(request, answer)
        try:
            anew = json.dumps(json.loads(answer.body), indent=2).encode()
        except (ValueError, RecursionError):
            anew = answer.body + b"\n"
        return answer._replace(body=anew[: len(answer.body)])


FAULTS: Final = (
    Fault(
        "status-flatten",
        "replays every success as 200",
        (StatusFlatten,),
        ("fullstackhero/dotnet-starter-kit#1333",),
        ("RPL-03",),
    ),
    Fault(
        "split-headers",
        "splits header values at commas on replay (answers carry an ETag with a comma)",
        (SplitHeaders,),
        ("gofiber/fiber#4693",),
        ("RPL-04",),
    ),
    Fault(
        "length-mismatch",
        "replays another spelling of the body under the first one's Content-Length",
        (LengthMismatch,),
        ("ikyriak/IdempotentAPI#21",),
        ("RPL-02", "RPL-08"),
    ),
)
