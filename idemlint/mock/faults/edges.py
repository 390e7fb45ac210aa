"""Faults at the edges: what browsers are told, how errors look, how the header is spelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.mock.answers import Answers
from idemlint.mock.cors import Cors
from idemlint.mock.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.mock.connections import Connection
    from idemlint.mock.messages import Answer, Request
    from idemlint.mock.policy import Policy
else:
    Connection = object
    """The HTTP parser is not wanted where no server runs; the server puts its own class behind this one."""


class CorsMissing(Cors):
    """The list of headers was written when there were no keys."""

    def __init__(self, policy: Policy, header_parameters: Iterable[str] = ()) -> None:
        super().__init__(policy, header_parameters)
        name = policy.carrier.name
        self.unlisted = {str(name).lower(), *(one.lower() for one in policy.cors_headers)}

    def allows(self, request: Request) -> list[str]:
        return [name for name in super().allows(request) if name.lower() not in self.unlisted]


class ErrorContentType(Answers):
    """Errors about keys come from a middleware that does not know what it writes."""

    def missing(self, name: str = "") -> Answer:
        return self._mislabelled(super().missing(name))

    def malformed(self, reason: str) -> Answer:
        return self._mislabelled(super().malformed(reason))

    def mismatch(self, stored: Answer | None = None) -> Answer:
        return self._mislabelled(super().mismatch(stored))

    def in_flight(self) -> Answer:
        return self._mislabelled(super().in_flight())

    def duplicate(self, stored: Answer) -> Answer:
        return self._mislabelled(super().duplicate(stored))

    def _mislabelled(self, answer: Answer) -> Answer:
        return answer.with_headers(("content-type", "text/html; charset=utf-8"))


class HeaderCase(Connection):
    """Behind the connection, all names are in lower case."""

    spelling: bytes = b"Idempotency-Key"
    """The server puts the profile's header in here."""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == self.spelling or name.lower() != self.spelling.lower():
            super().on_header(name, value)


FAULTS: Final = (
    Fault(
        "cors-missing",
        "does not let browsers send the key: the answer to a preflight request omits it",
        (CorsMissing,),
        ("superseriousbusiness/gotosocial#1664", "NousResearch/hermes-agent#3530"),
        ("CRS-01",),
    ),
    Fault(
        "error-content-type",
        "labels the problem documents about keys as text/html",
        (ErrorContentType,),
        ("knocklabs/one_and_done#4",),
        ("FMT-05",),
    ),
    Fault(
        "header-case",
        "reads the header only where it is spelled as in the documentation (HTTP/1.1, over a connection)",
        (HeaderCase,),
        ("TrueLayer/truelayer-signing#95",),
        ("KEY-08",),
    ),
)
