"""What a check is, and what it can say."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from idemlint.entry_points import load, names
from idemlint.findings import Severity
from idemlint.probe_report import Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from idemlint.probe.bench import Bench
    from idemlint.probe.exchange import Burst, Exchange
    from idemlint.probe_report import Axis, EffectCount


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict of one check and what it rests on."""

    verdict: Verdict
    reason: str
    weak: bool = False
    exchanges: tuple[Exchange, ...] = ()
    telling: tuple[Exchange, ...] = ()
    """Those that show it, where `exchanges` holds others as well: what a person would send again."""
    bursts: tuple[Burst, ...] = ()
    effects: EffectCount | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    axis: Axis | None = None
    """In the place of the check's own, where what was found belongs to the other axis."""
    severity: Severity | None = None
    difference: str = ""
    """How the server differs from document or profile, for the list at the end of the report."""
    observed: Mapping[str, Any] = field(default_factory=dict)
    """Members of the suggested `x-idempotency` block that this check learned."""


def passed(reason: str, **more: Any) -> Outcome:
    return Outcome(Verdict.PASS, reason, **more)


def failed(reason: str, **more: Any) -> Outcome:
    return Outcome(Verdict.FAIL, reason, **more)


def inconclusive(reason: str, **more: Any) -> Outcome:
    return Outcome(Verdict.INCONCLUSIVE, reason, **more)


def skipped(reason: str, **more: Any) -> Outcome:
    return Outcome(Verdict.SKIPPED, reason, **more)


@dataclass(frozen=True, slots=True)
class Need:
    """Something without which a check is not tried. `missing` gives the outcome then, None if all is there."""

    name: str
    missing: Callable[[Bench], Outcome | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One check, as data and a function."""

    id: str
    name: str
    group: str
    axis: Axis
    severity: Severity
    promise: str
    """What a server that keeps it does, in a sentence."""
    why: str
    source: str
    requests: int
    """How many it sends, at most, effects read included."""
    needs: tuple[Need, ...]
    core: bool
    run: Callable[[Bench], Awaitable[Outcome]]


_CHECKS: dict[str, Check] = {}


def check(
    identifier: str,
    name: str,
    *,
    axis: Axis,
    severity: Severity,
    promise: str,
    why: str,
    source: str,
    requests: int,
    needs: Sequence[Need] = (),
    core: bool = False,
) -> Callable[[Callable[[Bench], Awaitable[Outcome]]], Callable[[Bench], Awaitable[Outcome]]]:
    """Registers the function below as the check of that identifier, `RPL-01`; its prefix names the group."""

    def register(run: Callable[[Bench], Awaitable[Outcome]]) -> Callable[[Bench], Awaitable[Outcome]]:
        if identifier in _CHECKS:
            raise ValueError(f"two checks {identifier}")
        prefix = identifier.partition("-")[0]
        group = GROUP_OF.get(prefix, prefix.lower())
        _CHECKS[identifier] = Check(
            identifier, name, group, axis, severity, promise, why, source, requests, tuple(needs), core, run
        )
        return run

    return register


GROUP_OF: Final = {
    "CTL": "controls",
    "KEY": "key",
    "RPL": "replay",
    "ERR": "errors",
    "FPR": "payload",
    "SCP": "scope",
    "CON": "concurrency",
    "FLT": "faults",
    "EXP": "expiry",
    "FMT": "format",
    "CRS": "cors",
    "MTH": "methods",
    "ALT": "carriers",
}
"""Prefix of a check's identifier to its group. Any other prefix, of an installed package's check, is a group itself."""

MODULES: Final = (
    "controls",
    "key",
    "key_forms",
    "key_values",
    "replay",
    "replay_content",
    "replay_markers",
    "errors",
    "fingerprint",
    "fingerprint_bytes",
    "fingerprint_parts",
    "fingerprint_members",
    "scope",
    "concurrency",
    "concurrency_slow",
    "in_flight",
    "faults",
    "framing",
    "expiry",
    "format",
    "cors",
    "methods",
    "carriers",
)
"""Modules of `checks/`, in the order in which their checks run."""


ENTRY_POINTS: Final = "idemlint.checks"
"""Entry points of other distributions: each names a module that registers checks, as those of `checks/` do."""


def all_checks() -> tuple[Check, ...]:
    """Every check, controls first and installed packages' last, in the order in which they run."""
    for module in MODULES:
        import_module(f"idemlint.probe.checks.{module}")
    for name in names(ENTRY_POINTS):
        load(ENTRY_POINTS, name)
    order = {group: index for index, group in enumerate(dict.fromkeys(GROUP_OF.values()))}
    return tuple(sorted(_CHECKS.values(), key=lambda each: (order.get(each.group, len(order)), each.id)))


ERROR: Final = Severity.ERROR
WARN: Final = Severity.WARN
INFO: Final = Severity.INFO
