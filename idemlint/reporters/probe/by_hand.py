"""A check's commands for a shell, as many as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from idemlint.reporters.escaping import LONGEST

if TYPE_CHECKING:
    from idemlint.probe_report import CheckResult

NOTE: Final = "Or by hand"
RACING: Final = "Or by hand, as nearly at once as a shell can; the race may take some tries"
_LEFT_OUT: Final = "# commands that are too long to stand here are in the report as JSON"


def by_hand(check: CheckResult, most: int) -> list[str]:
    """The first `most` commands with their remarks, whole ones only; those that run at once are waited for."""
    lines: list[str] = []
    told, size = 0, 0
    for line in check.reproduce.split("\n") if check.reproduce else []:
        command = not line.startswith(("#", "sleep ", "wait"))
        size += len(line) + 1
        if command and (most == 0 or size > LONGEST - len(_LEFT_OUT)):
            break
        lines.append(line)
        most -= command
        told = told if line.startswith(("#", "sleep ")) else len(lines)
    else:
        size = 0
    lines = lines[:told]
    if lines and lines[-1].endswith(" &"):
        lines.append("wait")
    return [*lines, _LEFT_OUT] if size > LONGEST - len(_LEFT_OUT) else lines
