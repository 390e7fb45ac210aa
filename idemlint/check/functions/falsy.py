"""`falsy`: The target must count as false in JavaScript: not there, null, false, 0 or the empty string."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.javascript import is_truthy

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext


def run(target: Any, _options: Any, _context: RuleContext) -> tuple[Issue, ...]:
    return (Issue('#{{print("property")}}must be falsy'),) if is_truthy(target) else ()


FUNCTION = Function("falsy", run, None)
