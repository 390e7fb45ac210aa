"""`typedEnum`: the values of a schema's `enum` must be of the schema's `type`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.formats import matches
from idemlint.check.function import Function, Issue
from idemlint.check.javascript import print_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext


def run(target: Any, _options: Any, context: RuleContext) -> Iterator[Issue]:
    """Report each stray value at its place in `enum`. Not the business of a schema without `enum` or `type`."""
    if not isinstance(target, dict):
        return
    values, declared = target.get("enum"), target.get("type")
    if not isinstance(values, list):
        return
    if not (
        isinstance(declared, str) or (isinstance(declared, list) and all(isinstance(name, str) for name in declared))
    ):
        return
    types = [declared] if isinstance(declared, str) else list(declared)
    integers = "integer" in types
    if _nullable(target, context):
        types.append("null")
    for index, value in enumerate(values):
        if _type(value, integers) not in types:
            text = f'Enum value {print_value(value)} must be "{",".join(types)}".'
            yield Issue(text, (*context.path, "enum", index))


def _nullable(schema: dict[str, Any], context: RuleContext) -> bool:
    data = context.references.root.data
    return (schema.get("nullable") is True and matches("oas3_0", data)) or (
        schema.get("x-nullable") is True and matches("oas2", data)
    )


def _type(value: Any, integers: bool) -> str:
    """`integers`: whole numbers count as such, `1.0` too."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        return "integer" if integers and whole else "number"
    if value is None:
        return "null"
    return "array" if isinstance(value, list) else "object"


FUNCTION = Function("typedEnum", run, None)
