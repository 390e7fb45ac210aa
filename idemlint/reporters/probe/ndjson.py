"""Events as lines of JSON, written when they happen. A finished report gives the same lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from idemlint.probe_report import (
    SCHEMA_VERSION,
    CheckFinished,
    CheckStarted,
    OperationFinished,
    OperationStarted,
    Plan,
    PlannedCheck,
    PlannedOperation,
    RunFinished,
    RunStarted,
)
from idemlint.reporters.escaping import json_text
from idemlint.reporters.probe.report_json import check_data, operation_data, run_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.probe_report import Event, ProbeReport
    from idemlint.reporters.options import ReportOptions


def render(report: ProbeReport, _options: ReportOptions) -> str:
    """What `line` would have written, but for what only the moment knew: plan and count of requests say null."""
    return "".join(line(event, told_later=True) for event in _events(report))


def line(event: Event, *, told_later: bool = False) -> str:
    """One event, its line break included. `event` names it; evidence stands in `check_finished` alone."""
    data = _data(event)
    if told_later:
        data.update(dict.fromkeys(("requests", "requests_planned") & data.keys()))
    return json_text(json.dumps(data, ensure_ascii=False, separators=(",", ":"))) + "\n"


def _data(event: Event) -> dict[str, Any]:
    match event:
        case RunStarted(plan):
            return {
                "event": "run_started",
                "schema_version": SCHEMA_VERSION,
                "target": plan.target,
                "profile": plan.profile,
                "suite": plan.suite,
                "seed": plan.seed,
                "budget": plan.budget,
                "requests_planned": sum(check.requests for each in plan.operations for check in each.checks),
                "operations": [
                    {"operation": each.operation, "checks": [check.id for check in each.checks]}
                    for each in plan.operations
                ],
            }
        case OperationStarted(operation, checks):
            return {"event": "operation_started", "operation": operation, "checks": checks}
        case CheckStarted(operation, identifier):
            return {"event": "check_started", "operation": operation, "id": identifier}
        case CheckFinished(operation, result, requests):
            return {
                "event": "check_finished",
                "operation": operation,
                "check": check_data(result),
                "requests": requests,
            }
        case OperationFinished(result):
            data = operation_data(result)
            for told in ("checks", "controls"):
                del data[told]
            return {"event": "operation_finished", **data}
        case RunFinished(report):
            return {"event": "run_finished", **run_data(report)}


def _events(report: ProbeReport) -> Iterator[Event]:
    plan = Plan(
        report.target,
        report.profile,
        report.suite,
        report.seed,
        report.budget,
        tuple(
            PlannedOperation(each.operation, tuple(PlannedCheck(check.id, 0) for check in each.checks), each.blocked)
            for each in report.operations
        ),
        report.notes,
    )
    yield RunStarted(plan)
    for operation in report.operations:
        yield OperationStarted(operation.operation, len(operation.checks))
        for check in operation.checks:
            yield CheckStarted(operation.operation, check.id)
            yield CheckFinished(operation.operation, check, 0)
        yield OperationFinished(operation)
    yield RunFinished(report)
