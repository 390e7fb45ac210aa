"""A summary for a job page or a pull request: the matrix, each failure, and where the server differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.probe_report import Verdict
from idemlint.reporters.escaping import markdown, markdown_code, terminal_lines
from idemlint.reporters.probe.by_hand import NOTE, RACING, by_hand
from idemlint.reporters.probe.doubts import Where, doubts
from idemlint.reporters.probe.evidence import (
    concurrency,
    counted,
    deciding_burst,
    failures,
    hidden,
    identity,
    note,
    of_burst,
    replay_command,
    said,
    seen_by,
    sentence,
    tally,
)
from idemlint.reporters.probe.matrix import SYMBOLS, WORDS, Cell, Matrix, matrix
from idemlint.reporters.probe.suggestion import suggestions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.probe_report import CheckResult, ExchangeRecord, OperationResult, ProbeReport
    from idemlint.reporters.options import ReportOptions

_BYTES: Final = 900_000
"""GitHub takes no job summary beyond 1 MiB, not even its beginning."""
_ENDING: Final = 50_000
"""Bytes kept free for the sentences that say what is missing, and for the notes."""
_NOTES: Final = 10
_NOTE: Final = 500
_REQUESTS: Final = 8
_COMMANDS: Final = 5
_ROWS: Final = 300
_REASONS: Final = 30
_LABELS: Final = 6


def render(report: ProbeReport, options: ReportOptions) -> str:
    """GitHub's flavour of Markdown. Nothing that comes from a document or a server is markup in it."""
    page = _Page()
    page.add(_head(report))
    page.add(_matrix(matrix(report.operations)))
    pairs = failures(report)
    for number, (operation, check) in enumerate(pairs):
        if not page.add(_story(report, operation, check, options.base)):
            page.close(f"{counted(len(pairs) - number, 'more failure')} not shown here.")
            break
    else:
        page.add(_differences(report.operations))
        page.add(_doubts(report.operations))
        page.add(_suggestions(report.operations))
    page.close(_foot(report))
    return page.text


class _Page:
    """Sections, as many as there is room for."""

    def __init__(self) -> None:
        self.text = ""
        self._size = 0

    def add(self, section: str) -> bool:
        """False if it did not fit."""
        size = len(section.encode("utf-8", "backslashreplace"))
        if self._size + size > _BYTES - _ENDING:
            return False
        self.close(section)
        return True

    def close(self, section: str) -> None:
        """Something short that is added in any case."""
        if section:
            self.text += ("\n" if self.text else "") + section.rstrip("\n") + "\n"
            self._size += len(section.encode("utf-8", "backslashreplace")) + 2


def _head(report: ProbeReport) -> str:
    told = markdown(", ".join(tally(report)))
    lines = ["## idemlint probe", "", f"**{told}**", ""]
    lines.append(
        f"{markdown_code(report.target)} held to {markdown_code(report.profile)}, suite {markdown(report.suite)}, "
        f"seed {report.seed}: {counted(report.requests, 'request')} in {report.seconds:.1f} s"
    )
    if report.interrupted:
        lines += ["", f"**Ended early:** {markdown(sentence(report.interrupted))}"]
    return "\n".join(lines)


def _matrix(whole: Matrix) -> str:
    if not whole.rows:
        return "No operation takes keys: nothing was probed."
    lines = [
        "| operation | " + " | ".join(whole.groups) + " |",
        "| --- |" + " :-: |" * len(whole.groups),
    ]
    rows = list(whole.rows)
    if len(rows) > _ROWS:  # what asks for attention first, so that the page is cut at its dull end
        rows.sort(key=lambda row: min(map(_urgency, row.cells), default=0))
    for row in rows[:_ROWS]:
        cells = " | ".join(map(_cell, row.cells))
        lines.append(f"| {markdown_code(row.operation.operation)} | {cells} |")
    lines += ["", ", ".join(f"{SYMBOLS[verdict]} {WORDS[verdict]}" for verdict in Verdict)]
    if len(whole.rows) > _ROWS:
        lines += ["", f"{len(whole.rows) - _ROWS} more operations are not shown here."]
    return "\n".join(lines)


def _urgency(cell: Cell) -> int:
    return (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.SKIPPED).index(cell.verdict)


def _cell(cell: Cell) -> str:
    text = SYMBOLS[cell.verdict] + (f" {cell.checks}" if cell.number and cell.checks > 1 else "")
    return f"**{text}**" if cell.verdict is Verdict.FAIL else text


def _story(report: ProbeReport, operation: OperationResult, check: CheckResult, base: str) -> str:
    lines = [
        f"### {SYMBOLS[Verdict.FAIL]} {markdown(f'{check.id} {check.name}')}: {markdown_code(operation.operation)}",
        "",
        f"{check.axis} · {check.severity.label}. {markdown(sentence(check.reason))}",
        "",
    ]
    lines += _requests(check)
    if check.effects is not None:
        lines.append(f"- Seen by: {markdown(seen_by(check.effects))}\\.")
    if check.why:
        lines.append(f"- Why it matters: {markdown(check.why)}\\.")
    if check.promise:
        source = f" \\({markdown(check.source)}\\)" if check.source else ""
        lines.append(f"- Promise: {markdown(check.promise)}{source}\\.")
    parts = ["", _fenced(replay_command(report, operation, check, base), "sh")]
    commands = by_hand(check, _COMMANDS)
    if commands:
        parts += ["", f"{RACING if check.bursts else NOTE}:", "", _fenced("\n".join(commands), "sh")]
    return "\n".join([*lines, *parts])


def _requests(check: CheckResult) -> list[str]:
    """A table of the exchanges that decide."""
    burst = deciding_burst(check)
    group: Sequence[ExchangeRecord] = of_burst(check, burst)[0].exchanges if burst is not None else check.exchanges
    if not group:
        return []
    start = min((each.released for each in group if each.released is not None), default=0.0)
    when = "released" if burst is not None else "what"
    lines = [f"| # | {when} | answer | resource | |", "| --: | --- | --- | --- | --- |"]
    ran = [each for each in group if each.ran]
    shown = sorted(group, key=lambda each: not each.ran) if burst is not None else group
    for each in shown[:_REQUESTS]:
        told = note(each, unclear=hidden(check))
        if each.key and each in ran[1:]:
            told = "**ran again**"
        moment = f"+{1e3 * (each.released - start):.2f} ms" if each.released is not None else each.label
        resource = markdown_code(identity(each)) if each.ran and identity(each) else ""
        lines.append(f"| {each.number} | {markdown(moment)} | {markdown(said(each))} | {resource} | {told} |")
    if len(group) > _REQUESTS:
        lines.append(f"| | {len(group) - _REQUESTS} more | | | |")
    return [*lines, ""]


def _fenced(text: str, language: str) -> str:
    """A block of code, fenced by more backticks than it holds."""
    shown = terminal_lines(text)
    longest = max((len(run) for run in _runs(shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def _runs(text: str) -> Iterable[str]:
    import re

    return re.findall("`+", text)


def _differences(operations: Sequence[OperationResult]) -> str:
    lines = [
        f"- {markdown_code(operation.operation)}: {markdown(each)}"
        for operation in operations
        for each in operation.differences
    ]
    return "\n".join(["### Where the server differs from what document and profile say", "", *lines]) if lines else ""


def _doubts(operations: Sequence[OperationResult]) -> str:
    """What could not be decided, folded."""
    reasons = doubts(operations)
    if not reasons:
        return ""
    lines = [f"- {_whom(where)}: {markdown(sentence(reason))}" for reason, where in list(reasons.items())[:_REASONS]]
    if len(reasons) > _REASONS:
        lines.append(f"- and {len(reasons) - _REASONS} more")
    head = f"<details><summary>What could not be decided ({len(reasons)})</summary>"
    return "\n".join([head, "", *lines, "", "</details>"])


def _whom(where: Where) -> str:
    shown = list(where.items())[:_LABELS]
    told = "; ".join(f"{markdown_code(label)}{' ' if ids else ''}{', '.join(ids)}" for label, ids in shown)
    return told if len(where) <= _LABELS else f"{told} and {len(where) - _LABELS} more"


def _suggestions(operations: Sequence[OperationResult]) -> str:
    parts = []
    for each in suggestions(operations):
        labels = ", ".join(map(markdown_code, each.operations[:5]))
        left = f" and {len(each.operations) - 5} more" if len(each.operations) > 5 else ""
        parts.append(f"Seen at {labels}{left}:\n\n{_fenced(each.yaml.rstrip(), 'yaml')}")
    if not parts:
        return ""
    head = "<details><summary>To say so in the document</summary>"
    return "\n\n".join([head, *parts, "</details>"])


def _foot(report: ProbeReport) -> str:
    raced = concurrency(report)
    lines = [f"Concurrency: {markdown(raced)}", ""] if raced else []
    lines += [f"- {markdown(each[:_NOTE])}" for each in report.notes[:_NOTES]]
    return "\n".join(lines)
