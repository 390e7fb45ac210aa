"""`truthy`: The target must count as true in JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.javascript import is_truthy

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext


def run(target: Any, _options: Any, _context: RuleContext) -> tuple[Issue, ...]:
    return (Issue('#{{print("property")}}must be truthy'),) if not is_truthy(target) else ()


FUNCTION = Function("truthy", run, None)
