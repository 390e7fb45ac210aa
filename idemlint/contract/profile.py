"""`Profile`: what one API promises about its idempotency keys, in the field's words.

Vendors are data files in `contract/profiles/`. `UNKNOWN` is a value of its own: it was looked for and not found, and
it is never filled from what everyone does. Whoever needs an unknown field skips. Sections named here are those of
draft-ietf-httpapi-idempotency-key-header-06 (expired Internet-Draft, work in progress).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unknown(Enum):
    """The type of `UNKNOWN`, so that a type checker makes callers look before they use a value."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        """Neither yes nor no; asking for truth is a mistake, so it is refused."""
        raise TypeError("UNKNOWN is neither true nor false: compare with `is UNKNOWN`")


UNKNOWN: Final = Unknown.UNKNOWN

T = TypeVar("T")
Maybe: TypeAlias = T | Literal[Unknown.UNKNOWN]
Location: TypeAlias = Literal["header", "body", "field", "parameter"]


@dataclass(frozen=True, slots=True)
class NameValue:
    """A response header and the value that it carries."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Code:
    """What tells one error from another with the same status: a member of the body with one of some values."""

    values: tuple[str, ...]
    pointer: Maybe[str] = UNKNOWN
    """JSON pointer into the error body; the documentation may give the value alone."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """Where the key travels (section 2.1 for the header)."""

    location: Location
    """`header`; `body`: a member of the JSON body; `field`: a field of the request message, however it is bound
    (AIP-155); `parameter`: a query or form parameter (AWS)."""
    name: Maybe[str] = UNKNOWN
    """Name of the header, field or parameter; unknown for `body`, where `pointer` tells."""
    pointer: Maybe[str] = UNKNOWN
    """JSON pointer of the member, for `body`."""
    companion: str | None = None
    """A header that has to come with it (OASIS: `Repeatability-First-Sent`)."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a key may look like (sections 2.1, 2.2 and 5)."""

    min: Maybe[int] = UNKNOWN
    """Least length in characters."""
    max: Maybe[int] = UNKNOWN
    """Greatest length in characters."""
    max_bytes: Maybe[int] = UNKNOWN
    """Greatest length in bytes of UTF-8, where the limit is documented so."""
    pattern: Maybe[str] = UNKNOWN
    """`any`, `ascii`, `uuid`, `guid`, `uuid-v4`, `uuid-v7`, `uuid-v4-or-v7`, `sf-string`, or an ECMA-262 expression
    that begins with `^`."""
    quoted: Maybe[Literal["required", "forbidden"]] = UNKNOWN
    """Whether the value stands in the double quotes of a structured field's string."""
    required: Maybe[bool | Literal["per-operation"]] = UNKNOWN
    case_sensitive: Maybe[bool] = UNKNOWN


@dataclass(frozen=True, slots=True)
class Missing:
    """A request without a key (section 2.7)."""

    model: Maybe[Literal["execute", "reject", "generate"]] = UNKNOWN
    """`generate`: the server or its SDK makes a key."""
    status: Maybe[tuple[int, ...]] = UNKNOWN
    """Any one of these."""
    code: Code | None = None
    level: Literal["must", "should"] | None = None
    """How strongly a standard asks for it; None for what a vendor documents of itself."""
    inferred: bool = False
    """Concluded from opt-in wording, not stated."""
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A key that breaks the format."""

    status: Maybe[tuple[int, ...]] = UNKNOWN


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The same key with another payload (section 2.7)."""

    model: Maybe[Literal["reject", "replay", "execute"]] = UNKNOWN
    status: Maybe[tuple[int, ...]] = UNKNOWN
    code: Code | None = None
    level: Literal["must", "should"] | None = None
    resource_pointer: str | None = None
    """JSON pointer, in the error, to the id of what the first request made."""
    compare: Literal["bytes"] | None = None
    """`bytes`: payloads are compared as sent, not as JSON values."""
    note: str | None = None
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class InFlight:
    """A duplicate that arrives while the first request is at work (section 2.6, concurrent request)."""

    model: Maybe[Literal["reject", "block", "either"]] = UNKNOWN
    status: Maybe[tuple[int, ...]] = UNKNOWN
    formerly: tuple[int, ...] = ()
    """Statuses of earlier times, which servers may still give."""
    code: Code | None = None
    header: NameValue | None = None
    level: Literal["must", "should"] | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """A duplicate after the first request ended (section 2.6, duplicate request)."""

    model: Maybe[Literal["transparent", "refuse", "current"]] = "transparent"
    """`transparent`: the stored answer; `refuse`: an error; `current`: the resource as it is now."""
    marker: Maybe[NameValue | None] = UNKNOWN
    """Response header that tells a replay; None: there is none."""
    status: Maybe[tuple[int, ...]] = UNKNOWN
    """For `refuse` the error's, else the replay's where it is pinned (`transparent` otherwise: the original's)."""
    or_refuse_status: tuple[int, ...] = ()
    """Statuses of a refusal that is allowed instead."""
    code: Code | None = None
    resource_pointer: str | None = None
    body_field: str | None = None
    """Member of the replayed body that names the first request."""
    echo_header: str | None = None
    """Response header that repeats the key."""
    result_header: NameValue | None = None
    """Response header that tells how the key was treated, on the first answer too."""
    identity: Literal["bytes"] | None = None
    headers: Maybe[bool] = UNKNOWN
    """Whether response headers are replayed as well."""
    transparent_preferred: bool = False
    level: Literal["must", "should"] | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """Which first answers are kept for replay."""

    success: Maybe[bool] = True
    client_error: Maybe[bool] = UNKNOWN
    server_error: Maybe[bool | Literal["contested"]] = UNKNOWN
    """`contested`: the text can be read both ways (ietf-wg-httpapi/idempotency#41)."""
    never: tuple[int | str, ...] = ()
    """Statuses, and the words `validation` and `conflict`, that are not kept whatever the rest says."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Within what a key is unique (sections 2.2 and 5)."""

    endpoint: Maybe[str] = UNKNOWN
    """`method+path`, `in-scope`: part of the lookup; `mismatch`: reuse elsewhere is an error; `global`: no part."""
    principal: Maybe[str] = UNKNOWN
    """Whose keys are kept apart: `api-key`, `caller`, `company-account`, ...; `recommended` by the draft;
    `MISSING-IN-GUIDE`: the text forgets it."""
    region: Maybe[str] = UNKNOWN
    """`separate`: each region has keys of its own."""


@dataclass(frozen=True, slots=True)
class Ttl:
    """How long a key is remembered (section 2.3)."""

    kind: Maybe[str] = UNKNOWN
    """`exact`, `at_least`, `default` (adjustable), `range`, `window` (accepted just this long after first sent),
    `per-api`, `conflicting-copies` (the documentation contradicts itself), `never` (does not expire)."""
    seconds: tuple[int, ...] = ()
    """One number; two for `range` and `conflicting-copies` (least, greatest); one an API for `per-api`."""
    outside_status: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Errors:
    """The shape of error bodies (section 2.7)."""

    media: Maybe[str] = UNKNOWN
    docs_link: Literal["must", "should"] | None = None


@dataclass(frozen=True, slots=True)
class Cors:
    allow_headers: tuple[str, ...] = ()
    """Request headers that a preflight answer has to allow."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a profile's statements come from."""

    url: str
    grade: Literal["primary", "secondary", "measured"]
    """`primary`: the vendor's own page was read; `secondary`: a third party tells; `measured`: tried out."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One API's contract about idempotency keys."""

    name: str
    summary: str
    carrier: Carrier
    key: Key
    methods: tuple[str, ...]
    """In capitals."""
    missing: Missing
    malformed: Malformed
    mismatch: Mismatch
    in_flight: InFlight
    replay: Replay
    stored: Stored
    scope: Scope
    ttl: Ttl
    errors: Errors
    cors: Cors
    sources: tuple[Source, ...]
    data: Mapping[str, Any] = field(repr=False, compare=False)
    """The file's own text as plain data, for those who want to print it."""
