"""What a run of `check` comes to: the input of every reporter.

Named tuples for the reason that `findings.py` gives.
"""

from __future__ import annotations

from idemlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from idemlint.errors import IdemlintError
    from idemlint.findings import Finding, Severity


class Coverage(NamedTuple):
    """Counts of operations in one document (or, added up, in a run)."""

    operations: int = 0
    in_scope: int = 0
    """Those that the contract speaks of, after `--only` and `--except`; the three below are parts of it."""
    key_required: int = 0
    conflict_declared: int = 0
    exempt: int = 0


class RuleInfo(NamedTuple):
    """What a report says about a rule that was run."""

    code: str
    description: str
    severity: Severity
    url: str = ""
    page: str = ""
    """What `idemlint explain` says of it, in Markdown; empty for rules that do not come along."""


class DocumentResult(NamedTuple):
    """One root document with the files that it refers to. Either `error` is set or `coverage` is."""

    source: str
    findings: list[Finding]
    """In Spectral's order: source, line, character, code, path."""
    error: IdemlintError | None = None
    coverage: Coverage | None = None
    documents: Mapping[str, Any] = {}
    """Source to its `Document` (this floor does not know the type): each has `text`, `syntax` and `data`."""
    is_openapi: bool = True
    """Whether the root has a member `openapi` or `swagger`."""
    wide: frozenset[str] = frozenset()
    """Sources of findings with characters beyond U+FFFF in their text: their columns are others in UTF-16."""
    ignored: int = 0
    """Findings that a comment in the document, `# idemlint: ignore[...]`, keeps back."""
    passed_over: tuple[str, ...] | None = None
    """The labels of its operations where `--only` and `--except` leave none of them."""


class CheckResult(NamedTuple):
    """A whole run, documents in the order in which they were asked for."""

    documents: list[DocumentResult]
    rules: tuple[RuleInfo, ...] = ()
    suppressed: int = 0
    """Findings that the baseline knows already."""

    @property
    def findings(self) -> list[Finding]:
        """Those of all documents in the same order, each once: two roots may refer to one broken file."""
        if len(self.documents) == 1:
            return self.documents[0].findings
        every = dict.fromkeys(finding for document in self.documents for finding in document.findings)
        return sorted(every, key=lambda finding: (finding.source, finding.range.start, finding.code))

    @property
    def ignored(self) -> int:
        return sum(document.ignored for document in self.documents)

    @property
    def coverage(self) -> Coverage:
        """Added up over the documents."""
        parts = [document.coverage for document in self.documents if document.coverage is not None]
        return Coverage(*map(sum, zip(*parts, strict=True))) if parts else Coverage()

    def lines(self, source: str) -> list[str]:
        """The lines of a document that a finding names, without their ends; none when its text is not at hand.

        Lines are counted as positions count them: YAML 1.1 has three line breaks more than JSON (section 5.4).
        """
        own = [document for document in self.documents if document.source == source]
        for document in (*own, *self.documents):
            held = document.documents.get(source)
            if held is not None:
                return _lines(held.text, yaml=held.syntax == "yaml")
        return []


def _lines(text: str, *, yaml: bool) -> list[str]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if yaml and not text.isascii():
        for extra in "\x85\u2028\u2029":
            text = text.replace(extra, "\n")
    return text.split("\n")
