"""What a run will do: which checks of which operations, and how many requests that may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.errors import UsageError
from idemlint.probe.check import all_checks
from idemlint.probe.settings import REQUESTS_AN_OPERATION
from idemlint.probe.undeclared import undeclared
from idemlint.probe_report import Plan, PlannedCheck, PlannedOperation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.contract.profile import Profile
    from idemlint.openapi.operations import Operation
    from idemlint.probe.check import Check
    from idemlint.probe.expectations import Expectations
    from idemlint.probe.settings import Settings


def chosen_checks(settings: Settings) -> tuple[Check, ...]:
    """Controls, the suite's checks and those that were selected, without those that are ignored."""
    every = all_checks()
    for pattern in (*settings.select, *settings.ignore):
        if not any(_matches(each, pattern) for each in every):
            from difflib import get_close_matches

            names = [each.id for each in every]
            close = get_close_matches(pattern.upper(), [*names, *{name[:3] for name in names}], 1)
            hint = f"did you mean {close[0]}?" if close else "`idemlint checks` lists them"
            raise UsageError(f"there is no check {pattern!r}", hint=hint)
    chosen = []
    for each in every:
        if each.axis == "control":
            chosen.append(each)
            continue
        inside = (
            any(_matches(each, pattern) for pattern in settings.select)
            if settings.select
            else _in_suite(each, settings)
        )
        if inside and not any(_matches(each, pattern) for pattern in settings.ignore):
            chosen.append(each)
    return tuple(chosen)


def _in_suite(check: Check, settings: Settings) -> bool:
    return settings.suite == "full" or check.core


def _matches(check: Check, pattern: str) -> bool:
    pattern = pattern.upper()
    return check.id == pattern or check.id.startswith(f"{pattern.rstrip('-')}-") or check.group.upper() == pattern


def probed(operation: Operation, expected: Expectations, profile: Profile) -> bool:
    """Whether an operation is one that keys may be about: it declares one, or has a method that the profile names."""
    return expected.parameter is not None or operation.method.upper() in profile.methods


def make_plan(
    settings: Settings, profile: Profile, operations: Sequence[tuple[Operation, Expectations]], checks: Sequence[Check]
) -> Plan:
    """The plan, before anything is sent."""
    planned = []
    for operation, expected in operations:
        blocked = "" if expected.keyed else undeclared(operation, expected)
        planned.append(
            PlannedOperation(
                operation.label,
                tuple(PlannedCheck(each.id, each.requests, blocked, each.axis == "control") for each in checks),
                blocked,
            )
        )
    keyed = sum(not each.blocked for each in planned)
    budget = settings.max_requests or max(1, keyed) * REQUESTS_AN_OPERATION[settings.suite]
    return Plan(settings.url, profile.name, settings.suite, settings.seed, budget, tuple(planned))
