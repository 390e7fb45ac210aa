"""What checks need before they are tried: the gates of section 3.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.contract.profile import UNKNOWN
from idemlint.probe.check import Need, inconclusive, skipped
from idemlint.probe.principals import SECOND
from idemlint.probe.samples import NO_BODY
from idemlint.probe.undeclared import near_miss, undeclared

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.probe.bench import Bench
    from idemlint.probe.check import Outcome


def _keyed(bench: Bench) -> Outcome | None:
    if bench.expected.keyed:
        return None
    # a key under another name is no operation without one: whether retries are safe there is an open question
    say = inconclusive if near_miss(bench.operation, bench.expected) else skipped
    return say(undeclared(bench.operation, bench.expected))


def _valid_request(bench: Bench) -> Outcome | None:
    return inconclusive(bench.facts.blocked) if bench.facts.blocked else None


def _not_static(bench: Bench) -> Outcome | None:
    return skipped("static mock: the answers are canned") if bench.facts.static else None


def _sensitive(bench: Bench) -> Outcome | None:
    if bench.facts.sensitive:
        return None
    if bench.facts.deduplicates:
        return inconclusive("two different keys gave one resource: the endpoint deduplicates by content")
    return inconclusive("oracle blind: two different keys did not show two effects")


def _other_payload(bench: Bench) -> Outcome | None:
    if bench.other is not None:
        return None
    return skipped("no second valid payload that differs in one significant member could be made")


def _json_body(bench: Bench) -> Outcome | None:
    if bench.sample.is_json and bench.sample.value is not NO_BODY:
        return None
    return skipped("the request has no JSON body")


def _second_principal(bench: Bench) -> Outcome | None:
    if SECOND in bench.client.principals:
        return None
    return skipped("needs a second account: --second-principal 'Authorization: env:VAR'")


def _header_key(bench: Bench) -> Outcome | None:
    return None if bench.expected.location == "header" else skipped("the key does not travel in a header")


def _wire(bench: Bench) -> Outcome | None:
    return None if bench.client.link.over_the_wire else skipped("needs a real connection; the app runs in this process")


def _http1(bench: Bench) -> Outcome | None:
    return None if bench.client.link.http == "HTTP/1.1" else skipped("needs HTTP/1.1: HTTP/2 has one form on the wire")


def _switches(bench: Bench) -> Outcome | None:
    return None if bench.mock else skipped("needs a switch in the server: only against idemlint mock")


def known(name: str, value: Callable[[Bench], object]) -> Need:
    """The profile knows a field: `known("mismatch.status", lambda bench: bench.profile.mismatch.status)`."""

    def missing(bench: Bench) -> Outcome | None:
        if value(bench) is UNKNOWN:
            return skipped(f"profile-unknown: {bench.profile.name} does not say {name}")
        return None

    return Need(f"profile {name}", missing)


KEYED: Final = Need("a declared key", _keyed)
VALID: Final = Need("a valid request", _valid_request)
NOT_STATIC: Final = Need("a target that works", _not_static)
SENSITIVE: Final = Need("effects that can be seen", _sensitive)
OTHER_PAYLOAD: Final = Need("another valid payload", _other_payload)
JSON_BODY: Final = Need("a JSON body", _json_body)
SECOND_PRINCIPAL: Final = Need("a second account", _second_principal)
HEADER_KEY: Final = Need("a key in a header", _header_key)
WIRE: Final = Need("a connection of our own", _wire)
HTTP1: Final = Need("HTTP/1.1", _http1)
SWITCHES: Final = Need("server-side switches", _switches)

BASIC: Final = (KEYED, VALID, NOT_STATIC)
"""What nearly every check needs."""
EFFECTS: Final = (*BASIC, SENSITIVE)
"""What every check needs that counts effects."""
