"""`Policy`: what the mock does with keys. A profile's promises, and the mock's own choice where it promises nothing.

A mock has to do something, so each `UNKNOWN` gets an answer here, once, and in the open: the IETF draft's recommendation
where it has one, else what keeps the work from running twice. `Policy.chosen` names the fields that were filled so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from idemlint.contract.profile import UNKNOWN, Code, NameValue

if TYPE_CHECKING:
    from idemlint.contract.profile import Carrier, Maybe, Profile, Replay

T = TypeVar("T")

DAY: Final = 86_400.0
MAX_KEY: Final = 255
"""Characters of a key where the profile names no limit; what most vendors document."""
NEVER_STORED: Final = frozenset({401, 403, 429})
"""Said about the caller, not about the work: the next caller with the key must not get them."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer about a key."""

    status: int
    code: Code | None = None
    """What tells it from other errors of that status, and where in the body it stands."""
    resource_pointer: str | None = None
    """JSON pointer, in the body, to the id of what the first request made."""


@dataclass(frozen=True, slots=True)
class Policy:
    """All that the state machine's surroundings need to know, with nothing left open."""

    profile: str
    carrier: Carrier
    methods: frozenset[str]
    """In capitals: where a key is read at all."""
    required: bool | Literal["per-operation"]
    quoted: Literal["required", "forbidden", "either"]
    pattern: str
    """As in `contract.profile.Key.pattern`."""
    min_length: int
    max_length: int
    max_bytes: int
    case_sensitive: bool
    missing: Literal["execute", "reject", "generate"]
    on_missing: Refusal
    on_malformed: Refusal
    mismatch: Literal["reject", "replay", "execute"]
    on_mismatch: Refusal
    compare: Literal["json", "bytes"]
    in_flight: Literal["reject", "block"]
    on_in_flight: Refusal
    in_flight_header: NameValue | None
    retry_after: int
    """Seconds, for the refusal of a request in flight."""
    replay: Literal["transparent", "refuse", "current"]
    on_duplicate: Refusal
    """The refusal, where `replay` is `refuse`."""
    marker: NameValue | None
    echo_header: str | None
    result_header: NameValue | None
    original_request_field: str | None
    """Member of the replayed body that names the first request."""
    stores_success: bool
    stores_client_errors: bool
    stores_server_errors: bool
    never_stored: frozenset[int]
    endpoint: Literal["separate", "mismatch", "global"]
    """A key on another method or path: a key of its own; a mismatch; or the same key."""
    ttl: float
    """Seconds from completion; infinite if keys never expire."""
    window: float | None
    """Seconds around now within which the companion header's time must lie; None: it may be any."""
    on_outside: Refusal
    """The refusal of a time outside the window."""
    problem: bool
    """Errors are `application/problem+json` (RFC 9457), else `application/json` with the same members."""
    cors_headers: tuple[str, ...]
    lease: float = 30.0
    """Seconds after which an unfinished run no longer holds its key."""
    wait: float = 30.0
    """Seconds that a request waits for the first one, where `in_flight` is `block`; then it is refused."""
    chosen: frozenset[str] = field(default=frozenset())
    """Fields that the profile leaves open."""

    def with_ttl(self, seconds: float) -> Policy:
        return replace(self, ttl=seconds)


def policy_of(profile: Profile, *, ttl: float | None = None) -> Policy:
    """The policy of a profile; `ttl` in seconds overrides its expiry."""
    fill = _Fill()
    key, mismatch, in_flight, replay, stored = (
        profile.key,
        profile.mismatch,
        profile.in_flight,
        profile.replay,
        profile.stored,
    )
    model = fill("in_flight.model", in_flight.model, "reject")
    server_errors = fill("stored.server_error", stored.server_error, False)
    endpoint = fill("scope.endpoint", profile.scope.endpoint, "method+path")
    media = fill("errors.media", profile.errors.media, "application/problem+json")
    marker = fill("replay.marker", replay.marker, None)
    if marker is None and "replay.marker" in fill.chosen:
        marker = NameValue("Idempotent-Replayed", "true")
    return Policy(
        profile=profile.name,
        carrier=_carrier(profile.carrier, fill),
        methods=frozenset(profile.methods),
        required=fill("key.required", key.required, _PER_OPERATION),
        quoted=fill("key.quoted", key.quoted, "either"),
        pattern=fill("key.pattern", key.pattern, "any"),
        min_length=fill("key.min", key.min, 1),
        max_length=fill("key.max", key.max, MAX_KEY),
        max_bytes=fill("key.max_bytes", key.max_bytes, 4 * MAX_KEY),
        case_sensitive=fill("key.case_sensitive", key.case_sensitive, True),
        missing=fill("missing.model", profile.missing.model, _REJECT),
        on_missing=Refusal(_first(fill("missing.status", profile.missing.status, (400,))), profile.missing.code),
        on_malformed=Refusal(_first(fill("malformed.status", profile.malformed.status, (400,)))),
        mismatch=fill("mismatch.model", mismatch.model, "reject"),
        on_mismatch=Refusal(
            _first(fill("mismatch.status", mismatch.status, (422,))), mismatch.code, mismatch.resource_pointer
        ),
        compare=mismatch.compare or "json",
        in_flight="block" if model == "block" else "reject",
        on_in_flight=Refusal(_first(fill("in_flight.status", in_flight.status, (409,))), in_flight.code),
        in_flight_header=in_flight.header,
        retry_after=1,
        replay=fill("replay.model", replay.model, "transparent"),
        on_duplicate=Refusal(_refusal_status(replay, fill), replay.code, replay.resource_pointer),
        marker=marker,
        echo_header=replay.echo_header,
        result_header=replay.result_header,
        original_request_field=replay.body_field,
        stores_success=fill("stored.success", stored.success, True),
        stores_client_errors=fill("stored.client_error", stored.client_error, True),
        stores_server_errors=server_errors is True,
        never_stored=_never_stored(stored.never),
        endpoint=_ENDPOINTS.get(endpoint, "separate"),
        ttl=ttl if ttl is not None else _ttl(profile, fill),
        window=float(profile.ttl.seconds[0]) if profile.ttl.kind == "window" and profile.ttl.seconds else None,
        on_outside=Refusal(_first(profile.ttl.outside_status or (412,))),
        problem=media == "application/problem+json",
        cors_headers=profile.cors.allow_headers,
        chosen=frozenset(fill.chosen),
    )


_PER_OPERATION: Final = "per-operation"
_REJECT: Final = "reject"


class _Fill:
    """Takes what a profile knows, else the mock's choice, and remembers where it chose."""

    def __init__(self) -> None:
        self.chosen: set[str] = set()

    def __call__(self, name: str, value: Maybe[T], choice: T) -> T:
        if value is UNKNOWN:
            self.chosen.add(name)
            return choice
        return value


_ENDPOINTS: Final[dict[str, Literal["separate", "mismatch", "global"]]] = {
    "method+path": "separate",
    "in-scope": "separate",
    "mismatch": "mismatch",
    "global": "global",
}


def _carrier(carrier: Carrier, fill: _Fill) -> Carrier:
    if carrier.location == "body":
        return replace(carrier, pointer=fill("carrier.pointer", carrier.pointer, "/idempotency_key"))
    return replace(carrier, name=fill("carrier.name", carrier.name, "Idempotency-Key"))


def _refusal_status(replay: Replay, fill: _Fill) -> int:
    if replay.model == "refuse":
        return _first(fill("replay.status", replay.status, (409,)))
    return _first(replay.or_refuse_status or (409,))


def _never_stored(never: tuple[int | str, ...]) -> frozenset[int]:
    """`conflict` is status 409; `validation` needs no word here, for an invalid request never comes as far as its key."""
    statuses = {status for status in never if isinstance(status, int)} | ({409} if "conflict" in never else set())
    return NEVER_STORED | statuses


def _ttl(profile: Profile, fill: _Fill) -> float:
    """The least that the profile promises: a mock that kept keys for longer would hide a client that relies on it."""
    if profile.ttl.kind == "never":
        return float("inf")
    if not profile.ttl.seconds:
        fill.chosen.add("ttl")
        return DAY
    return float(min(profile.ttl.seconds))


def _first(statuses: tuple[int, ...]) -> int:
    return statuses[0]
