"""`idempotencyConflictSchema`: a declared conflict response has a JSON body that clients can tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idemlint.check.function import Function, Issue
from idemlint.check.scope import declared_conflicts, operation_in_scope, same_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.check.function import RuleContext
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node


def _run(target: Any, options: Any, context: RuleContext) -> Iterator[Issue]:  # noqa: ARG001 -- the functions' signature
    """Flags the response, where it really stands, when no JSON media type of it has a schema that says something."""
    operation = operation_in_scope(context)
    if operation is None:
        return
    responses = operation.responses()
    for status in declared_conflicts(operation, context.contract):
        response = operation.response(status)
        if response is None or responses is None or _has_schema(operation, response):
            continue
        entry = responses._replace(path=(*responses.path, status), value=responses.value[status])
        yield Issue(
            f"the {status} of {operation.label} has no JSON schema",
            node=response,
            label=f"a client cannot read from this {status} whether to wait, to retry or to stop",
            help=f"give the {status} `application/problem+json` content with a schema that names its error codes",
            related=((entry, f"used here by {operation.label}"),) if not same_place(entry, response) else (),
        )


def _has_schema(operation: Operation, response: Node) -> bool:
    if isinstance(response.value, dict) and isinstance(response.value.get("$ref"), str):
        return True  # cannot be followed: a finding of its own
    return any(
        _is_json(media_type) and schema is not None and isinstance(schema.value, dict) and bool(schema.value)
        for media_type, schema in operation.response_content(response)
    )


def _is_json(media_type: str) -> bool:
    """`application/json` with or without parameters, any other `.../json` or `...+json`, and `*/*` (RFC 6839, 3.1)."""
    essence = media_type.split(";", 1)[0].strip().lower()
    return essence == "*/*" or essence.endswith(("/json", "+json"))


FUNCTION = Function("idempotencyConflictSchema", _run, None)
