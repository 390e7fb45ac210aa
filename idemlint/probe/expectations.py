"""What a server is held to, by its profile and its document, and what is not known and therefore not asked.

`UNKNOWN` stays `UNKNOWN`: a check that needs it is skipped, never filled from what everyone does (section 2.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from idemlint.contract.profile import UNKNOWN
from idemlint.openapi.pointers import at

if TYPE_CHECKING:
    from idemlint.contract.profile import Code, Maybe, NameValue, Profile
    from idemlint.openapi.operations import Operation, Parameter
    from idemlint.probe.exchange import Exchange

MARKERS: Final = (
    "Idempotent-Replayed",
    "Idempotency-Replayed",
    "X-Idempotent-Replayed",
    "X-Idempotency-Replayed",
    "X-Idempotency-Replay",
    "Idempotency-Replay",
    "Idempotent-Replay",
    "X-Idempotency-Cache-Hit",
    "Request-Idempotency",
)
"""Names that servers give the header which tells a replay (section 2.4 of the survey)."""

_TRUE: Final = ("true", "1", "?1", "yes", "hit")


@dataclass(frozen=True, slots=True)
class Expectations:
    """One operation's contract as the probe holds a server to it."""

    profile: Profile
    location: str
    """`header`, `body`, `field`, or `parameter`."""
    name: str
    """Of the header, field or parameter; for `body` its JSON pointer."""
    parameter: Parameter | None
    """What the document declares of it, for headers and parameters."""
    required: Maybe[bool]
    """By the document where it declares the parameter, else by the profile."""
    declared: frozenset[str]
    """Statuses that the operation declares, `default` and `4XX` as they stand."""
    promised: bool = False
    """The profile has keys for the operation's method, and the document, which declares none anywhere, does not object."""

    @property
    def keyed(self) -> bool:
        """Whether the operation takes keys at all: by the document, by where the profile carries them, or by its word."""
        return self.parameter is not None or self.location in ("body", "field") or self.promised

    @property
    def missing(self) -> Maybe[Literal["execute", "reject", "generate"]]:
        if self.parameter is not None and self.parameter.required:
            return "reject"
        return self.profile.missing.model if self.required is UNKNOWN or self.required else "execute"

    @property
    def missing_status(self) -> Maybe[tuple[int, ...]]:
        return self.profile.missing.status

    @property
    def marker(self) -> Maybe[NameValue | None]:
        return self.profile.replay.marker

    def declares(self, status: int) -> bool:
        return bool({str(status), f"{status // 100}XX", f"{status // 100}xx", "default"} & self.declared)

    def is_marker(self, name: str) -> bool:
        """Whether a response header of that name tells a replay, by the profile or by custom."""
        known = {each.lower() for each in MARKERS}
        replay = self.profile.replay
        if replay.marker is not UNKNOWN and replay.marker is not None:
            known.add(replay.marker.name.lower())
        if replay.result_header is not None:
            known.add(replay.result_header.name.lower())
        return name.lower() in known

    def replayed(self, exchange: Exchange) -> bool | None:
        """What the answer says of itself; None if it says nothing. The value counts, not the presence."""
        names = [self.marker.name] if self.marker is not UNKNOWN and self.marker is not None else []
        for name in (*names, *MARKERS):
            value = exchange.header(name)
            if value is not None:
                return value.strip().strip('"').lower() in _TRUE
        return None


def expectations_of(operation: Operation, profile: Profile, *, silent: bool = False) -> Expectations:
    """What holds for an operation under a profile; `silent`: the document declares no key at any operation."""
    carrier = profile.carrier
    name, parameter = "", None
    if carrier.location == "header":
        name = carrier.name if carrier.name is not UNKNOWN else "Idempotency-Key"
        parameter = operation.header(name)
    elif carrier.location == "body":
        name = carrier.pointer if carrier.pointer is not UNKNOWN else ""
    else:
        name = carrier.name if carrier.name is not UNKNOWN else ""
        parameter = next((each for each in operation.parameters() if each.name == name), None)
    required: Maybe[bool] = UNKNOWN
    if parameter is not None:
        required = parameter.required
    elif isinstance(profile.key.required, bool):
        required = profile.key.required
    responses = operation.responses()
    declared = frozenset(map(str, responses.value)) if responses is not None else frozenset[str]()
    promised = silent and operation.method.upper() in profile.methods
    return Expectations(profile, carrier.location, name, parameter, required, declared, promised)


def has_code(exchange: Exchange, code: Code | None) -> bool | None:
    """Whether the error carries one of the profile's codes; None if the profile names none."""
    if code is None:
        return None
    if code.pointer is not UNKNOWN:
        found = at(exchange.json, code.pointer)
        return isinstance(found, str) and found in code.values
    text = exchange.body.decode("utf-8", "replace")
    return any(value in text for value in code.values)
