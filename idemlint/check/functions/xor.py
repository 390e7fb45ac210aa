"""`xor`: exactly one of the named properties must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.functions.or_ import OPTIONS, none_of
from idemlint.openapi.member_order import own_keys

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext


def run(target: Any, options: Any, context: RuleContext) -> tuple[Issue, ...]:
    properties = options["properties"]
    if not isinstance(target, dict):
        return ()
    wanted = set(properties)
    found = [name for name in target if name in wanted]
    if not found:
        return (Issue(none_of(properties)),)
    if len(found) == 1:
        return ()
    shown = '" and "'.join(_in_resolved_order(found, target, context))
    return (Issue(f'Just one of "{shown}" must be defined'),)


def _in_resolved_order(found: list[str], target: Any, context: RuleContext) -> list[str]:
    """As they stand in the resolved document: a mapping with a reference below it has its integers first there."""
    if not context.resolved or own_keys(found) == found:
        return found
    document = context.references.origin(context.path).document
    return [name for name in context.references.materialize(document, target) if name in found]


FUNCTION = Function("xor", run, OPTIONS)
