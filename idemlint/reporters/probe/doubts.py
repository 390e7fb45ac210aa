"""What could not be decided, and why: the same for every report for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from idemlint.probe_report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe_report import CheckResult, OperationResult

Where: TypeAlias = dict[str, list[str]]
"""Operations to the checks that it holds for; to none where it holds for the whole operation."""


def doubts(operations: Sequence[OperationResult]) -> dict[str, Where]:
    """Reasons, equal ones told once.

    An operation that takes no keys is not in doubt, unless there was none at all that anything was asked of. Where
    nothing was decided, the controls say why: all others may just have been skipped.
    """
    reasons: dict[str, Where] = {}
    nothing = not any(map(_decided, operations))
    for operation in operations:
        name = operation.operation
        if operation.blocked:
            if nothing or _tried(operation):
                reasons.setdefault(operation.blocked, {})[name] = []
            continue
        for check in operation.checks:
            if check.verdict is Verdict.INCONCLUSIVE if check.axis != "control" else _explains(operation, check):
                reasons.setdefault(check.reason, {}).setdefault(name, []).append(check.id)
    return reasons


def _findings(operation: OperationResult) -> list[CheckResult]:
    return [check for check in operation.checks if check.axis != "control"]


def _decided(operation: OperationResult) -> bool:
    return any(check.verdict in (Verdict.PASS, Verdict.FAIL) for check in _findings(operation))


def _tried(operation: OperationResult) -> bool:
    """Whether there was anything that being blocked kept from being decided."""
    return any(check.verdict is not Verdict.SKIPPED for check in _findings(operation))


def _explains(operation: OperationResult, control: CheckResult) -> bool:
    return control.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE) and not _decided(operation)
