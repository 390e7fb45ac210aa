"""Cross-origin requests (Fetch standard, "CORS protocol"): browsers may send the key, and read what tells of a replay.

`Idempotency-Key` is no safelisted request header, and no response header beyond a handful is shown to scripts, so both have
to be named. Any origin is let in: it is a mock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.mock.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.mock.messages import Request
    from idemlint.mock.policy import Policy

_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ALLOWED: Final = ("Accept", "Authorization", "Content-Type", "Prefer", "traceparent", "tracestate", "X-API-Key")
_EXPOSED: Final = ("Content-Location", "ETag", "Link", "Location", "Retry-After", "WWW-Authenticate", "X-Request-Id")
_MAX_AGE: Final = "600"
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_MAX_ASKED: Final = 100


class Cors:
    """Header lines for answers to requests with an `Origin`, and the answer to a preflight request."""

    def __init__(self, policy: Policy, header_parameters: Iterable[str] = ()) -> None:
        """`header_parameters`: names of the document's header parameters, which a browser may send as well."""
        carrier = policy.carrier
        names = [*policy.cors_headers, *header_parameters]
        if carrier.location == "header" and carrier.name is not UNKNOWN:
            names.insert(0, carrier.name)
        if carrier.companion:
            names.append(carrier.companion)
        self.allowed = _distinct((*names, *_ALLOWED))
        """Request headers that are let through; others are as well, where a preflight request names them."""
        exposed = [marker.name for marker in (policy.marker, policy.result_header, policy.in_flight_header) if marker]
        if policy.echo_header:
            exposed.append(policy.echo_header)
        self.exposed = ", ".join(_distinct((*exposed, *_EXPOSED)))

    def preflight(self, request: Request, methods: Iterable[str] | None) -> Answer | None:
        """204 for a preflight request, whose path has those methods; None for any other request."""
        origin = request.header("origin")
        if origin is None or request.header("access-control-request-method") is None:
            return None
        return Answer(
            204,
            (
                ("access-control-allow-origin", origin),
                ("access-control-allow-credentials", "true"),
                ("access-control-allow-methods", ", ".join(methods or _METHODS)),
                ("access-control-allow-headers", ", ".join(self.allows(request))),
                ("access-control-max-age", _MAX_AGE),
                ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
            ),
        )

    def allows(self, request: Request) -> list[str]:
        asked = (request.header("access-control-request-headers") or "").split(",")[:_MAX_ASKED]
        tokens = [name.strip() for name in asked if _TOKEN.fullmatch(name.strip())]
        return _distinct((*tokens, *self.allowed))

    def shown(self, answer: Answer, origin: str) -> Answer:
        """The answer, readable for scripts of that origin."""
        return answer.with_headers(
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-expose-headers", self.exposed),
            ("vary", "Origin"),
        )


def _distinct(names: Iterable[str]) -> list[str]:
    return list({name.lower(): name for name in names}.values())
