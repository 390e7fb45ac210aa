"""`length`: how many items, members or UTF-16 code units the target has, or its own value if it is a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.javascript import is_finite, print_value, utf16_length

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext


def run(target: Any, options: Any, _context: RuleContext) -> list[Issue]:
    size: float
    if isinstance(target, str):
        size = utf16_length(target)
    elif isinstance(target, dict | list):
        size = len(target)
    elif is_finite(target):
        size = target
    else:
        return []
    issues = []
    if "min" in options and size < options["min"]:
        issues.append(Issue(f'#{{{{print("property")}}}}must be longer than {print_value(options["min"])}'))
    if "max" in options and size > options["max"]:
        issues.append(Issue(f'#{{{{print("property")}}}}must be shorter than {print_value(options["max"])}'))
    return issues


FUNCTION = Function(
    "length",
    run,
    {
        "type": "object",
        "properties": {"min": {"type": "number"}, "max": {"type": "number"}},
        "minProperties": 1,
        "additionalProperties": False,
    },
)
