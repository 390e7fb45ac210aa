"""`or`: at least one of the named properties must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext

OPTIONS: dict[str, Any] = {
    "type": "object",
    "properties": {"properties": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
    "additionalProperties": False,
    "required": ["properties"],
}


def none_of(properties: list[str]) -> str:
    """The message of a target that has none of them; more than four are cut to three and a number."""
    if len(properties) > 4:
        shown = '" or "'.join(properties[:3])
        return f'At least one of "{shown}" or {len(properties) - 3} other properties must be defined'
    shown = '" or "'.join(properties)
    return f'At least one of "{shown}" must be defined'


def run(target: Any, options: Any, _context: RuleContext) -> tuple[Issue, ...]:
    properties = options["properties"]
    if not isinstance(target, dict) or any(name in target for name in properties):
        return ()
    return (Issue(none_of(properties)),)


FUNCTION = Function("or", run, OPTIONS)
