"""What a run would do, told instead of done: `--dry-run`, and targets that nobody consented to write to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from idemlint.cli.output import terminal_width, write_file, write_stdout
from idemlint.errors import UsageError
from idemlint.reporters.columns import wrap
from idemlint.reporters.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.cli.output import Target
    from idemlint.probe_report import Plan, PlannedOperation


def tell(plan: Plan, targets: Sequence[Target], *, consented: bool) -> None:
    """As text or JSON, to the places where the report would go. UsageError for the other formats: they hold verdicts."""
    for target in targets:
        if target.format not in ("text", "json"):
            raise UsageError(
                f"a plan has no verdicts to write as {target.format}", hint="--dry-run takes -f text and -f json"
            )
    for target in targets:
        text = _as_json(plan) if target.format == "json" else _as_text(plan, consented=consented)
        if target.path is not None:
            write_file(target.path, text)
        else:
            write_stdout(text, people=target.format == "text")


def _as_json(plan: Plan) -> str:
    import json

    operations = [
        {
            "operation": operation.operation,
            "blocked": operation.blocked or None,
            "checks": [{"id": check.id, "requests": check.requests} for check in operation.checks],
        }
        for operation in plan.operations
    ]
    told = {
        "schema_version": 1,
        "target": plan.target,
        "profile": plan.profile,
        "suite": plan.suite,
        "seed": plan.seed,
        "budget": plan.budget,
        "operations": operations,
    }
    return json.dumps(told, indent=2) + "\n"


def _as_text(plan: Plan, *, consented: bool) -> str:
    lines = [
        f"{plan.target} · {plan.profile} · suite {plan.suite} · seed {plan.seed} · budget {plan.budget} requests",
        "",
    ]
    width = max((len(operation.operation) for operation in plan.operations), default=0)
    lines += [f"{operation.operation:{width}}  {_told(operation)}" for operation in plan.operations]
    if not plan.operations:
        lines.append("no operation takes keys")
    # Each operation is asked the same.
    asked = next((operation for operation in plan.operations if not operation.blocked), None)
    if asked is not None:
        ids = ", ".join(check.id for check in asked.checks)
        lines += ["", *wrap(f"They are {ids}; `idemlint checks` says what each asks.", terminal_width(sys.stdout))]
    if not consented:
        lines += ["", "Nothing was sent: the target is not on the loopback range. --allow-writes gives consent."]
    return "".join(f"{terminal(line)}\n" for line in lines)


def _told(operation: PlannedOperation) -> str:
    if operation.blocked:
        return operation.blocked
    controls = sum(check.is_control for check in operation.checks)
    most = sum(check.requests for check in operation.checks)
    return f"{len(operation.checks) - controls} checks and {controls} controls, up to {most} requests"
