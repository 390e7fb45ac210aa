"""Inline ignores: `# idemlint: ignore[rule, prefix-*] reason`, in the YAML document itself.

A comment behind something counts for that line, one on a line of its own for the next line that is no comment. Where
that is the line of an operation's key, it counts for everything found about the operation, wherever that stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from idemlint.findings import Finding
    from idemlint.openapi.document import Document

CODE = "unused-ignore"
_MARK = "idemlint:"


class Suppressed(NamedTuple):
    """What became of the findings."""

    kept: list[Finding]
    suppressed: list[Finding]
    extra: list[Finding]
    """About the ignores themselves: without effect, or not understood."""


class _Ignore:
    """One comment, and which of its rules were of use."""

    __slots__ = ("column", "end", "line", "reason", "rules", "source", "target", "used")

    def __init__(self, source: str, line: int, column: int, end: int, target: int) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.end = end
        self.target = target
        """The line that it counts for."""
        self.rules: list[str] | None = None
        self.reason = ""
        self.used: set[str] = set()

    def covers(self, code: str) -> bool:
        """Whether one of its rules is, or is the beginning of, `code`; remembers which."""
        found = False
        if self.reason:
            for rule in self.rules or ():
                if matches(rule, code):
                    self.used.add(rule)
                    found = True
        return found


def matches(pattern: str, code: str) -> bool:
    """A rule's name, or the beginning of one with `*`."""
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


def suppress(
    findings: Sequence[Finding],
    documents: Mapping[str, Document],
    known: Collection[str],
    operation_line: Callable[[str], tuple[str, int] | None],
    checked: Collection[str] | None = None,
) -> Suppressed:
    """Parts the findings by the inline ignores of the documents that they stand in.

    `documents`: all of the run, by source. `known`: the names of all rules there are. `operation_line`: from the label of
    an operation (`POST /payments`) to the source and line (from 0) of its key; asked only if there is an ignore.
    `checked`: the rules of this run, None for all; an ignore of a rule that was not checked is not called unused.
    """
    ignores = [ignore for document in documents.values() for ignore in _ignores(document)]
    if not ignores:
        return Suppressed(list(findings), [], [])
    by_line: dict[tuple[str, int], list[_Ignore]] = {}
    for ignore in ignores:
        by_line.setdefault((ignore.source, ignore.target), []).append(ignore)
    places: dict[str, tuple[str, int] | None] = {}
    kept: list[Finding] = []
    suppressed: list[Finding] = []
    for finding in findings:
        lines = {(finding.source, finding.focus.start.line), (finding.source, finding.range.start.line)}
        if finding.operation is not None:
            if finding.operation not in places:
                places[finding.operation] = operation_line(finding.operation)
            place = places[finding.operation]
            if place is not None:
                lines.add(place)
        # A list, not a generator: every ignore that counts for the finding is of use.
        covering = [ignore.covers(finding.code) for line in lines for ignore in by_line.get(line, ())]
        (suppressed if any(covering) else kept).append(finding)
    extra = [complaint for ignore in ignores for complaint in _complaints(ignore, known, checked)]
    return Suppressed(kept, suppressed, extra)


def _ignores(document: Document) -> Iterator[_Ignore]:
    text = document.text
    if _MARK not in text or document.syntax != "yaml" or type(document.data) is str:
        return
    import re

    comment = re.compile(r"#[ \t]*idemlint:[ \t]*ignore\b(?:\[([^\]\r\n]*)\])?([^\r\n#]*)")
    candidates = list(comment.finditer(text))
    if not candidates:
        return
    scalars = _scalars(text)
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
    from bisect import bisect_right

    for match in candidates:
        at = match.start()
        before = bisect_right(scalars, (at, len(text) + 1)) - 1
        if before >= 0 and scalars[before][1] > at:
            continue
        line = bisect_right(starts, at) - 1
        column = at - starts[line]
        target = line
        if not text[starts[line] : at].split("#")[0].strip():
            target = _line_below(text, starts, line)
        ignore = _Ignore(document.source, line, column, column + len(match.group().rstrip()), target)
        if match.group(1) is not None:
            ignore.rules = list(dict.fromkeys(filter(None, (rule.strip() for rule in match.group(1).split(",")))))
        ignore.reason = match.group(2).strip(" \t:,-–—")
        yield ignore


def _line_below(text: str, starts: list[int], line: int) -> int:
    """The next line that is not just a comment."""
    line += 1
    while line + 1 < len(starts) and text[starts[line] : starts[line + 1]].lstrip(" \t").startswith("#"):
        line += 1
    return line


def _scalars(text: str) -> list[tuple[int, int]]:
    """Where quoted and block scalars stand: a `#` in there is text. Offsets, in order."""
    import yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    found: list[tuple[int, int]] = []
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.ScalarEvent) and event.style:
                start, end = event.start_mark, event.end_mark
                if start is not None and end is not None:
                    # The header of a block scalar, `key: |  # comment`, may still hold a comment.
                    begin = text.find("\n", start.index) if event.style in "|>" else start.index
                    found.append((begin, end.index))
    except (yaml.YAMLError, UnicodeError):
        # The loader is more lenient than this parser in places: beyond them every `#` is taken for a comment.
        return found
    return found


def _complaints(ignore: _Ignore, known: Collection[str], checked: Collection[str] | None) -> Iterator[Finding]:
    if not ignore.rules:
        yield _complaint(ignore, "this ignore names no rule", "Write `# idemlint: ignore[rule] reason`.")
        return
    unknown = {rule for rule in ignore.rules if not any(matches(rule, name) for name in known)}
    for rule in ignore.rules:
        if rule in unknown:
            yield _complaint(ignore, f'there is no rule "{rule}"', _suggestion(rule, known))
    if not ignore.reason:
        yield _complaint(
            ignore,
            "this ignore gives no reason and has no effect",
            "Say behind the bracket why the rule does not apply.",
        )
        return
    for rule in ignore.rules:
        asked = checked is None or any(matches(rule, name) for name in checked)
        if rule not in unknown and rule not in ignore.used and asked:
            yield _complaint(ignore, f'"{rule}" has nothing to say here', "Remove it from the ignore.")


def _suggestion(rule: str, known: Collection[str]) -> str:
    import difflib

    close = difflib.get_close_matches(rule, sorted(known), n=1)
    return f'Did you mean "{close[0]}"?' if close else "`idemlint rules` lists them."


def _complaint(ignore: _Ignore, message: str, help_: str) -> Finding:
    from idemlint.findings import Finding, Position, Range, Severity

    place = Range(Position(ignore.line, ignore.column), Position(ignore.line, ignore.end))
    return Finding(CODE, message, Severity.WARN, ignore.source, (), place, place, help=help_)
