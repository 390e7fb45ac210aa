"""The report as one HTML file: no script, nothing fetched, nothing that a server said is markup.

The policy in its head would keep a browser from running or loading anything, had an escape been forgotten.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Final

from idemlint.probe_report import Verdict
from idemlint.reporters.probe.doubts import doubts
from idemlint.reporters.probe.evidence import concurrency, counted, failures, sentence, tally
from idemlint.reporters.probe.html_story import bursts, exchanges, operation_name, story
from idemlint.reporters.probe.html_style import STYLE
from idemlint.reporters.probe.markup import element, fold, lines, word
from idemlint.reporters.probe.matrix import SYMBOLS, WORDS, Cell, matrix
from idemlint.reporters.probe.suggestion import suggestions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idemlint.probe_report import CheckResult, ProbeReport
    from idemlint.reporters.options import ReportOptions

_CHARACTERS: Final = 8_000_000
"""Of evidence: a browser stays quick. What is beyond is told without it."""
_LABELS: Final = 6


def render(report: ProbeReport, options: ReportOptions) -> str:
    """A whole document in UTF-8."""
    page = _Page(report, options.base)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = word(f"idemlint probe: {', '.join(tally(report))}")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{page.text()}</body>\n</html>\n"
    )


class _Page:
    """The sections, and how much evidence there is room for."""

    def __init__(self, report: ProbeReport, base: str) -> None:
        self.report = report
        self.base = base
        self.failures = failures(report)
        self.places = {id(operation): number for number, operation in enumerate(report.operations)}
        self.room = _CHARACTERS

    def text(self) -> str:
        sections = (
            self.matrix(),
            self.stories(),
            self.doubts(),
            self.differences(),
            self.suggested(),
            self.everything(),
        )
        main = "\n".join(section for section in sections if section)
        return f"{self.top()}<main>\n{main}\n</main>\n{self.foot()}"

    def top(self) -> str:
        report = self.report
        summary = report.summary
        safety = sum(check.axis == "safety" for _, check in self.failures)
        tiles = (
            ("fail", safety, "safety failures"),
            ("fail", len(self.failures) - safety, "conformance failures"),
            ("inconclusive", summary.inconclusive, "inconclusive"),
            ("pass", summary.passed, "passed"),
            ("skipped", summary.skipped, "skipped"),
        )
        shown = "".join(
            f'<li class="{kind if number else "none"}"><b>{number}</b>{name}</li>' for kind, number, name in tiles
        )
        facts = (
            f"<code>{word(report.target)}</code> held to <b>{word(report.profile)}</b>, suite {word(report.suite)}, "
            f"seed {report.seed}: {counted(report.requests, 'request')} of {report.budget} in {report.seconds:.1f} s"
        )
        parts = ['<p class="brand">idemlint probe</p>', f"<h1>{self.headline()}</h1>", f'<p class="lead">{facts}</p>']
        if report.interrupted:
            parts.append(f'<p class="banner">Ended early: {word(sentence(report.interrupted))}</p>')
        parts.append(f'<ul class="tiles">{shown}</ul>')
        return element("div", "\n".join(parts), "top") + "\n"

    def headline(self) -> str:
        """What a person wants to know first."""
        safety = sum(check.axis == "safety" for _, check in self.failures)
        if safety:
            worst = {check.id for _, check in self.failures if check.axis == "safety"}
            return f"Retries are not safe: {counted(len(worst), 'promise')} broken" + (
                f" at {counted(self._operations(), 'operation')}" if self._operations() > 1 else ""
            )
        if self.failures:
            return f"Retries did no harm; {counted(len(self.failures), 'promise')} not kept to the letter"
        if not self.report.summary.passed:
            return "Nothing could be decided"
        if self.report.summary.inconclusive:
            return "No promise was seen broken; some could not be tested"
        return "No promise was seen broken"

    def _operations(self) -> int:
        return len({id(operation) for operation, check in self.failures if check.axis == "safety"})

    def matrix(self) -> str:
        whole = matrix(self.report.operations)
        if not whole.rows:
            return '<p class="card">No operation takes keys: nothing was probed.</p>'
        heads = "".join(f'<th scope="col">{group}</th>' for group in whole.groups)
        rows = []
        for number, row in enumerate(whole.rows):
            cells = "".join(
                _cell(cell, group, f"o{number}-{group}" if cell.verdict is Verdict.FAIL else f"o{number}")
                for cell, group in zip(row.cells, whole.groups, strict=True)
            )
            rows.append(f'<tr><th scope="row">{operation_name(row.operation.operation)}</th>{cells}</tr>')
        table = (
            f'<table class="matrix"><thead><tr><td></td>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
        ).replace("<tr><td></td>", '<tr><th scope="col" class="corner"></th>', 1)
        legend = "".join(
            f'<li class="{verdict.value}"><b>{SYMBOLS[verdict]}</b> {WORDS[verdict]}</li>' for verdict in _LEGEND
        )
        legend += "<li>a number says how many checks</li>"
        raced = concurrency(self.report)
        told = f"<p>Concurrency: {word(raced)}</p>" if raced else ""
        return (
            f'<section class="card"><div class="scroll">{table}</div><ul class="legend">{legend}</ul>{told}</section>'
        )

    def stories(self) -> str:
        """Failures, each with an anchor that the matrix points at: the first of its operation and group."""
        parts = []
        used: set[str] = set()
        for operation, check in self.failures:
            anchor = f"o{self.places[id(operation)]}-{check.group}"
            text = story(self.report, operation, check, self.base, anchor if anchor not in used else "")
            used.add(anchor)
            if len(text) > self.room:
                brief = check._replace(exchanges=(), bursts=(), reproduce="")
                text = story(self.report, operation, brief, self.base, anchor)
            self.room -= len(text)
            parts.append(text.replace(' id=""', "", 1))
        return f"<h2>What broke</h2>{''.join(parts)}" if parts else ""

    def doubts(self) -> str:
        items = []
        for reason, where in doubts(self.report.operations).items():
            whom = "; ".join(
                f"{operation_name(label)}{' ' if ids else ''}{word(', '.join(ids))}"
                for label, ids in list(where.items())[:_LABELS]
            )
            more = f" and {len(where) - _LABELS} more" if len(where) > _LABELS else ""
            items.append(f'<li><b class="mark inconclusive">?</b> {whom}{more}<br>{word(sentence(reason))}</li>')
        return _section("What could not be decided", f'<ul class="list">{"".join(items)}</ul>') if items else ""

    def differences(self) -> str:
        items = [
            f"<li>{operation_name(operation.operation)} {word(each)}</li>"
            for operation in self.report.operations
            for each in operation.differences
        ]
        title = "Where the server differs from what document and profile say"
        return _section(title, f'<ul class="list">{"".join(items)}</ul>') if items else ""

    def suggested(self) -> str:
        parts = []
        for each in suggestions(self.report.operations):
            labels = ", ".join(map(operation_name, each.operations[:_LABELS]))
            more = f" and {len(each.operations) - _LABELS} more" if len(each.operations) > _LABELS else ""
            parts.append(f"<p>Seen at {labels}{more}:</p><pre>{lines(each.yaml.rstrip())}</pre>")
        return _section("To say so in the document", "".join(parts)) if parts else ""

    def everything(self) -> str:
        """Every check of every operation, folded."""
        parts = []
        for number, operation in enumerate(self.report.operations):
            rows = "".join(map(self._row, operation.checks))
            oracle = f'<p class="soft">Effects counted by {word(operation.oracle)}.</p>' if operation.oracle else ""
            title = f"{operation_name(operation.operation)} <span class='soft'>{_sums(operation.checks)}</span>"
            content = f'{oracle}<table class="checks"><tbody>{rows}</tbody></table>'
            parts.append(fold(title, content, "card", id_=f"o{number}"))
        return f"<h2>All checks</h2>{''.join(parts)}" if parts else ""

    def _row(self, check: CheckResult) -> str:
        """Failures stand above with their evidence; of the others it is here, as long as there is room."""
        weak = " (weak)" if check.weak and check.verdict is Verdict.PASS else ""
        told = word(sentence(check.reason))
        if check.verdict is not Verdict.FAIL and check.exchanges:
            drawn = "".join(bursts(check, 1))
            evidence = drawn + exchanges(check) if check.verdict is Verdict.INCONCLUSIVE else drawn
            if evidence and len(evidence) <= self.room:
                self.room -= len(evidence)
                told += fold("evidence", evidence, "soft")
        return (
            f'<tr class="{check.verdict.value}"><td>{SYMBOLS[check.verdict]} {WORDS[check.verdict]}{weak}</td>'
            f"<td>{word(check.id)}</td><td>{word(check.name)}</td><td>{told}</td></tr>"
        )

    def foot(self) -> str:
        report = self.report
        notes = "".join(f"<li>{word(each)}</li>" for each in report.notes)
        told = f"<ul>{notes}</ul>" if notes else ""
        return f"<footer>{told}<p>{word(report.tool or 'idemlint')}. Secrets are masked.</p></footer>\n"


_LEGEND: Final = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.SKIPPED)


def _cell(cell: Cell, group: str, anchor: str) -> str:
    text = f"{SYMBOLS[cell.verdict]}{f' {cell.checks}' if cell.number and cell.checks > 1 else ''}"
    said = f"{group}: {cell.checks} {WORDS[cell.verdict]}" if cell.checks else f"{group}: {WORDS[cell.verdict]}"
    link = f'<a href="#{anchor}" title="{word(said)}" aria-label="{word(said)}">{text}</a>'
    return f'<td class="{cell.verdict.value}">{link}</td>'


def _section(title: str, content: str) -> str:
    return f'<h2>{title}</h2><section class="card">{content}</section>'


def _sums(checks: Sequence[CheckResult]) -> str:
    counts = [(verdict, sum(each.verdict is verdict for each in _findings(checks))) for verdict in _LEGEND]
    return word(", ".join(f"{number} {WORDS[verdict]}" for verdict, number in counts if number))


def _findings(checks: Iterable[CheckResult]) -> list[CheckResult]:
    return [check for check in checks if check.axis != "control"]
