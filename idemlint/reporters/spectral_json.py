"""`-f json`: the very shape, order and layout of Spectral's JSON, with one key more.

Written by hand: `json.dumps(indent=...)` leaves C for Python and takes ten times as long.
"""

from __future__ import annotations

from _json import encode_basestring as quote  # of the package `json`, the import alone takes a millisecond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.findings import Finding, Position
    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult


def render(result: CheckResult, options: ReportOptions) -> str:  # noqa: ARG001 - the signature of all reporters
    r"""An array as `JSON.stringify(results, null, "\\t")` writes it; lines and characters count from 0."""
    findings = result.findings
    if not findings:
        return "[]\n"
    sources = {source: quote(source) for source in {finding.source for finding in findings}}
    wide = {source: _utf16_columns(result.lines(source)) for document in result.documents for source in document.wide}
    entries = [_entry(finding, sources[finding.source], wide.get(finding.source)) for finding in findings]
    text = "[\n" + ",\n".join(entries) + "\n]\n"
    if text.isascii() and "\x7f" not in text:
        return text
    from idemlint.reporters.escaping import json_text  # what is seldom needed is not imported

    return json_text(text)


def _utf16_columns(lines: list[str]) -> Callable[[Position], Position]:
    """Spectral counts characters as JavaScript does, those beyond U+FFFF as two."""

    def convert(position: Position) -> Position:
        before = lines[position.line][: position.character] if position.line < len(lines) else ""
        return position._replace(character=position.character + sum(character > "\uffff" for character in before))

    return convert


def _entry(finding: Finding, source: str, convert: Callable[[Position], Position] | None) -> str:
    steps = ",\n\t\t\t".join([quote(step) if isinstance(step, str) else str(step) for step in finding.path])
    path = f"[\n\t\t\t{steps}\n\t\t]" if steps else "[]"
    place = finding.range if convert is None else map(convert, finding.range)
    (line, character), (end_line, end_character) = place
    operation = "" if finding.operation is None else f',\n\t\t"operation": {quote(finding.operation)}'
    return (
        f'\t{{\n\t\t"code": {quote(finding.code)},\n\t\t"path": {path},\n\t\t"message": {quote(finding.message)},\n'
        f'\t\t"severity": {int(finding.severity)},\n\t\t"range": {{\n'
        f'\t\t\t"start": {{\n\t\t\t\t"line": {line},\n\t\t\t\t"character": {character}\n\t\t\t}},\n'
        f'\t\t\t"end": {{\n\t\t\t\t"line": {end_line},\n\t\t\t\t"character": {end_character}\n\t\t\t}}\n\t\t}},\n'
        f'\t\t"source": {source}{operation}\n\t}}'
    )
