"""`truthy`: The target must count as true in JavaScript."""

from __future__ import annotations

from idemlint.check.function import Function, Issue
from idemlint.check.javascript import is_truthy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.check.function import RuleContext


def run(target: Any, _options: Any, _context: RuleContext) -> tuple[Issue, ...]:
    return (Issue('#{{print("property")}}must be truthy'),) if not is_truthy(target) else ()


FUNCTION = Function("truthy", run, None)
