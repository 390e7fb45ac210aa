"""One document from end to end: rules, then what the user chose to see of the findings."""

from __future__ import annotations

from idemlint.check.linting import lint
from idemlint.results import DocumentResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from idemlint.check.ruleset import Ruleset
    from idemlint.contract.contract import Contract
    from idemlint.findings import Finding
    from idemlint.openapi.document import Document
    from idemlint.openapi.references import Policy, References
    from idemlint.results import Coverage

    Operations = Container[tuple[str, Sequence[str]]]
    """Holds `(label, tags)` of the operations that the run speaks of."""


WITHOUT_RULE = ("parser", "unrecognized-format", "invalid-ref", "unused-ignore")
"""Codes of findings that no rule makes."""


def check_document(
    document: Document,
    ruleset: Ruleset,
    contract: Contract,
    policy: Policy | None = None,
    operations: Operations | None = None,
    *,
    with_coverage: bool = True,
) -> DocumentResult:
    """Lint a root document that has been read already. Coverage costs a walk over all operations: ask for it or not."""
    linted = lint(document, ruleset, contract, policy)
    findings: Iterable[Finding] = linted.findings
    references = linted.references
    passed_over: tuple[str, ...] | None = None
    ignored = 0
    if operations is not None:
        from idemlint.openapi.operations import operations as all_operations

        chosen = {each.label: (each.label, each.tags) in operations for each in all_operations(references)}
        passed_over = None if any(chosen.values()) else tuple(chosen)
        # What belongs to no operation stays: it is a matter of the whole document.
        findings = [each for each in findings if each.operation is None or chosen.get(each.operation, True)]
    # an ignore is a comment, and JSON has none
    if any(held.syntax == "yaml" and "idemlint:" in held.text for held in references.documents.values()):
        findings, ignored = _unsuppressed(findings, references, ruleset)
    counted: Coverage | None = None
    if with_coverage:
        from idemlint.check.coverage import coverage

        counted = coverage(references, contract, operations)
    kept = list(findings)
    wide = frozenset(source for source in {finding.source for finding in kept} if _is_wide(references, source))
    return DocumentResult(
        document.source,
        kept,
        None,
        counted,
        references.documents,
        wide=wide,
        ignored=ignored,
        passed_over=passed_over,
    )


def _is_wide(references: References, source: str) -> bool:
    """Whether the text takes more than one unit of UTF-16 for a character. Told here, where the text is at hand."""
    text = references.documents[source].text
    return not text.isascii() and len(text.encode("utf-16-le", "surrogatepass")) != 2 * len(text)


def _unsuppressed(findings: Iterable[Finding], references: References, ruleset: Ruleset) -> tuple[list[Finding], int]:
    """What no comment keeps back, and how many findings one does."""
    from idemlint.check.linting import sort
    from idemlint.check.loading import bundled_rules
    from idemlint.check.suppression import suppress
    from idemlint.openapi.operations import operations as all_operations

    places = {operation.label: operation.use for operation in all_operations(references)}

    def operation_line(label: str) -> tuple[str, int] | None:
        node = places.get(label)
        if node is None:
            return None
        located = node.document.locate(node.path)
        place = located.key if located.key is not None else located.value
        return node.document.source, place.start.line

    known = {*ruleset.rules, *bundled_rules(), *WITHOUT_RULE}
    checked = {rule.name for rule in ruleset.active()}
    outcome = suppress(list(findings), references.documents, known, operation_line, checked)
    return sort([*outcome.kept, *outcome.extra]), len(outcome.suppressed)
