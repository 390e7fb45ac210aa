"""SARIF 2.1.0 (OASIS, 2020): a failure points at its operation's line in the document."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, Final

from idemlint.reporters.escaping import json_text, terminal, terminal_lines
from idemlint.reporters.places import absolute_uri, is_file, relative, relative_uri
from idemlint.reporters.probe.evidence import deciding_burst, failures, of_burst, sentence
from idemlint.reporters.probe.told import story

if TYPE_CHECKING:
    from idemlint.probe_report import CheckResult, ExchangeRecord, OperationResult, ProbeReport
    from idemlint.reporters.options import ReportOptions

_LEVELS: Final = ("error", "warning", "note", "note")
_ROOT: Final = "SRCROOT"
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT: Final = "idemlintProbe/v1"


def render(report: ProbeReport, options: ReportOptions) -> str:
    """One run: a rule a check, a result a failure. Regions count from 1, in code points."""
    import json

    pairs = failures(report)
    checks: dict[str, CheckResult] = {}
    for operation in report.operations:
        for check in operation.checks:
            if check.axis != "control":
                checks.setdefault(check.id, check)
    index = {identifier: number for number, identifier in enumerate(checks)}
    run = {
        "tool": {
            "driver": {
                "name": "idemlint probe",
                "version": options.version,
                "semanticVersion": options.version,
                "rules": [_rule(check) for check in checks.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": f"{absolute_uri(options.base).rstrip('/')}/"}},
        "invocations": [_invocation(report)],
        "results": [_result(report, operation, check, index[check.id], options.base) for operation, check in pairs],
        "properties": {
            "target": terminal(report.target),
            "profile": terminal(report.profile),
            "suite": report.suite,
            "seed": report.seed,
        },
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _invocation(report: ProbeReport) -> dict[str, Any]:
    """Whether the run reached its end, and what kept it from asking an operation."""
    notifications: list[dict[str, Any]] = [
        {"level": "note", "message": {"text": terminal(f"{each.operation} could not be probed: {each.blocked}")}}
        for each in report.operations
        if each.blocked
    ]
    if report.interrupted:
        notifications.append(
            {"level": "error", "message": {"text": terminal(f"the run ended early: {report.interrupted}")}}
        )
    return {"executionSuccessful": not report.interrupted, "toolExecutionNotifications": notifications}


def _rule(check: CheckResult) -> dict[str, Any]:
    texts = [sentence(check.promise), f"Why it matters: {check.why}." if check.why else ""]
    texts.append(f"Source: {check.source}." if check.source else "")
    return {
        "id": check.id,
        "name": terminal(check.name) or check.id,
        "shortDescription": {"text": terminal(check.name) or check.id},
        "fullDescription": {"text": terminal(sentence(check.promise)) or check.id},
        "help": {"text": terminal_lines("\n".join(text for text in texts if text)) or check.id},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {"tags": [check.axis, check.group]},
    }


def _result(
    report: ProbeReport, operation: OperationResult, check: CheckResult, rule: int, base: str
) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": terminal(operation.operation), "kind": "function"}]
    }
    if operation.source:
        location["physicalLocation"] = _physical(operation, base)
    told = "\n".join(map(terminal, story(report, operation, check, base)))
    result: dict[str, Any] = {
        "ruleId": check.id,
        "ruleIndex": rule,
        "kind": "fail",
        "level": _LEVELS[check.severity],
        "message": {"text": f"{terminal(operation.operation)}: {told}"},
        "locations": [location],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(operation, check, base)},
    }
    deciding = _deciding(check)
    if deciding is not None:
        result.update(_web(deciding))
    return result


def _physical(operation: OperationResult, base: str) -> dict[str, Any]:
    source = operation.source
    uri = relative_uri(source, base)
    if uri is not None:
        artifact = {"uri": uri, "uriBaseId": _ROOT}
    elif is_file(source) and not os.path.isabs(source):
        artifact = {"uri": source}
    else:
        artifact = {"uri": absolute_uri(source)}
    if operation.place is None:
        return {"artifactLocation": artifact}
    start, end = operation.place
    region = {
        "startLine": start.line + 1,
        "startColumn": start.character + 1,
        "endLine": end.line + 1,
        "endColumn": end.character + 1,
    }
    return {"artifactLocation": artifact, "region": region}


def _fingerprint(operation: OperationResult, check: CheckResult, base: str) -> str:
    """The same as long as the same check fails at the same operation, wherever that stands in the document."""
    source = relative(operation.source, base).replace(os.sep, "/") if operation.source else ""
    parts = f"{check.id}\0{check.axis}\0{operation.operation}\0{source}"
    return hashlib.sha256(parts.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _deciding(check: CheckResult) -> ExchangeRecord | None:
    """The exchange that broke the promise: the second that ran, else the last."""
    burst = deciding_burst(check)
    if burst is not None:
        group = of_burst(check, burst)[0]
        return group.ran[1] if group.twice else group.exchanges[-1]
    return check.exchanges[-1] if check.exchanges else None


def _web(exchange: ExchangeRecord) -> dict[str, Any]:
    """Sections 3.46 and 3.47: the exchange as the standard's own objects."""
    method, _, rest = exchange.request.start.partition(" ")
    target, _, http = rest.rpartition(" ")
    request = {
        "protocol": "HTTP",
        "version": terminal(http.partition("/")[2]) or "1.1",
        "method": terminal(method),
        "target": terminal(target),
        "headers": _headers(exchange.request.headers),
        "body": {"text": terminal_lines(exchange.request.body)},
    }
    if exchange.response is None:
        return {"webRequest": request, "webResponse": {"noResponseReceived": True}}
    response = {
        "protocol": "HTTP",
        "version": terminal(exchange.response.start.partition(" ")[0].partition("/")[2]) or "1.1",
        "statusCode": exchange.status,
        "headers": _headers(exchange.response.headers),
        "body": {"text": terminal_lines(exchange.response.body)},
    }
    return {"webRequest": request, "webResponse": response}


def _headers(lines: tuple[tuple[str, str], ...]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in ((terminal(name), terminal(value)) for name, value in lines):
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
