"""Workflow commands of GitHub Actions: each failure becomes an annotation at its operation's line in the document.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions, "Setting an error message".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from idemlint.reporters.escaping import command_data, command_property, terminal
from idemlint.reporters.places import is_file, relative
from idemlint.reporters.probe.evidence import failures
from idemlint.reporters.probe.told import story

if TYPE_CHECKING:
    from idemlint.probe_report import CheckResult, OperationResult, ProbeReport
    from idemlint.reporters.options import ReportOptions

_COMMANDS = ("error", "warning", "notice", "notice")


def render(report: ProbeReport, options: ReportOptions) -> str:
    """Safety first: GitHub shows no more than ten annotations of a kind a step. Lines and columns count from 1."""
    lines = [_command(report, operation, check, options.base) for operation, check in failures(report)]
    for operation in report.operations:
        if operation.blocked:
            properties = ",".join([*_place(operation, options.base), "title=idemlint probe"])
            told = command_data(terminal(f"{operation.operation} could not be probed: {operation.blocked}"))
            lines.append(f"::notice {properties}::{told}\n")
    return "".join(lines)


def _command(report: ProbeReport, operation: OperationResult, check: CheckResult, base: str) -> str:
    title = command_property(terminal(f"{check.id} {check.name}"))
    properties = ",".join([*_place(operation, base), f"title={title}"])
    told = "\n".join(map(terminal, [operation.operation, *story(report, operation, check, base)]))
    return f"::{_COMMANDS[check.severity]} {properties}::{command_data(told)}\n"


def _place(operation: OperationResult, base: str) -> list[str]:
    """`file=...`, relative to the working folder, with `/`, and the operation's line; nothing for what is no file."""
    if not operation.source or not is_file(operation.source):
        return []
    path = command_property(terminal(relative(operation.source, base).replace(os.sep, "/")))
    if operation.place is None:
        return [f"file={path}"]
    start, end = operation.place
    parts = [f"file={path}", f"line={start.line + 1}"]
    if start.line == end.line:  # GitHub ignores columns that span lines
        parts.append(f"col={start.character + 1}")
        return [*parts, f"endLine={end.line + 1}", f"endColumn={max(end.character, start.character + 1)}"]
    return [*parts, f"endLine={end.line + 1}"]
