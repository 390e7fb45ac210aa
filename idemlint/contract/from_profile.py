"""What a profile asks of an OpenAPI document: `Profile` to `Contract`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.contract.contract import Contract
from idemlint.contract.profile import UNKNOWN

if TYPE_CHECKING:
    from idemlint.contract.profile import Carrier, Profile

_CONFLICT: Final = 409
_FORMATS: Final = {
    "any": "any",
    "ascii": "any",
    "sf-string": "any",
    "uuid": "uuid",
    "guid": "uuid",
    "uuid-v4": "uuid4",
    "uuid-v7": "uuid7",
    "uuid-v4-or-v7": "uuid",
}


def contract_of(profile: Profile) -> Contract:
    """The profile's settings for `check`; a header of unknown name is empty, which `Contract.from_profile` refuses."""
    unknown: list[str] = []
    key_format, pattern = "any", None
    if profile.key.pattern is UNKNOWN:
        unknown.append("key-format")
    elif profile.key.pattern in _FORMATS:
        key_format = _FORMATS[profile.key.pattern]
    else:
        key_format, pattern = "pattern", profile.key.pattern
    if profile.key.required is UNKNOWN:
        unknown.append("required")
    statuses = _conflict_statuses(profile)
    if statuses is None:
        unknown.append("conflict-statuses")
    location = profile.carrier.location
    name = _name(profile.carrier)
    # An empty header value is the same as none (RFC 9110, section 5.5), so "at least one character" asks nothing of a
    # schema; and where the format fixes the length, lengths say nothing new.
    least = profile.key.min if isinstance(profile.key.min, int) and profile.key.min > 1 else None
    greatest = profile.key.max if isinstance(profile.key.max, int) else None
    if key_format in ("uuid", "uuid4", "uuid7"):
        least = greatest = None
    return Contract(
        profile=profile.name,
        carrier=location,
        header=name if location == "header" else "",
        field="" if location == "header" else name,
        methods=frozenset(method.lower() for method in profile.methods),
        key_format=key_format,
        pattern=pattern,
        min_length=least,
        max_length=greatest,
        required=profile.key.required is True,
        conflict_statuses=statuses or (),
        unknown=tuple(unknown),
    )


def _name(carrier: Carrier) -> str:
    name = carrier.pointer if carrier.location == "body" else carrier.name
    return "" if name is UNKNOWN else name


def _conflict_statuses(profile: Profile) -> tuple[str, ...] | None:
    """Statuses of "this duplicate cannot be served": of one in flight, else of a refused replay, else 409 for a mismatch.

    None: the profile does not know; empty: it knows that there is no such answer. A mismatch counts only when it gets 409:
    400 or 422 is what any other mistake gets, so declaring it tells nothing.
    """
    if profile.in_flight.status is not UNKNOWN:
        return _texts(profile.in_flight.status)
    if profile.in_flight.model == "block":
        return ()
    if profile.replay.model == "refuse" and profile.replay.status is not UNKNOWN:
        return _texts(profile.replay.status)
    if profile.mismatch.status is not UNKNOWN and _CONFLICT in profile.mismatch.status:
        return (str(_CONFLICT),)
    return None


def _texts(statuses: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(str(status) for status in statuses)
