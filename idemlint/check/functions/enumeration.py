"""`enumeration`: a scalar must be one of the given values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.javascript import is_finite, print_value, strict_equal

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext


def run(target: Any, options: Any, _context: RuleContext) -> tuple[Issue, ...]:
    if not (target is None or isinstance(target, str | bool) or is_finite(target)):
        return ()
    values = options["values"]
    if any(strict_equal(target, value) for value in values):
        return ()
    allowed = ", ".join(map(print_value, values))
    return (Issue(f'#{{{{print("value")}}}} must be equal to one of the allowed values: {allowed}'),)


FUNCTION = Function(
    "enumeration",
    run,
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {"values": {"type": "array", "items": {"type": ["string", "number", "null", "boolean"]}}},
        "required": ["values"],
    },
)
