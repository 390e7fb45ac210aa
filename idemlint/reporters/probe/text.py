"""The report for people: a matrix of operations and groups of checks, then each failure as a short story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.reporters.columns import width, wrap
from idemlint.reporters.escaping import terminal
from idemlint.reporters.probe.by_hand import by_hand
from idemlint.reporters.probe.doubts import doubts
from idemlint.reporters.probe.evidence import (
    concurrency,
    counted,
    failures,
    racing,
    replay_command,
    seen_by,
    sentence,
    tally,
)
from idemlint.reporters.probe.request_lines import request_lines
from idemlint.reporters.probe.suggestion import suggestions
from idemlint.reporters.probe.text_matrix import draw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.probe_report import CheckResult, OperationResult, ProbeReport
    from idemlint.reporters.options import ReportOptions

_STORIES: Final = 2
"""Operations at which the failure of one check is told; of the others one line each."""
_LIKEWISE: Final = 10
_COMMANDS: Final = 3
_DOUBTS: Final = 12
_DIFFERENCES: Final = 20
_SUGGESTIONS: Final = 2
_WIDEST: Final = 120
"""Columns of running text: longer lines are hard to read."""
_ASCII: Final = str.maketrans(
    {"·": "-", "µ": "u", "…": "...", "–": "-", "✓": "+", "✗": "x", "×": "x", "“": '"', "”": '"', "’": "'", "→": "->"}
)


def render(report: ProbeReport, options: ReportOptions) -> str:
    """Everything, in the order in which a person asks: what, where, why, what now."""
    screen = _Screen(report, options)
    parts = [screen.heading(), draw(report.operations, options)]
    parts += screen.stories()
    parts += screen.doubts()
    parts += screen.differences()
    parts += screen.suggested()
    parts.append(screen.ending())
    text = "\n".join(part for part in parts if part)
    return text if options.unicode else text.translate(_ASCII)


class _Screen:
    """The parts of the report, for a screen of some width with or without colours."""

    def __init__(self, report: ProbeReport, options: ReportOptions) -> None:
        self.report = report
        self.options = options
        self.width = max(40, min(options.width, _WIDEST))

    def paint(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self.options.color else text

    def heading(self) -> str:
        report = self.report
        parts = [report.profile, f"suite {report.suite}", f"seed {report.seed}", f"budget {report.budget} requests"]
        return self.wrapped(" · ".join(parts), first="", then="") + "\n"

    def stories(self) -> list[str]:
        """Each failure; a check that fails at many operations is told at two of them, the others are listed."""
        checks: dict[str, list[tuple[OperationResult, CheckResult]]] = {}
        for operation, check in failures(self.report):
            checks.setdefault(check.id, []).append((operation, check))
        parts = []
        for pairs in checks.values():
            told = len(pairs) if len(pairs) == _STORIES + 1 else _STORIES
            parts += [self.story(*pair, whole=number == 0) for number, pair in enumerate(pairs[:told])]
            if pairs[told:]:
                parts.append(self.likewise(pairs[told:]))
        return parts

    def story(self, operation: OperationResult, check: CheckResult, *, whole: bool = True) -> str:
        """One failure: what was sent, what came back, which promise that breaks, and how to see it again.

        Not `whole`: the promise was told at another operation just before.
        """
        lines = [*self.title(operation, check), self.wrapped(sentence(check.reason))]
        lines += ["      " + self.request(line) for line in request_lines(check, self.width - 6)]
        if check.effects is not None:
            with_keys = f"; {racing(check)}" if racing(check) else ""
            lines.append(self.wrapped(f"Seen by: {seen_by(check.effects)}{with_keys}."))
        if whole and check.why:
            lines.append(self.wrapped(f"Why it matters: {check.why.strip().rstrip('.')}."))
        if whole and check.promise:
            source = f" ({check.source})" if check.source else ""
            lines.append(self.wrapped(f"Promise: {check.promise.strip().rstrip('.')}{source}."))
        lines += self.again(operation, check)
        return "\n".join(lines) + "\n"

    def again(self, operation: OperationResult, check: CheckResult) -> list[str]:
        """Commands to copy, so they are never broken into lines."""
        commands = [replay_command(self.report, operation, check, self.options.base)]
        if not check.bursts:  # a shell races just now and then, which the longer reports say
            commands += by_hand(check, _COMMANDS)
        commands = [terminal(command) for command in commands]
        if len(commands) == 1 and len(commands[0]) + 9 <= self.width:
            return [f"  Again: {commands[0]}"]
        return ["  Again:", *(f"    {command}" for command in commands)]

    def title(self, operation: OperationResult, check: CheckResult) -> list[str]:
        """`✗ CON-01 concurrent duplicates  POST /payments      safety · error`, on two lines where it is too long."""
        mark = self.paint("✗", "1;31")
        name = terminal(f"{check.id} {check.name}")
        label = terminal(operation.operation)
        kind = f"{check.axis} · {check.severity.label}"
        color = "1;31" if check.axis == "safety" else "33"
        room = self.width - width(name) - width(label) - len(kind) - 6
        if room >= 0:
            return [f"{mark} {self.paint(name, '1')}  {label}{' ' * (room + 2)}{self.paint(kind, color)}"]
        below = [f"  {part}" for part in wrap(label, self.width - 2)]
        gap = self.width - width(name) - len(kind) - 2
        if gap < 2:
            return [*self.wrapped(name, first=f"{mark} ").split("\n"), f"  {self.paint(kind, color)}", *below]
        return [f"{mark} {self.paint(name, '1')}{' ' * gap}{self.paint(kind, color)}", *below]

    def request(self, line: str) -> str:
        """What ran stands out; the first effect less than the others."""
        if line.endswith(" effect"):
            return self.paint(line, "31")
        return line

    def likewise(self, pairs: list[tuple[OperationResult, CheckResult]]) -> str:
        check = pairs[0][1]
        lines = [f"{self.paint('✗', '1;31')} {check.id} fails at {counted(len(pairs), 'other operation')} as well:"]
        reasons: dict[str, list[str]] = {}
        for operation, each in pairs:
            reasons.setdefault(each.reason, []).append(operation.operation)
        for reason, labels in list(reasons.items())[:_LIKEWISE]:
            lines.append(self.wrapped(f"{_some(labels, 3)}: {reason}", first="    ", then="      "))
        if len(reasons) > _LIKEWISE:
            lines.append(f"    and {len(reasons) - _LIKEWISE} more")
        return "\n".join(lines) + "\n"

    def doubts(self) -> list[str]:
        """What could not be decided, and why; equal reasons are told once."""
        reasons = doubts(self.report.operations)
        mark = f"{self.paint('?', '33')} "
        parts = [
            self.wrapped(f"{_whom(where)} {sentence(reason)}", first=mark)
            for reason, where in list(reasons.items())[:_DOUBTS]
        ]
        if len(reasons) > _DOUBTS:
            parts.append(
                f"{mark}and {counted(len(reasons) - _DOUBTS, 'other reason')}: -f html=report.html has them all"
            )
        return ["\n".join(parts) + "\n"] if parts else []

    def differences(self) -> list[str]:
        """Where the server does otherwise than document or profile say."""
        texts: dict[str, list[str]] = {}
        for operation in self.report.operations:
            for each in operation.differences:
                texts.setdefault(each, []).append(operation.operation)
        lines = [
            self.wrapped(f"{_some(labels, 3)}  {text}", then="    ")
            for text, labels in list(texts.items())[:_DIFFERENCES]
        ]
        if len(texts) > _DIFFERENCES:
            lines.append(f"  and {len(texts) - _DIFFERENCES} more")
        title = self.wrapped("Where the server differs from what document and profile say", first="", then="")
        return ["\n".join([self.paint(title, "1"), *lines]) + "\n"] if lines else []

    def suggested(self) -> list[str]:
        """The blocks that would describe what was seen."""
        found = suggestions(self.report.operations, self.width - 4)
        parts = []
        for each in found[:_SUGGESTIONS]:
            title = self.wrapped(f"Seen at {_some(each.operations, 3)}; to say so in the document:", first="", then="")
            parts.append(title + "\n" + "".join(f"    {line}\n" for line in each.yaml.rstrip("\n").split("\n")))
        left = len(found) - _SUGGESTIONS
        if left > 0:
            parts.append(f"{counted(left, 'other block')} like this: -f markdown=report.md or html has them all\n")
        return parts

    def ending(self) -> str:
        """The sums, and how far the run went."""
        report = self.report
        told = ", ".join(tally(report))
        lines = [
            self.wrapped(f"{told} · {counted(report.requests, 'request')} in {report.seconds:.1f} s", first="", then="")
        ]
        raced = concurrency(report)
        if raced:
            lines.append(self.wrapped(f"Concurrency: {raced}", first="", then=""))
        if report.interrupted:
            lines.append(self.wrapped(f"Ended early: {sentence(report.interrupted)}", first="", then=""))
        lines += [self.wrapped(f"Note: {note}", first="", then="  ") for note in report.notes[:_DIFFERENCES]]
        return "\n".join(lines) + "\n"

    def wrapped(self, text: str, *, first: str = "  ", then: str = "  ") -> str:
        """Lines no longer than the screen, the first behind `first`, the others behind `then`."""
        lines = wrap(terminal(text), self.width - max(len(then), 2))
        return "\n".join((then if number else first) + line for number, line in enumerate(lines))


def _whom(where: dict[str, list[str]]) -> str:
    """`CON-01, CON-02 of POST /payments` or, where whole operations are meant, `POST /refunds and 3 more`."""
    first = next(iter(where.values()))
    if not first:
        return f"{_some(where, 3)} "
    ids = list(dict.fromkeys(each for ids in where.values() for each in ids))
    return f"{_some(ids, 5)} of {_some(where, 3)}:"


def _some(names: Iterable[str], most: int) -> str:
    """`a, b and 3 more`."""
    listed = list(names)
    if len(listed) <= most + 1:
        return " and ".join(part for part in (", ".join(listed[:-1]), *listed[-1:]) if part)
    return f"{', '.join(listed[:most])} and {len(listed) - most} more"
