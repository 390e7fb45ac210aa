"""A document, a profile and a handful of options, put together to an application."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idemlint.contract.contract import CARRIERS
from idemlint.contract.likely_key import looks_like_a_key
from idemlint.contract.loading import load_profile
from idemlint.contract.profile import NameValue, Profile
from idemlint.errors import DocumentError
from idemlint.mock.access_log import AccessLog
from idemlint.mock.admin import Admin
from idemlint.mock.app import MockApp
from idemlint.mock.clock import Clock
from idemlint.mock.limits import DEFAULT_LIMITS, Limits
from idemlint.mock.policy import Policy, policy_of
from idemlint.mock.responses import Responses
from idemlint.mock.routing import Router, base_paths
from idemlint.mock.security import Security
from idemlint.mock.stores import open_store
from idemlint.mock.stores.memory import MemoryStore
from idemlint.mock.validation import Validation
from idemlint.mock.work import Work
from idemlint.openapi.document import Document, parse, read
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.mock.faults import Parts
    from idemlint.mock.handling import Handling
    from idemlint.mock.stores.protocol import Store
    from idemlint.mock.telemetry import Telemetry
    from idemlint.openapi.operations import Operation

PROFILE: Final = "ietf-07"
"""What the mock keeps where no profile is named: the draft, with what most of the field does beside it (`_default`)."""
MARKER: Final = NameValue("Idempotent-Replayed", "true")


class Options(NamedTuple):
    """All that an application is made of, as plain data that can be sent to another process."""

    source: str
    """Path of the document; with `text`, where that is said to stand."""
    text: bytes | None = None
    """The document itself, where it came from standard input."""
    profile: str | None = None
    store: str = "memory"
    ttl: float | None = None
    lease: float | None = None
    delay: float = 0.0
    """Seconds that the work takes."""
    faults: tuple[str, ...] = ()
    seed: int = 0
    admin: bool = True
    enforce_security: bool = False
    access_log: str | None = None
    otel: bool = False
    clock: str | None = None
    """File of a clock that several processes share."""
    limits: Limits = DEFAULT_LIMITS


def build(options: Options) -> MockApp:
    """IdemlintError for a document, profile, store or fault that cannot be had."""
    document = read(options.source) if options.text is None else parse(options.text, options.source)
    return create_app(
        document,
        profile=options.profile,
        store=options.store,
        ttl=options.ttl,
        lease=options.lease,
        delay=options.delay,
        faults=options.faults,
        seed=options.seed,
        admin=options.admin,
        enforce_security=options.enforce_security,
        access_log=options.access_log,
        telemetry=_exporting() if options.otel else None,
        clock=Clock(options.clock),
        limits=options.limits,
    )


def create_app(
    document: str | os.PathLike[str] | Document | References,
    *,
    profile: str | Profile | None = None,
    store: str | Store | None = None,
    ttl: float | None = None,
    lease: float | None = None,
    delay: float = 0.0,
    faults: Sequence[str] = (),
    seed: int = 0,
    admin: bool = True,
    enforce_security: bool = False,
    access_log: str | None = None,
    telemetry: Telemetry | None = None,
    clock: Clock | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> MockApp:
    """An ASGI application that serves the document with real key handling.

    `store`: a URL as `--store` takes it, or a `Store`; None: memory. `ttl`, `lease`, `delay` in seconds. `faults` as
    `--fault` takes them. Opens its store at the lifespan's start-up, or with the first request where there is none.
    IdemlintError for a document, profile, store or fault that cannot be had.
    """
    references = _references(document)
    found = operations(references)
    if not found:
        hint = "an operation is a method such as `post` below a path such as `/payments`"
        raise DocumentError("the document has no operations to serve", source=references.root.source, hint=hint)
    policy = _policy(profile, ttl, lease)
    parts = _parts(faults, seed)
    answers = parts.answers(policy)
    clock = clock or Clock()
    kept = parts.wrap(MemoryStore() if store is None else open_store(store) if isinstance(store, str) else store)
    handling = _traced(parts.handling, telemetry)(
        policy=policy,
        store=kept,
        clock=clock,
        router=Router(found, answers, base_paths(references)),
        security=Security(references, found, answers, enforce=enforce_security),
        validation=Validation(answers),
        carriers=parts.carriers(policy, answers, clock.now),
        work=Work(kept, Responses(references, answers, seed=seed), testing=admin),
        answers=answers,
        delay=delay,
    )
    return MockApp(
        handling,
        cors=parts.cors(policy, _header_parameters(found)),
        admin=Admin(kept, clock, answers) if admin else None,
        limits=limits,
        access_log=AccessLog(access_log) if access_log else None,
        telemetry=telemetry,
        connection=parts.connection,
        notes=_notes(found, policy),
    )


def _notes(found: Sequence[Operation], policy: Policy) -> tuple[str, ...]:
    """What whoever starts the mock should know: that it does not read the header which the document calls the key."""
    carrier = policy.carrier
    read = {
        name.lower()
        for name in (carrier.name if carrier.location == "header" else "", carrier.companion)
        if isinstance(name, str)
    }
    unread = {
        parameter.name: operation
        for operation in reversed(found)
        if operation.method.upper() in policy.methods
        for parameter in operation.parameters()
        if parameter.location == "header" and looks_like_a_key(parameter.name) and parameter.name.lower() not in read
    }
    place = carrier.pointer if carrier.location == "body" else carrier.name
    return tuple(
        f"{operation.label} declares the header {name}, which profile {policy.profile} does not read: its key is the "
        f"{CARRIERS[carrier.location]} {place}"
        for name, operation in unread.items()
    )


def _parts(faults: Sequence[str], seed: int) -> Parts:
    from idemlint.mock.faults import Parts, apply_faults, parse_faults

    return apply_faults(Parts(), parse_faults(faults), seed=seed)


def _exporting() -> Telemetry:
    from idemlint.mock.telemetry import Telemetry

    return Telemetry()


def _traced(handling: type[Handling], telemetry: Telemetry | None) -> type[Handling]:
    if telemetry is None:
        return handling
    from idemlint.mock.telemetry import traced

    return traced(handling, telemetry)


def _references(document: str | os.PathLike[str] | Document | References) -> References:
    if isinstance(document, References):
        return document
    if not isinstance(document, Document):
        document = read(os.fspath(document))
    data: Any = document.data
    if not isinstance(data, dict) or ("openapi" not in data and "swagger" not in data):
        hint = "it begins with `openapi: 3.1.0` or `swagger: '2.0'`"
        raise DocumentError("not an OpenAPI document", source=document.source, hint=hint)
    return References(document)


def _policy(profile: str | Profile | None, ttl: float | None, lease: float | None) -> Policy:
    if profile is None:
        # Nobody asked for the draft's letter: keys may come without quotes, as nearly all clients send them, and replays
        # are marked, so that people see them.
        policy = replace(policy_of(load_profile(PROFILE), ttl=ttl), quoted="either", marker=MARKER)
    else:
        policy = policy_of(profile if isinstance(profile, Profile) else load_profile(profile), ttl=ttl)
    return policy if lease is None else replace(policy, lease=lease)


def _header_parameters(found: Iterable[Operation]) -> list[str]:
    """Those that a client may set by itself, each once."""
    names = {
        parameter.name.lower(): parameter.name
        for operation in found
        for parameter in operation.parameters()
        if parameter.location == "header" and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", parameter.name)
    }
    return list(names.values())
