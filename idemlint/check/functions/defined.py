"""`defined`: The target must be there; null is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import UNDEFINED, Function, Issue

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext


def run(target: Any, _options: Any, _context: RuleContext) -> tuple[Issue, ...]:
    return (Issue('#{{print("property")}}must be defined'),) if target is UNDEFINED else ()


FUNCTION = Function("defined", run, None)
