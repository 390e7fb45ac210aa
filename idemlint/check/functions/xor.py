"""`xor`: exactly one of the named properties must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.functions.or_ import OPTIONS, none_of

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext


def run(target: Any, options: Any, _context: RuleContext) -> tuple[Issue, ...]:
    properties = options["properties"]
    if not isinstance(target, dict):
        return ()
    wanted = set(properties)
    found = [name for name in target if name in wanted]
    if not found:
        return (Issue(none_of(properties)),)
    if len(found) == 1:
        return ()
    shown = '" and "'.join(found)
    return (Issue(f'Just one of "{shown}" must be defined'),)


FUNCTION = Function("xor", run, OPTIONS)
