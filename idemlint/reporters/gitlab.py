"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from idemlint.reporters.escaping import json_text, terminal
from idemlint.reporters.places import relative

if TYPE_CHECKING:
    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult

_SEVERITIES = ("major", "minor", "info", "info")


def render(result: CheckResult, options: ReportOptions) -> str:
    """A JSON array. `path` is relative to the working folder; lines count from 1; fingerprints are unique in a report."""
    import json

    findings = result.findings
    entries: list[dict[str, object]] = []
    for finding, fingerprint in zip(findings, options.fingerprints(findings), strict=True):
        start, end = finding.focus
        positions = {
            "begin": {"line": start.line + 1, "column": start.character + 1},
            "end": {"line": end.line + 1, "column": end.character + 1},
        }
        entries.append(
            {
                "description": terminal(finding.message),
                "check_name": finding.code,
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[finding.severity],
                "location": {"path": _path(finding.source, options.base), "positions": positions},
            }
        )
    entries += _unread(result, options)
    return json_text(json.dumps(entries, indent=2, ensure_ascii=False)) + "\n"


def _path(source: str, base: str) -> str:
    return relative(source, base).replace(os.sep, "/")


def _unread(result: CheckResult, options: ReportOptions) -> list[dict[str, object]]:
    """A document that could not be checked is the gravest finding of all."""
    import hashlib

    entries: list[dict[str, object]] = []
    for document in result.documents:
        error = document.error
        if error is None:
            continue
        path = _path(error.source or document.source, options.base)
        line = error.position.line + 1 if error.position is not None else 1
        identity = f"unreadable\0{path}\0{error.message}".encode("utf-8", "backslashreplace")
        entries.append(
            {
                "description": terminal(error.message),
                "check_name": "unreadable",
                "fingerprint": hashlib.sha256(identity).hexdigest(),
                "severity": "blocker",
                "location": {"path": path, "lines": {"begin": line}},
            }
        )
    return entries
