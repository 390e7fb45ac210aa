"""What goes through the mock: a request that was read whole, the answer to it, and what the work changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

NOT_JSON: Final = object()
"""What `Request.json` gives for a body that is no JSON text."""
_UNREAD: Final = object()

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Field lines in the order in which they came or go, names in lower case."""


async def never() -> bool:
    """A client that stays."""
    return False


class Request:
    """One request, its body read to the end."""

    __slots__ = (
        "_json",
        "body",
        "client",
        "connection",
        "disconnected",
        "headers",
        "key",
        "method",
        "operation",
        "path",
        "query",
        "result",
        "scheme",
    )

    def __init__(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        client: str = "",
        scheme: str = "http",
        connection: int = 0,
        disconnected: Callable[[], Awaitable[bool]] = never,
    ) -> None:
        self.method = method
        """In capitals."""
        self.path = path
        """As it was sent, percent-encoding and all."""
        self.query = query
        """As it was sent, without the question mark."""
        self.headers: Headers = tuple(headers)
        self.body = body
        self.client = client
        """Address of the other end, without the port."""
        self.scheme = scheme
        self.connection = connection
        """What tells the client's connection from its others: the port at its end."""
        self.disconnected = disconnected
        """Whether the client has gone away by now."""
        self._json: Any = _UNREAD
        self.operation = ""
        """`POST /payments`, once it is routed. This and the two below are for the log and for telemetry."""
        self.key = ""
        """The idempotency key, once it is read."""
        self.result = ""
        """HIT, MISS, CONFLICT, MISMATCH or EXPIRED, once the key was claimed."""

    def json(self) -> Any:
        """The body as a JSON value, read once; `NOT_JSON` if it is none."""
        if self._json is _UNREAD:
            try:
                self._json = json.loads(self.body)
            except (ValueError, RecursionError):
                self._json = NOT_JSON
        return self._json

    def lines(self, name: str) -> list[str]:
        """Values of all field lines of that name (in lower case), not joined: a key sent twice is no key."""
        return [value for each, value in self.headers if each == name]

    def header(self, name: str) -> str | None:
        """The first field line's value; None if there is none. `name` in lower case."""
        for each, value in self.headers:
            if each == name:
                return value
        return None


class Answer(NamedTuple):
    """What the client gets; also what a record keeps for replay."""

    status: int
    headers: Headers
    body: bytes = b""

    def header(self, name: str) -> str | None:
        for each, value in self.headers:
            if each == name:
                return value
        return None

    def with_headers(self, *more: tuple[str, str]) -> Answer:
        """The same with these field lines in the place of those of the same names."""
        names = {name for name, _ in more}
        return self._replace(headers=(*(line for line in self.headers if line[0] not in names), *more))


class Effect(NamedTuple):
    """One thing that the work of an operation did: what must happen at most once for a key."""

    operation: str
    """`POST /payments`."""
    kind: Literal["create", "update", "delete", "other"] = "other"
    """`other` is counted and changes no resource."""
    principal: str = ""
    collection: str = ""
    """Concrete path of the collection, `/customers/7/cards`."""
    identifier: str = ""
    value: bytes = b""
    """The resource after it, as JSON; empty for `delete` and `other`."""
    before: bytes = b""
    """For `update` and `delete`, the value that it was worked out from: the store refuses a change of anything else."""
    counted: bool = True
    """False for reads that leave a trace: they are no work."""


class Outcome(NamedTuple):
    """What running an operation comes to."""

    answer: Answer
    effects: tuple[Effect, ...] = ()
