"""The last line: how much was found, and how much of the documents the contract covers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.findings import Finding
    from idemlint.results import CheckResult

_PLURALS = ("errors", "warnings", "infos", "hints")
_SINGULARS = ("error", "warning", "info", "hint")


def counted(number: int, singular: str, plural: str = "") -> str:
    """`1 document`, `3 documents`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def tally(findings: Sequence[Finding]) -> str:
    """`2 findings (1 error, 1 warning)`."""
    if not findings:
        return "no findings"
    numbers = [0, 0, 0, 0]
    for finding in findings:
        numbers[finding.severity] += 1
    parts = [
        counted(number, singular, plural)
        for number, singular, plural in zip(numbers, _SINGULARS, _PLURALS, strict=True)
        if number
    ]
    return f"{counted(len(findings), 'finding')} ({', '.join(parts)})"


def summary(result: CheckResult, *, separator: str = " · ") -> str:
    """One line for people, without its line break."""
    documents = result.documents
    unread = sum(document.error is not None for document in documents)
    read = len(documents) - unread
    text = tally(result.findings)
    if not read:
        return f"{text}{separator}{counted(unread, 'document')} could not be checked"
    if any(document.coverage is not None for document in documents):
        coverage = result.coverage
        text += f" in {counted(coverage.in_scope, 'operation')} of {counted(read, 'document')}"
        if coverage.in_scope:
            text += f"{separator}key required on {coverage.key_required} of {coverage.in_scope}"
            text += f"{separator}conflict declared on {coverage.conflict_declared} of {coverage.in_scope}"
        elif coverage.operations:
            text += f"{separator}none of {counted(coverage.operations, 'operation')} in scope"
        if coverage.exempt:
            text += f"{separator}{coverage.exempt} exempt"
    else:
        text += f" in {counted(read, 'document')}"
    if result.ignored:
        text += f"{separator}{result.ignored} ignored by comments"
    if result.suppressed:
        text += f"{separator}{result.suppressed} known to the baseline"
    if unread:
        text += f"{separator}{counted(unread, 'document')} could not be checked"
    return text


def statistics(result: CheckResult) -> list[tuple[int, str]]:
    """How often each rule spoke, the loudest first."""
    counts: dict[str, int] = {}
    for finding in result.findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    return sorted(((number, code) for code, number in counts.items()), key=lambda pair: (-pair[0], pair[1]))
