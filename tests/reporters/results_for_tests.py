"""Results made by hand: what every format is shown."""

from __future__ import annotations

from typing import Any, NamedTuple

from idemlint.errors import DocumentError
from idemlint.findings import Finding, Position, Range, Related, Severity
from idemlint.results import CheckResult, Coverage, DocumentResult, RuleInfo


class Held(NamedTuple):
    """As much of a document as reporters look at."""

    text: str
    syntax: str = "yaml"


BASE = "/project"


def span(line: int, start: int, end: int, end_line: int | None = None) -> Range:
    return Range(Position(line, start), Position(line if end_line is None else end_line, end))


def finding(**changes: Any) -> Finding:
    """`POST /payments` at line 9 of /project/payments.yaml, unless `changes` say otherwise."""
    whole = Finding(
        code="idempotency-key-required",
        message="POST /payments does not require an Idempotency-Key",
        severity=Severity.ERROR,
        source="/project/payments.yaml",
        path=("paths", "/payments", "post"),
        range=span(8, 9, 10, 11),
        focus=span(8, 4, 8),
        operation="POST /payments",
        label="a client that times out cannot retry",
        help="add a required header parameter",
        url="https://example.org/rule",
    )
    return whole._replace(**changes)


PAYMENTS = "openapi: 3.0.3\n" + "#\n" * 7 + "    post:\n      responses:\n        '201':\n          description: ok\n"
PARAMETERS = "#\n" * 5 + "      pattern: '^$|^[a-zA-Z0-9-]+$'\n"

SECOND = finding(
    code="idempotency-key-uuid",
    message="the key of POST /refunds accepts more than UUIDs",
    severity=Severity.WARN,
    source="/project/components/parameters.yaml",
    path=("IdempotencyKey", "schema", "pattern"),
    range=span(5, 15, 35),
    focus=span(5, 15, 35),
    operation="POST /refunds",
    label='accepts "" and "retry-1"',
    help="",
    url="",
    related=(Related("/project/payments.yaml", span(30, 8, 20), "used here"),),
)

DOCUMENTS = {"/project/payments.yaml": Held(PAYMENTS), "/project/components/parameters.yaml": Held(PARAMETERS)}


def result(*findings: Finding, documents: dict[str, Held] | None = None, error: bool = False) -> CheckResult:
    """One checked document with `findings`; with `error`, another one that could not be read."""
    checked = DocumentResult(
        "/project/payments.yaml",
        list(findings),
        None,
        Coverage(4, 3, 1, 3, 1),
        DOCUMENTS if documents is None else documents,
    )
    broken = DocumentError(
        "mapping values are not allowed here", source="/project/broken.yaml", position=Position(2, 4), hint="h"
    )
    unread = [DocumentResult("/project/broken.yaml", [], broken)] if error else []
    rules = (
        RuleInfo("idempotency-key-required", "POST and PATCH require a key", Severity.ERROR, "https://example.org/a b"),
    )
    return CheckResult([checked, *unread], rules)


BOTH = result(finding(), SECOND, error=True)

NASTY = "</script><img src=x onerror=1>|`code`|@team #1 https://evil.example ::error::\x1b[31m\x9b\u202e\x00\n::warning::%0A]]>&\ud800"
HOSTILE = result(
    finding(code="x\x1b,:|<`", message=NASTY, label=NASTY, help=NASTY, operation=f"POST /{NASTY}", url=f"javascript:{NASTY}",
            source=f"/project/{NASTY.replace('/', '')}", path=(NASTY, 0),
            related=(Related(f"/project/{NASTY}", span(0, 0, 1), NASTY),)),
)  # fmt: skip
