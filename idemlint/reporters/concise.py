"""One line a finding, `path:line:col: severity rule message`: for editors, grep, and logs."""

from __future__ import annotations

from idemlint.reporters.escaping import terminal
from idemlint.reporters.places import relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from idemlint.reporters.options import ReportOptions
    from idemlint.results import CheckResult

_COLORS = ("31", "33", "34", "36")


def render(result: CheckResult, options: ReportOptions) -> str:
    """Lines and columns count from 1."""
    places: dict[str, str] = {}
    lines = []
    for finding in result.findings:
        place = places.get(finding.source)
        if place is None:
            place = places[finding.source] = terminal(relative(finding.source, options.base))
        start = finding.focus.start
        label = finding.severity.label
        if options.color:
            label = f"\x1b[{_COLORS[finding.severity]}m{label}\x1b[0m"
        lines.append(
            f"{place}:{start.line + 1}:{start.character + 1}: {label} {terminal(finding.code)} {terminal(finding.message)}\n"
        )
    return "".join(lines)
