"""What is sent and what is seen, as the checks work with it: nothing masked, nothing cut."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.probe_report import BurstRecord

Lines: TypeAlias = tuple[tuple[str, str], ...]
"""Header lines in the order in which they go, names as they are spelled."""

NOT_JSON: Final = object()
_SMALL: Final = 65_536
"""Bytes of a body up to which its value is kept: as objects a large one takes ten times its room."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent any number of times."""

    label: str
    """What it is for: `first`, `duplicate`, `other payload`, `list`."""
    method: str
    url: str
    headers: Lines = ()
    body: bytes = b""
    principal: str = "A"
    """Whose credentials it carries: `A`, `B`, `none`, `bad`. They are put in when it is sent."""
    refusal_expected: bool = False
    """401 and 403 are what is asked for here, not a sign of lost credentials; and no status that comes of it is one that
    the document has to declare."""

    def named(self, label: str) -> Call:
        return replace(self, label=label)

    def with_header(self, name: str, *values: str) -> Call:
        """The lines of that name replaced by these, one line a value; none: the header is left out."""
        kept = tuple(line for line in self.headers if line[0].lower() != name.lower())
        return replace(self, headers=(*kept, *((name, value) for value in values)))


@dataclass(frozen=True)
class Exchange:
    """A call and what came of it. Times are `time.perf_counter()` seconds."""

    number: int
    call: Call
    status: int | None = None
    """The final status; None if there was no answer."""
    headers: Lines = ()
    body: bytes = b""
    """Content-Encoding undone."""
    size: int = 0
    """Bytes of the body as it came, before decoding."""
    cut: bool = False
    """The body is longer than what is kept of it, so bodies can be compared just as far as that."""
    error: str = ""
    interim: tuple[int, ...] = ()
    """1xx statuses that came before the final one."""
    started: float = 0.0
    ended: float = 0.0
    released: float | None = None
    first_byte: float | None = None
    sent: Lines = field(default=(), repr=False)
    """Header lines as they went out, credentials included."""
    http: str = "HTTP/1.1"
    body_sent: int | None = None
    """Bytes of the body that went out before the connection was closed on purpose; None: all of them."""
    left_after: float | None = None
    """Seconds after which the connection was closed on purpose, 0: once a status line was there; None: it was not."""
    beside: Sequence[Exchange] = field(default=(), repr=False, compare=False)
    """Those that were released together with it, itself among them: without headers and bodies, which may be large."""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def broken(self) -> bool:
        """A status of the server's own failure."""
        return self.status is not None and self.status >= 500

    @property
    def said(self) -> str:
        """The status, or why there is none."""
        return str(self.status) if self.status is not None else self.error

    def header(self, name: str) -> str | None:
        """The value of the first line of that name."""
        name = name.lower()
        return next((value for each, value in self.headers if each.lower() == name), None)

    def lines(self, name: str) -> list[str]:
        name = name.lower()
        return [value for each, value in self.headers if each.lower() == name]

    @property
    def json(self) -> Any:
        """The body as a JSON value; `NOT_JSON` if it is none."""
        return self._small_json if len(self.body) <= _SMALL else parsed(self.body)

    @cached_property
    def _small_json(self) -> Any:
        return parsed(self.body)

    @property
    def latency(self) -> float:
        """Seconds from the release, or the start, to the end."""
        return self.ended - (self.released if self.released is not None else self.started)

    @property
    def media_type(self) -> str:
        """Without parameters, in lower case; empty if there is none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


def parsed(body: bytes) -> Any:
    """The JSON value, `NOT_JSON` if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return NOT_JSON


@dataclass(frozen=True, slots=True)
class Burst:
    """Calls that were released together."""

    exchanges: tuple[Exchange, ...]
    record: BurstRecord

    @property
    def overlap(self) -> bool:
        return self.record.overlap

    @property
    def successes(self) -> tuple[Exchange, ...]:
        return tuple(exchange for exchange in self.exchanges if exchange.ok)


def answered(exchanges: Iterable[Exchange]) -> list[Exchange]:
    return [exchange for exchange in exchanges if exchange.status is not None]
