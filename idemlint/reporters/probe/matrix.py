"""Operations x groups of checks: which verdict stands for each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from idemlint.probe_report import GROUPS, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe_report import CheckResult, OperationResult

SYMBOLS: Final = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?", Verdict.SKIPPED: "–"}
ASCII_SYMBOLS: Final = {Verdict.PASS: "+", Verdict.FAIL: "x", Verdict.INCONCLUSIVE: "?", Verdict.SKIPPED: "-"}
WORDS: Final = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.SKIPPED: "skipped",
}
SHORT: Final = {
    "controls": "ctrl",
    "replay": "repl",
    "errors": "err",
    "payload": "body",
    "concurrency": "conc",
    "faults": "fault",
    "expiry": "exp",
    "format": "fmt",
    "methods": "meth",
    "carriers": "carr",
}
"""Names of groups for narrow places; the others are short already."""


class Cell(NamedTuple):
    """The worst verdict of a group, and how many of its checks have it."""

    verdict: Verdict
    checks: int = 0

    @property
    def number(self) -> str:
        """For verdicts that ask for attention."""
        return str(self.checks) if self.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE) else ""


class Row(NamedTuple):
    operation: OperationResult
    cells: tuple[Cell, ...]
    """One a group."""


class Matrix(NamedTuple):
    groups: tuple[str, ...]
    """Those in which some operation has a check."""
    rows: tuple[Row, ...]


def matrix(operations: Sequence[OperationResult]) -> Matrix:
    """All of it; a reporter with little room leaves rows out."""
    present = {check.group for operation in operations for check in operation.checks}
    groups = (*(group for group in GROUPS if group in present), *sorted(present.difference(GROUPS)))
    rows = []
    for operation in operations:
        checks: dict[str, list[CheckResult]] = {}
        for check in operation.checks:
            checks.setdefault(check.group, []).append(check)
        rows.append(Row(operation, tuple(cell(checks.get(group, ())) for group in groups)))
    return Matrix(groups, tuple(rows))


def cell(checks: Sequence[CheckResult]) -> Cell:
    """A control that fails is no failure: it leaves open what rests on it."""
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS):
        count = sum(check.verdict is verdict for check in checks)
        if count:
            control = verdict is Verdict.FAIL and all(check.axis == "control" for check in checks)
            return Cell(Verdict.INCONCLUSIVE if control else verdict, count)
    return Cell(Verdict.SKIPPED)
