"""JUnit's XML as Jenkins, GitLab and GitHub's actions read it: a suite a document, a failed case a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.reporters.escaping import terminal, terminal_lines, xml
from idemlint.reporters.places import relative

if TYPE_CHECKING:
    from idemlint.findings import Finding
    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult, DocumentResult


def render(result: CheckResult, options: ReportOptions) -> str:
    """Every document has a suite; one without findings holds a single passed case, so that it shows as checked.

    All severities are failures here, since the format knows nothing between passed and failed; `type` tells them apart.
    """
    suites = [_Suite(document, options.base) for document in result.documents]
    totals = _counts(sum(s.tests for s in suites), sum(s.failures for s in suites), sum(s.errors for s in suites))
    body = "".join(suite.xml for suite in suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="idemlint" {totals}>\n{body}</testsuites>\n'


class _Suite:
    """The `testsuite` of one document."""

    def __init__(self, document: DocumentResult, base: str) -> None:
        name = xml(terminal(relative(document.source, base)))
        error = document.error
        self.failures = len(document.findings)
        self.errors = int(error is not None)
        self.tests = max(self.failures + self.errors, 1)
        cases = [_case(finding, base) for finding in document.findings]
        if error is not None:
            cases.append(
                f'    <testcase name="{name}" classname="idemlint">\n'
                f'      <error message="{xml(terminal(error.message))}" type="{type(error).__name__}">'
                f"{xml(terminal_lines(str(error)))}</error>\n    </testcase>\n"
            )
        if not cases:
            cases.append(f'    <testcase name="{name}" classname="idemlint" time="0"/>\n')
        counts = _counts(self.tests, self.failures, self.errors)
        self.xml = f'  <testsuite name="{name}" {counts}>\n{"".join(cases)}  </testsuite>\n'


def _counts(tests: int, failures: int, errors: int) -> str:
    return f'tests="{tests}" failures="{failures}" errors="{errors}" time="0"'


def _case(finding: Finding, base: str) -> str:
    path = terminal(relative(finding.source, base))
    start = finding.focus.start
    place = f"{path}:{start.line + 1}:{start.character + 1}"
    subject = terminal(finding.operation or "/".join(map(str, finding.path)) or "document")
    text = "\n".join(part for part in (place, finding.message, finding.label, finding.help) if part)
    return (
        f'    <testcase name="{xml(terminal(finding.code))}: {xml(subject)} ({xml(place)})" classname="{xml(path)}" time="0">\n'
        f'      <failure message="{xml(terminal(finding.message))}" type="{finding.severity.label}">'
        f"{xml(terminal_lines(text))}</failure>\n    </testcase>\n"
    )
