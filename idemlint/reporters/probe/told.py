"""A failure in plain lines, for formats that give it a box of its own: JUnit, annotations, SARIF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.reporters.probe.evidence import racing, replay_command, seen_by, sentence
from idemlint.reporters.probe.request_lines import request_lines

if TYPE_CHECKING:
    from idemlint.probe_report import CheckResult, OperationResult, ProbeReport

_COLUMNS = 100


def story(report: ProbeReport, operation: OperationResult, check: CheckResult, base: str) -> list[str]:
    """What happened, the requests, why it matters, what was promised, and how to see it again."""
    lines = [sentence(check.reason)]
    lines += [f"    {line}" for line in request_lines(check, _COLUMNS)]
    if check.effects is not None:
        with_keys = f"; {racing(check)}" if racing(check) else ""
        lines.append(f"Seen by: {seen_by(check.effects)}{with_keys}.")
    if check.why:
        lines.append(f"Why it matters: {check.why}.")
    if check.promise:
        lines.append(f"Promise: {check.promise}" + (f" ({check.source})." if check.source else "."))
    lines.append(f"Again: {replay_command(report, operation, check, base)}")
    return lines


def summary_line(check: CheckResult) -> str:
    """`CON-01 two concurrent duplicates: 2 requests with one key had 2 effects.`"""
    return f"{check.id} {check.name}: {sentence(check.reason)}"
