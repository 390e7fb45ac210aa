"""JUnit's XML as Jenkins, GitLab and GitHub's actions read it: a suite an operation, a case a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.probe_report import Verdict
from idemlint.reporters.escaping import terminal, xml
from idemlint.reporters.probe.by_hand import by_hand
from idemlint.reporters.probe.evidence import sentence
from idemlint.reporters.probe.told import story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe_report import CheckResult, OperationResult, ProbeReport
    from idemlint.reporters.options import ReportOptions

_COMMANDS: Final = 5


def render(report: ProbeReport, options: ReportOptions) -> str:
    """Controls are no cases. Inconclusive checks are skipped cases that say why, since nobody failed there.

    All severities are failures, since the format knows nothing between passed and failed; `type` tells them apart.
    """
    suites = "".join(_suite(report, operation, options.base) for operation in report.operations)
    checks = [check for operation in report.operations for check in _cases(operation)]
    totals = _counts(checks, report.seconds)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="idemlint probe" {totals}>\n{suites}</testsuites>\n'
    )


def _cases(operation: OperationResult) -> list[CheckResult]:
    return [check for check in operation.checks if check.axis != "control"]


def _suite(report: ProbeReport, operation: OperationResult, base: str) -> str:
    name = xml(terminal(operation.operation))
    checks = _cases(operation)
    counts = _counts(checks, sum(map(_seconds, checks)))
    properties = "".join(
        f'      <property name="{key}" value="{xml(terminal(str(value)))}"/>\n'
        for key, value in (
            ("target", report.target),
            ("profile", report.profile),
            ("suite", report.suite),
            ("seed", report.seed),
            ("oracle", operation.oracle),
        )
    )
    cases = "".join(_case(report, operation, check, base) for check in checks)
    return f'  <testsuite name="{name}" {counts}>\n    <properties>\n{properties}    </properties>\n{cases}  </testsuite>\n'


def _counts(checks: Sequence[CheckResult], seconds: float) -> str:
    failed = sum(check.verdict is Verdict.FAIL for check in checks)
    skipped = sum(check.verdict in (Verdict.INCONCLUSIVE, Verdict.SKIPPED) for check in checks)
    return f'tests="{len(checks)}" failures="{failed}" errors="0" skipped="{skipped}" time="{seconds:.3f}"'


def _seconds(check: CheckResult) -> float:
    if not check.exchanges:
        return 0.0
    return max(0.0, max(each.ended for each in check.exchanges) - min(each.started for each in check.exchanges))


def _case(report: ProbeReport, operation: OperationResult, check: CheckResult, base: str) -> str:
    head = (
        f'    <testcase name="{xml(terminal(f"{check.id} {check.name}"))}" '
        f'classname="{xml(terminal(operation.operation))}" time="{_seconds(check):.3f}"'
    )
    reason = xml(terminal(sentence(check.reason)))
    if check.verdict is Verdict.FAIL:
        told = "\n".join(map(terminal, story(report, operation, check, base)))
        body = f'<failure message="{reason}" type="{check.axis} {check.severity.label}">{xml(told)}</failure>'
        commands = by_hand(check, _COMMANDS)
        if commands:
            told = "\n".join(map(terminal, commands))
            body += f"\n      <system-out>{xml(told)}</system-out>"
    elif check.verdict is Verdict.INCONCLUSIVE:
        body = f'<skipped message="inconclusive: {reason}"/>'
    elif check.verdict is Verdict.SKIPPED:
        body = f'<skipped message="{reason}"/>'
    else:
        return f"{head}/>\n"
    return f"{head}>\n      {body}\n    </testcase>\n"
