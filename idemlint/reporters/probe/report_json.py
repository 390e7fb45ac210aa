"""The report as JSON, schema version 1: what scripts read, and what `--replay` starts from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from idemlint.probe_report import SCHEMA_VERSION
from idemlint.reporters.escaping import json_text
from idemlint.reporters.places import relative
from idemlint.reporters.probe.plain import plain

if TYPE_CHECKING:
    from idemlint.probe_report import CheckResult, OperationResult, ProbeReport
    from idemlint.reporters.options import ReportOptions


def render(report: ProbeReport, options: ReportOptions) -> str:
    """One document; times are seconds since the run began. Written operation by operation: a report may be large."""
    frame = _dumped({**_heading(report, options.base), "operations": [], **run_data(report)})
    operations = ",".join(f"\n{_dumped(operation_data(each))}".replace("\n", "\n    ") for each in report.operations)
    whole = frame.replace('"operations": []', f'"operations": [{operations}\n  ]', 1) if operations else frame
    return f"{whole}\n"


def _dumped(data: dict[str, Any]) -> str:
    return json_text(json.dumps(data, indent=2, ensure_ascii=False))


def as_data(report: ProbeReport, base: str) -> dict[str, Any]:
    """The report as plain JSON data; the document's path as seen from `base`."""
    operations = [operation_data(operation) for operation in report.operations]
    return {**_heading(report, base), "operations": operations, **run_data(report)}


def _heading(report: ProbeReport, base: str) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": report.tool,
        "document": relative(report.document, base) if report.document else None,
        "target": report.target,
        "profile": report.profile,
        "suite": report.suite,
        "seed": report.seed,
    }


def run_data(report: ProbeReport) -> dict[str, Any]:
    """What the whole run came to."""
    summary = report.summary
    return {
        "summary": {
            "pass": summary.passed,
            "fail": summary.failed,
            "inconclusive": summary.inconclusive,
            "skipped": summary.skipped,
            "requests": summary.requests,
        },
        "budget": report.budget,
        "seconds": round(report.seconds, 3),
        "began": report.began,
        "interrupted": report.interrupted or None,
        "concurrency": {"rounds": report.rounds, "overlapping": report.overlapping, "bound_seconds": report.bound},
        "notes": list(report.notes),
    }


def operation_data(operation: OperationResult) -> dict[str, Any]:
    """One operation; its controls stand apart from its checks, since they are no findings."""
    return {
        "operation": operation.operation,
        "blocked": operation.blocked or None,
        "oracle": operation.oracle,
        "controls": [check_data(check) for check in operation.checks if check.axis == "control"],
        "checks": [check_data(check) for check in operation.checks if check.axis != "control"],
        "differences": list(operation.differences),
        "suggestion": {"x-idempotency": plain(dict(operation.suggestion))} if operation.suggestion else None,
    }


def check_data(check: CheckResult) -> dict[str, Any]:
    """One check with its evidence."""
    return {
        "id": check.id,
        "name": check.name,
        "group": check.group,
        "axis": check.axis,
        "severity": check.severity.label,
        "verdict": check.verdict.value,
        "weak": check.weak,
        "reason": check.reason,
        "promise": check.promise,
        "why": check.why,
        "source": check.source,
        "evidence": plain(check.evidence),
        "reproduce": check.reproduce,
    }
