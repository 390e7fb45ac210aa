"""SARIF 2.1.0 (OASIS, 2020), as GitHub's code scanning and others take it in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from idemlint.reporters.escaping import json_text, terminal, terminal_lines
from idemlint.reporters.places import absolute_uri, is_file, relative_uri

if TYPE_CHECKING:
    from idemlint.errors import IdemlintError
    from idemlint.findings import Finding, Range, Severity
    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult, RuleInfo

_LEVELS = ("error", "warning", "note", "note")
_ROOT = "SRCROOT"
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT = "idemlint/v1"


def render(result: CheckResult, options: ReportOptions) -> str:
    """One run. Files below `options.base` get URIs relative to SRCROOT; regions count from 1, in code points."""
    import json

    findings = result.findings
    rules = _rules(result.rules, findings)
    index = {str(rule["id"]): number for number, rule in enumerate(rules)}
    errors = [document.error for document in result.documents if document.error is not None]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "idemlint",
                "version": options.version,
                "semanticVersion": options.version,
                "rules": rules,
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": f"{absolute_uri(options.base).rstrip('/')}/"}},
        "invocations": [
            {
                "executionSuccessful": not errors,
                "toolExecutionNotifications": [_notification(error, options.base) for error in errors],
            }
        ],
        "results": [
            _result(finding, index[finding.code], fingerprint, options.base)
            for finding, fingerprint in zip(findings, options.fingerprints(findings), strict=True)
        ],
    }
    if any(document.coverage is not None for document in result.documents):
        run["properties"] = {"coverage": result.coverage._asdict()}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _rules(known: tuple[RuleInfo, ...], findings: list[Finding]) -> list[dict[str, Any]]:
    """Metadata of each rule that was run, and of the codes that no rule stands behind."""
    rules = {rule.code: _rule(rule.code, rule.description, rule.severity, rule.url, rule.page) for rule in known}
    for finding in findings:
        if finding.code not in rules:
            rules[finding.code] = _rule(finding.code, finding.code, finding.severity, finding.url)
    return list(rules.values())


def _rule(code: str, description: str, severity: Severity, url: str, page: str = "") -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": terminal(description) or code},
        "defaultConfiguration": {"level": _LEVELS[severity]},
    }
    if url.startswith(("http://", "https://")):
        from urllib.parse import quote

        rule["helpUri"] = quote(url, safe="/~!$&'()*+,;=@:?#[]%")
    if page:
        rule["help"] = {"text": page, "markdown": page}
    return rule


def _result(finding: Finding, rule: int, fingerprint: str, base: str) -> dict[str, Any]:
    location = _location(finding.source, finding.focus, base)
    if finding.operation is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.operation, "kind": "function"}]
    text = finding.message if not finding.help else f"{finding.message}\n{finding.help}"
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": terminal_lines(text)},
        "locations": [location],
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                **_location(related.source, related.range, base),
                "message": {"text": terminal(related.label)},
            }
            for number, related in enumerate(finding.related, 1)
        ]
    if fingerprint:
        result["partialFingerprints"] = {_FINGERPRINT: fingerprint}
    return result


def _location(source: str, place: Range, base: str) -> dict[str, Any]:
    start, end = place
    region = {
        "startLine": start.line + 1,
        "startColumn": start.character + 1,
        "endLine": end.line + 1,
        "endColumn": end.character + 1,
    }
    return {"physicalLocation": {"artifactLocation": _artifact(source, base), "region": region}}


def _artifact(source: str, base: str) -> dict[str, str]:
    uri = relative_uri(source, base)
    if uri is not None:
        return {"uri": uri, "uriBaseId": _ROOT}
    if is_file(source) and not os.path.isabs(source):
        return {"uri": source}
    return {"uri": absolute_uri(source)}


def _notification(error: IdemlintError, base: str) -> dict[str, Any]:
    notification: dict[str, Any] = {"level": "error", "message": {"text": terminal(error.message)}}
    if error.source:
        location: dict[str, Any] = {"artifactLocation": _artifact(error.source, base)}
        if error.position is not None:
            line, character = error.position
            location["region"] = {"startLine": line + 1, "startColumn": character + 1}
        notification["locations"] = [{"physicalLocation": location}]
    return notification
