"""A run's report with what a test wants of it: to fail, and to say why."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from idemlint.findings import Severity
from idemlint.probe_report import ProbeReport, Verdict

if TYPE_CHECKING:
    from idemlint.probe_report import CheckResult, OperationResult


class PromiseBrokenError(AssertionError):
    """What `assert_kept` raises: the stories of all failures."""


@dataclass(frozen=True, slots=True)
class Report(ProbeReport):
    """What `idemlint.probe(...)` gives."""

    @classmethod
    def of(cls, report: ProbeReport) -> Report:
        return cls(**{each.name: getattr(report, each.name) for each in fields(report)})

    def assert_kept(self, fail_on: Severity | str = Severity.ERROR, *, strict: bool = False) -> None:
        """PromiseBrokenError where a check failed as gravely as `fail_on`, or the run ended early.

        `strict`: also where a check was inconclusive.
        """
        __tracebackhide__ = True
        least = Severity[fail_on.upper()] if isinstance(fail_on, str) else fail_on
        stories = [story(self, operation, check) for operation, check in self.failures(least)]
        if strict:
            stories += [
                f"{check.id} {check.name}  {operation.operation}\n  inconclusive: {check.reason}"
                for operation, check in self.verdicts(Verdict.INCONCLUSIVE)
            ]
        if self.interrupted:
            stories.append(f"the run ended early: {self.interrupted}")
        if stories:
            raise PromiseBrokenError("\n\n".join(stories))

    def verdicts(self, verdict: Verdict) -> list[tuple[OperationResult, CheckResult]]:
        """All checks but controls that came to this verdict."""
        return [
            (operation, check)
            for operation in self.operations
            for check in operation.checks
            if check.verdict is verdict and check.axis != "control"
        ]

    def __str__(self) -> str:
        """As `idemlint probe` prints it, without colours."""
        from idemlint.reporters.options import ReportOptions
        from idemlint.reporters.probe.text import render

        return render(self, ReportOptions(os.getcwd(), width=100))


def story(report: ProbeReport, operation: OperationResult, check: CheckResult) -> str:
    """One failure: what was sent, what came back, and why that breaks which promise."""
    from idemlint.reporters.escaping import terminal
    from idemlint.reporters.probe.by_hand import by_hand
    from idemlint.reporters.probe.told import story as told

    lines = [f"{check.id} {check.name}  {operation.operation}  {check.axis} · {check.severity.label}"]
    lines += [f"  {line}" for line in told(report, operation, check, os.getcwd())]
    commands = by_hand(check, 3) if not check.bursts else []  # a shell races just now and then
    lines += ["  Or by hand:", *(f"    {line}" for line in commands)] if commands else []
    return "\n".join(terminal(line) for line in lines)
