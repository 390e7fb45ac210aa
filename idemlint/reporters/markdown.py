"""A summary for a job page or a pull request: what was found, in a table, and how much is covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.reporters.escaping import markdown, markdown_code
from idemlint.reporters.places import relative
from idemlint.reporters.summary import counted, tally

if TYPE_CHECKING:
    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult

_LIMIT = 500
"""Rows."""
_BYTES = 900_000
"""Of the rows together: GitHub takes no job summary beyond 1 MiB, not even its beginning."""


def render(result: CheckResult, options: ReportOptions) -> str:
    """GitHub's flavour of Markdown. Nothing that comes from a document is markup in it."""
    findings = result.findings
    lines = ["## idemlint", "", f"**{tally(findings)}** in {counted(len(result.documents), 'document')}", ""]
    lines += _coverage(result)
    lines += _errors(result, options)
    if findings:
        lines += ["| severity | rule | operation | place | message |", "| --- | --- | --- | --- | --- |"]
        shown = size = 0
        for finding in findings[:_LIMIT]:
            start = finding.focus.start
            place = f"{relative(finding.source, options.base)}:{start.line + 1}:{start.character + 1}"
            operation = markdown_code(finding.operation) if finding.operation else ""
            row = (
                f"| {finding.severity.label} | {markdown_code(finding.code)} | {operation} | {markdown_code(place)} "
                f"| {markdown(finding.message)} |"
            )
            size += len(row.encode())
            if size > _BYTES:
                break
            shown += 1
            lines.append(row)
        if len(findings) > shown:
            lines += ["", f"{len(findings) - shown} more findings are not shown here."]
        lines.append("")
    return "\n".join(lines)


def _coverage(result: CheckResult) -> list[str]:
    if not any(document.coverage is not None for document in result.documents):
        return []
    coverage = result.coverage
    rows = [
        ("operations in scope", f"{coverage.in_scope} of {coverage.operations}"),
        ("key required", f"{coverage.key_required} of {coverage.in_scope}"),
        ("conflict declared", f"{coverage.conflict_declared} of {coverage.in_scope}"),
    ]
    if coverage.exempt:
        rows.append(("exempt", str(coverage.exempt)))
    if result.suppressed:
        rows.append(("known to the baseline", counted(result.suppressed, "finding")))
    return ["| coverage | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows), ""]


def _errors(result: CheckResult, options: ReportOptions) -> list[str]:
    lines = []
    for document in result.documents:
        error = document.error
        if error is not None:
            place = relative(error.source or document.source, options.base)
            lines.append(f"- could not check {markdown_code(place)}: {markdown(error.message)}")
    return [*lines, ""] if lines else []
