"""`alphabetical`: the items of a list, or the keys of a mapping, must stand in order; `keyedBy` sorts by a member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.collation import compare
from idemlint.check.function import UNDEFINED, Function, Issue
from idemlint.check.javascript import print_value, to_number

if TYPE_CHECKING:
    from idemlint.check.function import RuleContext


def run(target: Any, options: Any, context: RuleContext) -> tuple[Issue, ...]:
    """Report the first item that stands before a smaller one: there, or at the target when `keyedBy` is set."""
    if not isinstance(target, dict | list) or len(target) < 2:
        return ()
    items: list[Any] = list(target)
    member = (options or {}).get("keyedBy")
    if member is not None:
        items = _followed(items, context)
        if not all(isinstance(item, dict | list) for item in items):
            return (Issue('#{{print("property")}}must be an object'),)
        items = [item.get(member, UNDEFINED) if isinstance(item, dict) else UNDEFINED for item in items]
    if not all(isinstance(item, str | int | float) and not isinstance(item, bool) for item in items):
        return (Issue('#{{print("property")}}must be one of the allowed types: number, string'),)
    for index in range(len(items) - 1):
        if _is_after(items[index], items[index + 1]):
            if member is not None:
                return (Issue("properties must follow the alphabetical order"),)
            text = f"{print_value(items[index])} must be placed after {print_value(items[index + 1])}"
            return (Issue(text, (*context.path, index if isinstance(target, list) else items[index])),)
    return ()


def _followed(items: list[Any], context: RuleContext) -> list[Any]:
    """Items that are references stand for what they refer to, read from the document in which the list stands."""
    if not context.resolved or not any(isinstance(item, dict) and "$ref" in item for item in items):
        return items
    document = context.references.origin(context.path).document
    return [context.references.follow(document, item)[1] if isinstance(item, dict) else item for item in items]


def _is_after(left: Any, right: Any) -> bool:
    """Spectral's comparison: numbers by at least one, texts by collation, a number and a word not at all.

    A word before a numeric text is not compared either; a numeric text before a word is, as texts.
    """
    first = to_number(left) if isinstance(left, str) else left
    second = to_number(right) if isinstance(right, str) else right
    if not isinstance(left, str) and first is not None and second is not None:
        return bool(first - second >= 1)
    if not isinstance(left, str) or not isinstance(right, str):
        return False
    if first is None and second is not None:
        return False
    return compare(left, right) > 0


FUNCTION = Function(
    "alphabetical",
    run,
    {
        "type": ["object", "null"],
        "properties": {"keyedBy": {"type": "string"}},
        "additionalProperties": False,
    },
)
