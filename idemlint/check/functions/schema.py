"""`schema`: the target must be valid against a JSON Schema."""

from __future__ import annotations

from idemlint.check.function import UNDEFINED, Function, Issue
from idemlint.check.json_schema import BrokenSchemaError, MissingReferenceError, compile_schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.check.function import RuleContext


_MISSING = [Issue('#{{print("property")}}must exist')]


def run(target: Any, options: Any, context: RuleContext) -> list[Issue]:
    """A schema that cannot be used is an issue of each target, in ajv's words; never an exception."""
    if target is UNDEFINED:
        return _MISSING
    try:
        validator = compile_schema(
            options["schema"], options.get("dialect", "auto"), all_errors=options.get("allErrors") is True
        )
        errors = validator.validate(target)
    except MissingReferenceError as error:
        # Spectral blames the document's own broken references for these, and other rules tell those.
        return [] if context.resolved else [Issue(error.message)]
    except BrokenSchemaError as error:
        return [Issue(error.message)]
    if not errors:
        return []
    from idemlint.check.json_schema.report import tell

    return [Issue(told.message, context.path + told.path) for told in tell(errors, target, context.path)]


FUNCTION = Function(
    "schema",
    run,
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schema": {"type": "object"},
            "dialect": {"enum": ["auto", "draft4", "draft6", "draft7", "draft2019-09", "draft2020-12"]},
            "allErrors": {"type": "boolean"},
            "prepareResults": {},
        },
        "required": ["schema"],
    },
    deep=True,
)
