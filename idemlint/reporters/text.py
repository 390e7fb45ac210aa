"""Code frames: the finding, the line it speaks of, other places that matter, and what to do."""

from __future__ import annotations

from itertools import groupby

from idemlint.named_tuple import NamedTuple
from idemlint.reporters.columns import excerpt, width, wrap
from idemlint.reporters.escaping import terminal
from idemlint.reporters.places import relative
from idemlint.reporters.summary import summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Final

    from idemlint.findings import Finding, Position, Severity
    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult


_PLACES: Final = 3
"""Related places that are shown where several findings share a frame."""
_OPERATIONS: Final = 5


class _Style(NamedTuple):
    """Drawing and colour; every colour is empty when there is none."""

    corner: str = "┌─"
    bar: str = "│"
    branch: str = "├─"
    ellipsis: str = "…"
    separator: str = " · "
    reset: str = ""
    bold: str = ""
    frame: str = ""
    severities: tuple[str, str, str, str] = ("", "", "", "")

    def severity(self, severity: Severity, text: str) -> str:
        return f"{self.severities[severity]}{text}{self.reset}"

    def framed(self, text: str) -> str:
        return f"{self.frame}{text}{self.reset}"


_ASCII: dict[str, Any] = {"corner": "-->", "bar": "|", "branch": ":::", "ellipsis": "...", "separator": " - "}
_COLORS: dict[str, Any] = {
    "reset": "\x1b[0m",
    "bold": "\x1b[1m",
    "frame": "\x1b[34m",
    "severities": ("\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1;36m"),
}


def render(result: CheckResult, options: ReportOptions) -> str:
    """Frames divided by an empty line, then the summary if `options.summary`; without findings the summary alone."""
    style = _Style()
    if not options.unicode:
        style = style._replace(**_ASCII)
    if options.color:
        style = style._replace(**_COLORS)
    painter = _Painter(result, options, style)
    blocks = [painter.block(alike) for alike in _by_place(result.findings)]
    if options.summary:
        blocks.append(f"{summary(result, separator=style.separator)}\n")
    return "\n".join(blocks)


def _by_place(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Findings that neighbours make of one place, alike but for the operation: a shared parameter is drawn once."""

    def place(finding: Finding) -> object:
        if finding.operation is None:
            return id(finding)
        return (finding.code, finding.severity, finding.source, finding.focus, finding.label, finding.help)

    return (list(alike) for _, alike in groupby(findings, place))


class _Painter:
    """Draws findings; keeps the lines of the documents that it has split."""

    def __init__(self, result: CheckResult, options: ReportOptions, style: _Style) -> None:
        self._result = result
        self._options = options
        self._style = style
        self._lines: dict[str, list[str]] = {}

    def block(self, alike: Sequence[Finding]) -> str:
        """Findings of one place, every line of them ended."""
        finding = alike[0]
        style = self._style
        start = finding.focus.start
        gutter = len(str(start.line + 1))
        blank = " " * gutter
        bar = style.framed(style.bar)
        label = f"{finding.severity.label}[{terminal(finding.code)}]"
        head = style.severity(finding.severity, label)
        place = self._place(finding.source, start)
        lines = [
            f"{head}{style.bold}: {terminal(finding.message)}{style.reset}",
            f"{blank} {style.framed(style.corner)} {place}",
        ]
        lines += self._code(finding, gutter)
        places = list(dict.fromkeys(related for each in alike for related in each.related))
        for related in places[: max(_PLACES, len(finding.related))]:
            where = self._place(related.source, related.range.start)
            branch = style.framed(style.branch)
            lines += [f"{blank} {branch} {where}  {terminal(related.label)}".rstrip(), f"{blank} {bar}"]
        lines += self._notes(alike, blank)
        return "".join(f"{line}\n" for line in lines)

    def _place(self, source: str, start: Position) -> str:
        return f"{terminal(relative(source, self._options.base))}:{start.line + 1}:{start.character + 1}"

    def _code(self, finding: Finding, gutter: int) -> list[str]:
        """The line with the caret below it, between two empty ones; nothing when the text is not at hand."""
        style = self._style
        bar = style.framed(style.bar)
        empty = f"{' ' * gutter} {bar}"
        start, end = finding.focus
        line = self._line(finding.source, start.line)
        if line is None:
            return [empty, f"{empty} {terminal(finding.label)}", empty] if finding.label else [empty]
        last = end.character if end.line == start.line else len(line.rstrip())
        room = max(self._options.width - gutter - 3, 20)
        shown = excerpt(line, start.character, last, room, ellipsis=style.ellipsis)
        number = style.framed(f"{start.line + 1} ")
        carets = " " * shown.start + style.severity(finding.severity, "^" * (shown.end - shown.start))
        lines = [empty, f"{number}{bar} {shown.text}".rstrip()]
        label = terminal(finding.label)
        if not label or shown.end + 1 + width(label) <= room:
            return [*lines, f"{empty} {carets} {label}".rstrip(), empty]
        indent = shown.start if room - shown.start >= 30 else 0
        below = [f"{empty} {' ' * indent}{part}" for part in wrap(label, room - indent)]
        return [*lines, f"{empty} {carets}", *below, empty]

    def _notes(self, alike: Sequence[Finding], blank: str) -> list[str]:
        finding = alike[0]
        notes = []
        others = list(dict.fromkeys(each.operation or "" for each in alike[1:]))
        if others:
            more = f" and {len(others) - _OPERATIONS} more" if len(others) > _OPERATIONS else ""
            notes.append(("also", f"{', '.join(map(terminal, others[:_OPERATIONS]))}{more}"))
        if finding.help:
            notes.append(("help", terminal(finding.help)))
        if finding.code in self._options.explained:
            notes.append(("docs", f"idemlint explain {finding.code}"))
        elif finding.url:
            notes.append(("docs", terminal(finding.url)))
        lines = []
        sign = self._style.framed("=")
        for name, text in notes:
            parts = wrap(text, max(self._options.width - len(blank) - len(name) - 5, 20))
            lines.append(f"{blank} {sign} {self._style.bold}{name}:{self._style.reset} {parts[0]}")
            lines += [f"{blank}   {' ' * len(name)}  {part}" for part in parts[1:]]
        return lines

    def _line(self, source: str, number: int) -> str | None:
        lines = self._lines.get(source)
        if lines is None:
            lines = self._lines[source] = self._result.lines(source)
        return lines[number] if 0 <= number < len(lines) else None
