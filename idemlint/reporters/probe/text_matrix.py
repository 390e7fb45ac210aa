"""The matrix on a terminal, however narrow it is and however many operations there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.probe_report import Verdict
from idemlint.reporters.columns import width, wrap
from idemlint.reporters.escaping import terminal
from idemlint.reporters.probe.evidence import counted
from idemlint.reporters.probe.matrix import ASCII_SYMBOLS, SHORT, SYMBOLS, WORDS, Cell, Matrix, Row, matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idemlint.probe_report import OperationResult
    from idemlint.reporters.options import ReportOptions

_COLORS: Final = {Verdict.PASS: "32", Verdict.FAIL: "1;31", Verdict.INCONCLUSIVE: "33", Verdict.SKIPPED: "2"}
_ASCII: Final = {ord(symbol): ASCII_SYMBOLS[verdict] for verdict, symbol in SYMBOLS.items()}
_MANY: Final = 30
"""Rows; of more operations just those are shown that ask for attention, and equal ones in one line."""
_NARROWEST: Final = 14
"""Columns for the names of operations."""


def draw(operations: Sequence[OperationResult], options: ReportOptions) -> str:
    """A row an operation, a column a group. The number behind a symbol says how many checks have that verdict."""
    if not operations:
        return "no operation takes keys: nothing was probed\n"
    return _Drawing(matrix(operations), options).text()


class _Drawing:
    """Column names and gaps that fit the screen."""

    def __init__(self, whole: Matrix, options: ReportOptions) -> None:
        self.options = options
        self.symbols = SYMBOLS if options.unicode else ASCII_SYMBOLS
        self.rows, self.left_out = _shown(whole.rows)
        self.groups = whole.groups
        labels = [width(terminal(row.operation.operation)) for row in self.rows] or [0]
        self.longest = max(labels)
        self.names, self.gap, self.short = self._columns()
        taken = sum(len(name) + self.gap for name in self.names)
        self.listed = taken > options.width
        """Not even the shortest columns fit: each operation gets a list instead."""
        self.label = max(0, min(self.longest, options.width - taken))
        if self.label < min(self.longest, _NARROWEST):
            self.label = 0

    def _columns(self) -> tuple[list[str], int, bool]:
        """The longest names that leave room for the operations; the shortest where none do."""
        whole = list(self.groups)
        brief = [SHORT.get(group, group) for group in self.groups]
        for names, gap in ((whole, 2), (brief, 2), (brief, 1)):
            if self.longest + sum(len(name) + gap for name in names) <= self.options.width:
                return names, gap, names is brief
        for names, gap in ((brief, 2), (brief, 1)):
            if _NARROWEST + sum(len(name) + gap for name in names) <= self.options.width:
                return names, gap, True
        return brief, 1, True

    def text(self) -> str:
        lines = self._list() if self.listed else self._table()
        lines += [part for told in self.left_out for part in wrap(self._plain(told), self.options.width)]
        lines += self._legend()
        return "\n".join(lines) + "\n"

    def _table(self) -> list[str]:
        gap = " " * self.gap
        lines = [" " * self.label + "".join(gap + name for name in self.names)] if self.rows else []
        for row in self.rows:
            text = terminal(row.operation.operation)
            if width(text) > self.label:
                lines += wrap(text, self.options.width)
                text = ""
            cells = "".join(gap + self._cell(cell, len(name)) for cell, name in zip(row.cells, self.names, strict=True))
            lines.append((text + " " * (self.label - width(text)) + cells).rstrip())
        return lines

    def _list(self) -> list[str]:
        lines = []
        for row in self.rows:
            lines += wrap(terminal(row.operation.operation), self.options.width)
            line, used = " ", 1
            for cell, group in zip(row.cells, self.groups, strict=True):
                size = len(group) + len(self._text(cell)) + 2
                if used + size > self.options.width:
                    lines.append(line)
                    line, used = " ", 1
                line += f" {group} {self._paint(self._text(cell), _COLORS[cell.verdict])}"
                used += size
            lines.append(line)
        return lines

    def _text(self, cell: Cell) -> str:
        return self.symbols[cell.verdict] + (cell.number if cell.checks > 1 else "")

    def _plain(self, text: str) -> str:
        return text if self.options.unicode else text.translate(_ASCII)

    def _cell(self, cell: Cell, size: int) -> str:
        text = self._text(cell)
        left = max(0, (size - len(text)) // 2)
        return " " * left + self._paint(text, _COLORS[cell.verdict]) + " " * max(0, size - len(text) - left)

    def _legend(self) -> list[str]:
        """Of what is there: the symbols, what a number means, and short names that are not plain."""
        seen = {cell.verdict for row in self.rows for cell in row.cells}
        counted_cells = [cell for row in self.rows for cell in row.cells if cell.number and cell.checks > 1]
        parts = [f"{self.symbols[verdict]} {WORDS[verdict]}" for verdict in Verdict if verdict in seen]
        if counted_cells:
            cell = max(counted_cells, key=lambda each: (each.verdict is Verdict.FAIL, -each.checks))
            parts.append(f"{self.symbols[cell.verdict]}{cell.checks} {cell.checks} checks {WORDS[cell.verdict]}")
        lines = wrap(", ".join(parts), self.options.width)
        if self.short and self.rows and not self.listed:
            named = ", ".join(f"{SHORT[group]} {group}" for group in self.groups if group in SHORT)
            lines += wrap(named, self.options.width)
        return [self._paint(line, "2") for line in lines]

    def _paint(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self.options.color else text


def _shown(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """The rows to draw, and sentences about those that are not."""
    if len(rows) <= _MANY:
        return list(rows), []
    failing = [row for row in rows if _has(row, Verdict.FAIL)]
    doubtful = [row for row in rows if not _has(row, Verdict.FAIL) and _has(row, Verdict.INCONCLUSIVE)]
    blocked = [row for row in doubtful if row.operation.blocked]
    doubtful = [row for row in doubtful if not row.operation.blocked]
    shown = failing[:_MANY]
    shown += doubtful[: _MANY - len(shown)]
    told = []
    for kind, all_of_them, what in (
        (Verdict.FAIL, failing, "with failures"),
        (Verdict.INCONCLUSIVE, doubtful, "with inconclusive checks"),
    ):
        left = len(all_of_them) - sum(row in all_of_them for row in shown)
        if left:
            told.append(f"{SYMBOLS[kind]} {counted(left, 'more operation')} {what}")
    if blocked:
        told.append(f"{SYMBOLS[Verdict.INCONCLUSIVE]} {counted(len(blocked), 'operation')} that could not be asked")
    clean = len(rows) - len(failing) - len(doubtful) - len(blocked)
    if clean:
        told.append(f"{SYMBOLS[Verdict.PASS]} {counted(clean, 'operation')} without failures or open questions")
    return shown, told


def _has(row: Row, verdict: Verdict) -> bool:
    return any(cell.verdict is verdict for cell in row.cells)
