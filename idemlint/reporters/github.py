"""Workflow commands of GitHub Actions: each finding becomes an annotation of the pull request's changes.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions, "Setting an error message".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from idemlint.reporters.escaping import command_data, command_property, terminal, terminal_lines
from idemlint.reporters.places import is_file, relative

if TYPE_CHECKING:
    from idemlint.findings import Finding
    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult

_COMMANDS = ("error", "warning", "notice", "notice")


def render(result: CheckResult, options: ReportOptions) -> str:
    """One command a finding, and one for each document that could not be read. Lines and columns count from 1."""
    lines = [_command(finding, options.base) for finding in result.findings]
    for document in result.documents:
        error = document.error
        if error is not None:
            properties = [_place(error.source or document.source, options.base), "title=idemlint"]
            if error.position is not None:
                properties[1:1] = [f"line={error.position.line + 1}", f"col={error.position.character + 1}"]
            lines.append(f"::error {_joined(properties)}::{command_data(terminal_lines(error.message))}\n")
    return "".join(lines)


def _command(finding: Finding, base: str) -> str:
    start, end = finding.focus
    properties = [
        _place(finding.source, base),
        f"line={start.line + 1}",
        f"endLine={end.line + 1}",
        f"title={command_property(terminal(finding.code))}",
    ]
    # GitHub ignores columns that span lines
    if start.line == end.line:
        properties[2:2] = [f"col={start.character + 1}"]
        properties[4:4] = [f"endColumn={max(end.character, start.character + 1)}"]
    message = finding.message if not finding.help else f"{finding.message}\n{finding.help}"
    return f"::{_COMMANDS[finding.severity]} {_joined(properties)}::{command_data(terminal_lines(message))}\n"


def _joined(properties: list[str]) -> str:
    return ",".join(part for part in properties if part)


def _place(source: str, base: str) -> str:
    """`file=...`, relative to the working folder, with `/`; nothing for what is no file."""
    if not is_file(source):
        return ""
    return f"file={command_property(terminal(relative(source, base).replace(os.sep, '/')))}"
